"""The desk's own size chain: the arithmetic chain, then what limits, cash and the lot leave.

Refuses to decide whether to trade: the gate on expected value comes before, the verdict of
``engine.risk`` after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal

from engine.model.money import exact, floor_to
from engine.model.proposals import SizeStep
from engine.sizing.arguments import require
from engine.sizing.factors import RAMP_FROM_FRAC, RAMP_TO_FRAC, drawdown_factor, volatility_factor
from engine.sizing.kelly import baker_mchale, kelly_two_outcome
from engine.sizing.ladder import Ladder

_DOWN = Context(prec=28, rounding=ROUND_FLOOR)
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Bet:
    """One setup as far as its size is concerned.

    Attributes
    ----------
    price : Decimal, quote currency, > 0
        Entry reference.
    lot : Decimal, base units, > 0
    min_notional_usd : Decimal, US dollars, >= 0
    p_low, p_mean : float, probability in [0, 1]
    p_sd : float, probability, >= 0
        Standard error of `p_mean`, for the Baker-McHale cross-check.
    target_frac, stop_frac : float, fraction of entry, > 0
    cost_frac : float, fraction of entry, >= 0
        Round trip.
    volatility : float, per square-root year, > 0
        Forecast of layer 5.
    """

    price: Decimal
    lot: Decimal
    min_notional_usd: Decimal
    p_low: float
    p_mean: float
    p_sd: float
    target_frac: float
    stop_frac: float
    cost_frac: float
    volatility: float

    @property
    def loss_frac(self) -> float:
        """Net loss at the stop, fraction of entry."""
        return self.stop_frac + self.cost_frac


@dataclass(frozen=True, slots=True)
class Room:
    """What the limits leave for one more entry; ``engine.risk.room_left`` measures it.

    Attributes
    ----------
    instrument_frac, total_frac, pair_frac : float, notional over equity, >= 0
        `pair_frac` is gold and silver counted as one; ``inf`` where the pair does not apply.
    heat_frac, risk_frac : float, loss at the stop over equity, >= 0
        `heat_frac` is for all positions together, `risk_frac` for this one.
    settled_cash_usd : Decimal, US dollars, >= 0
        Own and settled, less what working buys have reserved.
    portfolio_frac : float, notional over equity, >= 0
        What the portfolio grants this setup (`portfolio_shares`); ``inf`` where none was asked.
    """

    instrument_frac: float
    total_frac: float
    pair_frac: float
    heat_frac: float
    risk_frac: float
    settled_cash_usd: Decimal
    portfolio_frac: float = math.inf


@dataclass(frozen=True, slots=True)
class SizingPolicy:
    """What the owner has configured about size.

    Attributes
    ----------
    kelly_share : float in (0, 1]
    vol_target : float, per square-root year, > 0
    ramp_from_frac, ramp_to_frac : float, fraction of the high-water mark
        Drawdowns at which size begins to shrink, and at which none is left.
    pilot_factor : float in (0, 1]
        A tenth while live is a pilot.
    exploratory_risk_frac : float, loss at the stop over equity, in (0, 0.01]
        What one exploratory position may lose.
    """

    kelly_share: float = 0.25
    vol_target: float = 0.10
    ramp_from_frac: float = RAMP_FROM_FRAC
    ramp_to_frac: float = RAMP_TO_FRAC
    pilot_factor: float = 1.0
    exploratory_risk_frac: float = 0.0025

    def __post_init__(self) -> None:
        require("kelly_share", self.kelly_share, 0.0, 1.0, open_low=True)
        require("vol_target", self.vol_target, 0.0, open_low=True)
        drawdown_factor(0.0, self.ramp_from_frac, self.ramp_to_frac)
        require("pilot_factor", self.pilot_factor, 0.0, 1.0, open_low=True)
        require("exploratory_risk_frac", self.exploratory_risk_frac, 0.0, 0.01, open_low=True)


@dataclass(frozen=True, slots=True)
class Sizing:
    """A size and how it came about.

    Attributes
    ----------
    fraction : float, notional over equity, >= 0
        Of `quantity` at the entry reference.
    quantity : Decimal, base units, >= 0
        A whole number of lots; 0 means no trade, and `set_by` says why.
    notional_usd, risk_usd : Decimal, US dollars
        Value at entry, and loss at the stop with costs.
    steps : tuple of SizeStep
    set_by : str
        The step that bound the size, in words fit for the card.
    """

    fraction: float
    quantity: Decimal
    notional_usd: Decimal
    risk_usd: Decimal
    steps: tuple[SizeStep, ...]
    set_by: str


def size_entry(
    bet: Bet,
    room: Room,
    *,
    equity_usd: Decimal,
    drawdown_frac: float,
    policy: SizingPolicy | None = None,
) -> Sizing:
    """Size of a proposal, step by step in the fixed order of MATH.md section 3.

    The Baker-McHale cross-check stands before the lot because a minimum commutes with the caps
    and a floored size must stay a whole number of lots. The pilot's factor comes after every cap:
    Kelly on a barrier bet is often above 1, and a tenth of that could still fill a whole cap.

    Parameters
    ----------
    equity_usd : Decimal, US dollars, > 0
        Cash and open positions, marked to market.
    drawdown_frac : float, fraction of the high-water mark, in [0, 1]
    policy : SizingPolicy, optional
        The defaults of MATH.md where it is left out.

    Raises
    ------
    ValueError
        If a number is NaN or out of its range.

    Examples
    --------
    >>> bet = Bet(Decimal(2400), Decimal("0.01"), Decimal(10), 0.52, 0.55, 0.03,
    ...           0.012, 0.008, 0.0006, 0.15)
    >>> room = Room(0.30, 0.60, 0.40, 0.03, 0.01, Decimal(10_000))
    >>> size = size_entry(bet, room, equity_usd=Decimal(10_000), drawdown_frac=0.0)
    >>> size.quantity, size.set_by
    (Decimal('1.25'), 'instrument cap')
    """
    policy = policy or SizingPolicy()
    _check(bet, room, equity_usd)
    require("drawdown_frac", drawdown_frac, 0.0, 1.0)
    kelly = kelly_two_outcome(bet.p_low, bet.target_frac, bet.stop_frac, bet.cost_frac)
    ladder = Ladder("lower-bound Kelly", kelly)
    ladder.scale("Kelly share", policy.kelly_share)
    ladder.scale("volatility target", volatility_factor(policy.vol_target, bet.volatility))
    ramp = drawdown_factor(drawdown_frac, policy.ramp_from_frac, policy.ramp_to_frac)
    ladder.scale("drawdown ramp", ramp)
    _cap_by_room(ladder, bet, room)
    ladder.cap("settled cash", _affordable_frac(bet, room, equity_usd))
    ladder.cap("estimation error", _shrunk_frac(bet, policy.kelly_share))
    ladder.scale("live pilot", policy.pilot_factor)
    return _whole_lots(ladder, bet, room, equity_usd)


def alone_frac(bet: Bet, room: Room, policy: SizingPolicy) -> float:
    """What a setup would take if nothing stood beside it, as a fraction of equity.

    Kelly's share, the volatility target and the caps of its own. Not the drawdown ramp: the weight
    of a setup among others must not rise because a drawdown cuts them more.

    Raises
    ------
    ValueError
        If a number is NaN or out of its range.
    """
    kelly = kelly_two_outcome(bet.p_low, bet.target_frac, bet.stop_frac, bet.cost_frac)
    wanted = max(0.0, kelly) * policy.kelly_share
    wanted *= volatility_factor(policy.vol_target, bet.volatility)
    return min(wanted, room.instrument_frac, room.risk_frac / bet.loss_frac)


def size_exploratory(
    bet: Bet,
    room: Room,
    *,
    equity_usd: Decimal,
    week_budget_left_frac: float,
    policy: SizingPolicy | None = None,
) -> Sizing:
    """Size of an exploratory position: a fixed small risk, within budget, caps and cash.

    It takes no notice of odds, which are still being learnt.

    Parameters
    ----------
    week_budget_left_frac : float, loss at the stop over equity, >= 0
        What exploratory positions may still put at risk this week.

    Raises
    ------
    ValueError
        If a number is NaN or out of its range.
    """
    policy = policy or SizingPolicy()
    _check(bet, room, equity_usd)
    require("week_budget_left_frac", week_budget_left_frac, 0.0)
    ladder = Ladder("exploratory risk", policy.exploratory_risk_frac / bet.loss_frac)
    ladder.cap("weekly budget", week_budget_left_frac / bet.loss_frac)
    _cap_by_room(ladder, bet, room)
    ladder.cap("settled cash", _affordable_frac(bet, room, equity_usd))
    return _whole_lots(ladder, bet, room, equity_usd)


def _check(bet: Bet, room: Room, equity_usd: Decimal) -> None:
    require("equity_usd", float(equity_usd), 0.0, open_low=True)
    require("price", float(bet.price), 0.0, open_low=True)
    require("lot", float(bet.lot), 0.0, open_low=True)
    require("min_notional_usd", float(bet.min_notional_usd), 0.0)
    require("p_low", bet.p_low, 0.0, 1.0)
    require("p_mean", bet.p_mean, 0.0, 1.0)
    require("p_sd", bet.p_sd, 0.0)
    require("target_frac", bet.target_frac, 0.0, open_low=True)
    require("stop_frac", bet.stop_frac, 0.0, 1.0, open_low=True)
    require("cost_frac", bet.cost_frac, 0.0)
    require("volatility", bet.volatility, 0.0, open_low=True)
    require("settled_cash_usd", float(room.settled_cash_usd), 0.0)
    for name in ("instrument_frac", "total_frac", "heat_frac", "risk_frac"):
        require(name, getattr(room, name), 0.0)
    for name in ("pair_frac", "portfolio_frac"):
        if not getattr(room, name) >= 0.0:
            raise ValueError(f"{name} must be in [0, inf], was {getattr(room, name)!r}")


def _cap_by_room(ladder: Ladder, bet: Bet, room: Room) -> None:
    ladder.cap("instrument cap", room.instrument_frac)
    ladder.cap("risk at the stop", room.risk_frac / bet.loss_frac)
    ladder.cap("total exposure", room.total_frac)
    ladder.cap("gold and silver together", room.pair_frac)
    ladder.cap("heat", room.heat_frac / bet.loss_frac)
    ladder.cap("portfolio share", room.portfolio_frac)


def _affordable_frac(bet: Bet, room: Room, equity_usd: Decimal) -> float:
    """Cash over equity, leaving the whole round trip's costs: more than entry alone can take."""
    return float(room.settled_cash_usd / equity_usd) / (1.0 + bet.cost_frac)


def _shrunk_frac(bet: Bet, kelly_share: float) -> float:
    """Kelly on the mean, shrunk for its error: the other way to discount, never both."""
    net_gain = bet.target_frac - bet.cost_frac
    if net_gain <= 0.0:
        return 0.0
    kelly = kelly_two_outcome(bet.p_mean, bet.target_frac, bet.stop_frac, bet.cost_frac)
    return baker_mchale(bet.p_mean, net_gain / bet.loss_frac, bet.p_sd) * kelly * kelly_share


def _whole_lots(ladder: Ladder, bet: Bet, room: Room, equity_usd: Decimal) -> Sizing:
    wanted = _DOWN.divide(_DOWN.multiply(exact(ladder.fraction), equity_usd), bet.price)
    outlay = bet.price * (1 + exact(bet.cost_frac))
    affordable = _DOWN.divide(room.settled_cash_usd, outlay)
    quantity = floor_to(min(wanted, affordable), bet.lot)
    ladder.floor("whole lots", float(quantity * bet.price / equity_usd))
    # What is bought must also be large enough to be sold at the stop.
    if quantity * bet.price * (1 - exact(bet.stop_frac)) < bet.min_notional_usd:
        quantity = _NOTHING
    ladder.cap("minimum notional", ladder.fraction if quantity else 0.0)
    notional = quantity * bet.price
    risk = notional * exact(bet.loss_frac)
    return Sizing(ladder.fraction, quantity, notional, risk, ladder.steps, ladder.set_by)
