"""The one cost model of proposals, paper broker and backtest: fees, half spread, slippage, impact.

Refuses to flatter: both legs are takers unless said otherwise, prices move against us to the
tick, and an unknown spread is the configured one, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from engine.errors import ConfigError
from engine.model.bars import Bar, Quote
from engine.model.instruments import Instrument
from engine.model.money import ceil_to, exact, floor_to
from engine.model.orders import OrderType
from engine.model.proposals import CostLines

_PARKINSON = 2.0 * math.sqrt(math.log(2.0))


@dataclass(frozen=True, slots=True)
class FeeTier:
    """What a venue charges one account.

    Attributes
    ----------
    venue, name : str
        For example ``kraken`` and ``Kraken entry tier``.
    maker_frac, taker_frac : float, fraction of notional, in [0, 0.1]
    as_of : date
        When the numbers were read.

    Raises
    ------
    ValueError
        If a fee is out of its range: a rebate is not counted on.
    """

    venue: str
    name: str
    maker_frac: float
    taker_frac: float
    as_of: date

    def __post_init__(self) -> None:
        _check_frac("maker_frac", self.maker_frac)
        _check_frac("taker_frac", self.taker_frac)

    def words(self, *legs: OrderType) -> str:
        """The tier in words for the card.

        Examples
        --------
        >>> FeeTier("kraken", "Kraken entry tier", 0.0025, 0.004, date(2026, 11, 1)).words()
        'Kraken entry tier, taker 0.40 %, 2026-11-01'
        """
        fees = [f"taker {self.taker_frac:.2%}"]
        if OrderType.LIMIT in legs:
            fees.append(f"maker {self.maker_frac:.2%}")
        shown = ", ".join(fees).replace("%", " %")
        return f"{self.name}, {shown}, {self.as_of}"


@dataclass(frozen=True, slots=True)
class Flow:
    """How much trades in a day and how far it moves.

    Attributes
    ----------
    daily_volume : float, base units, > 0
    daily_volatility : float, per square-root day, >= 0
    """

    daily_volume: float
    daily_volatility: float


@dataclass(frozen=True, slots=True)
class CostModel:
    """What a trade costs, as one rule for everybody who asks.

    Attributes
    ----------
    tiers : mapping of venue to FeeTier
    half_spreads : mapping of symbol to float, fraction of price
        Schedule for instruments without a book or an estimate.
    default_half_spread_frac : float, fraction of price
        For symbols that the schedule leaves out.
    slippages : mapping of symbol to float, fraction of price, a taker leg
        Latency between decision and fill.
    slippage_frac : float, fraction of price, a taker leg
        For symbols that `slippages` leaves out.
    impact_coefficient : float, >= 0
        Y of the square-root law.
    """

    tiers: Mapping[str, FeeTier]
    half_spreads: Mapping[str, float] = field(default_factory=dict)
    default_half_spread_frac: float = 0.0010
    slippages: Mapping[str, float] = field(default_factory=dict)
    slippage_frac: float = 0.0005
    impact_coefficient: float = 1.0

    def __post_init__(self) -> None:
        for symbol, half_spread in self.half_spreads.items():
            _check_frac(f"half_spreads[{symbol!r}]", half_spread)
        _check_frac("default_half_spread_frac", self.default_half_spread_frac)
        for symbol, slippage in self.slippages.items():
            _check_frac(f"slippages[{symbol!r}]", slippage)
        _check_frac("slippage_frac", self.slippage_frac)
        if not 0.0 <= self.impact_coefficient < math.inf:
            raise ValueError(
                f"impact_coefficient must be in [0, inf), was {self.impact_coefficient!r}"
            )

    def tier(self, instrument: Instrument) -> FeeTier:
        """Fee tier at the instrument's venue.

        Raises
        ------
        ConfigError
            If no tier is known there: a trade of unknown cost is not proposed.
        """
        try:
            return self.tiers[instrument.venue]
        except KeyError:
            raise ConfigError(
                f"no fee tier for venue {instrument.venue!r} of {instrument.symbol}: "
                f"add one to the costs in config.toml (known: {', '.join(self.tiers) or 'none'})"
            ) from None

    def half_spread_frac(
        self, instrument: Instrument, quote: Quote | None = None, estimate_frac: float = 0.0
    ) -> float:
        """Half spread from the book, else from an estimate, else from the schedule.

        Parameters
        ----------
        quote : Quote or None
            Present book; one that is crossed or empty is not believed.
        estimate_frac : float, fraction of price
            For example of `corwin_schultz_half_spread`; not above 0 means there is none.
        """
        if quote is not None and 0.0 < quote.bid < quote.ask < math.inf:
            return (quote.ask - quote.bid) / (2.0 * quote.mid)
        if 0.0 < estimate_frac < math.inf:
            return estimate_frac
        return self.half_spreads.get(instrument.symbol, self.default_half_spread_frac)

    def impact_frac(self, quantity: float, flow: Flow | None) -> float:
        """Square-root impact of one leg, fraction of price; 0 where the flow is unknown.

        References
        ----------
        Almgren et al. 2005 and Bouchaud 2010: ``Y * sigma_d * sqrt(Q / V_d)``.

        Examples
        --------
        >>> round(CostModel({}).impact_frac(1.0, Flow(1e4, 0.03)), 12)
        0.0003
        """
        if flow is None or not (flow.daily_volume > 0.0 and flow.daily_volatility >= 0.0):
            return 0.0
        if not 0.0 <= quantity < math.inf:
            raise ValueError(f"quantity must be in [0, inf), was {quantity!r}")
        share = math.sqrt(quantity / flow.daily_volume)
        return self.impact_coefficient * flow.daily_volatility * share

    def round_trip(
        self,
        instrument: Instrument,
        half_spread_frac: float,
        entry: OrderType = OrderType.MARKET,
        exit: OrderType = OrderType.MARKET,  # noqa: A002  the word of the trade
        impact_frac: float = 0.0,
    ) -> CostLines:
        """Costs of buying and selling again, as fractions of entry.

        Parameters
        ----------
        half_spread_frac : float, fraction of price, a taker leg
        entry, exit : OrderType
            ``LIMIT`` legs pay the maker fee and neither spread nor slippage.
        impact_frac : float, fraction of price, a taker leg
        """
        _check_frac("half_spread_frac", half_spread_frac)
        _check_frac("impact_frac", impact_frac)
        tier = self.tier(instrument)
        takers = sum(leg is not OrderType.LIMIT for leg in (entry, exit))
        return CostLines(
            fee_frac=takers * tier.taker_frac + (2 - takers) * tier.maker_frac,
            spread_frac=takers * half_spread_frac,
            slippage_frac=takers * (self._slippage(instrument) + impact_frac),
            fee_tier=tier.words(entry, exit),
        )

    def buy_price(
        self,
        instrument: Instrument,
        reference: Decimal,
        half_spread_frac: float = 0.0,
        impact_frac: float = 0.0,
    ) -> Decimal:
        """Price at which a taker buys: above `reference`, on the tick."""
        worse = 1 + self._adverse(instrument, half_spread_frac, impact_frac)
        return ceil_to(reference * worse, instrument.tick)

    def sell_price(
        self,
        instrument: Instrument,
        reference: Decimal,
        half_spread_frac: float = 0.0,
        impact_frac: float = 0.0,
    ) -> Decimal:
        """Price at which a taker sells: below `reference`, on the tick, and at least one tick."""
        worse = 1 - self._adverse(instrument, half_spread_frac, impact_frac)
        return max(instrument.tick, floor_to(reference * worse, instrument.tick))

    def fee_usd(self, instrument: Instrument, notional_usd: Decimal) -> Decimal:
        """Taker fee of one leg, US dollars, exact."""
        return notional_usd * exact(self.tier(instrument).taker_frac)

    def _slippage(self, instrument: Instrument) -> float:
        return self.slippages.get(instrument.symbol, self.slippage_frac)

    def _adverse(
        self, instrument: Instrument, half_spread_frac: float, impact_frac: float
    ) -> Decimal:
        _check_frac("half_spread_frac", half_spread_frac)
        # No upper end: who buys more than a thin market holds pays for it.
        if not 0.0 <= impact_frac < math.inf:
            raise ValueError(f"impact_frac must be in [0, inf), was {impact_frac!r}")
        return exact(half_spread_frac) + exact(self._slippage(instrument)) + exact(impact_frac)


def flow_of(bar: Bar) -> Flow | None:
    """A day's flow as one bar suggests it, or None where its volume is unknown.

    References
    ----------
    Parkinson 1980: volatility is ``ln(high / low) / (2 sqrt(ln 2))``.
    """
    if not (bar.volume > 0.0 and 0.0 < bar.low <= bar.high):
        return None
    bars_a_day = 1.0 / bar.timeframe.days
    volatility = math.log(bar.high / bar.low) / _PARKINSON
    return Flow(bar.volume * bars_a_day, volatility * math.sqrt(bars_a_day))


def corwin_schultz_half_spread(high: Sequence[float], low: Sequence[float]) -> float:
    """Half spread that highs and lows give away, averaged over adjacent bars.

    Parameters
    ----------
    high, low : sequence of float of length n >= 2, quote currency, > 0

    Returns
    -------
    float
        Fraction of price; 0 where the estimate is negative or there are too few bars.

    References
    ----------
    Corwin and Schultz 2012, eqs. 14 and 18; negative pairs count as 0.

    Examples
    --------
    >>> corwin_schultz_half_spread([101.0, 103.0], [100.0, 102.0])
    0.0
    """
    if len(high) != len(low):
        raise ValueError(f"low must be as long as high ({len(high)}), was {len(low)} long")
    if not all(0.0 < bottom <= top < math.inf for top, bottom in zip(high, low, strict=True)):
        raise ValueError("high and low must be finite with 0 < low <= high")
    pairs = [
        max(0.0, _pair_spread(high[i], low[i], high[i + 1], low[i + 1]))
        for i in range(len(high) - 1)
    ]
    return sum(pairs) / len(pairs) / 2.0 if pairs else 0.0


def _pair_spread(high: float, low: float, next_high: float, next_low: float) -> float:
    beta = math.log(high / low) ** 2 + math.log(next_high / next_low) ** 2
    gamma = math.log(max(high, next_high) / min(low, next_low)) ** 2
    scale = 3.0 - 2.0 * math.sqrt(2.0)
    alpha = (math.sqrt(2.0 * beta) - math.sqrt(beta)) / scale - math.sqrt(gamma / scale)
    return 2.0 * math.tanh(alpha / 2.0)


def _check_frac(name: str, value: float) -> None:
    if not 0.0 <= value <= 0.1:  # beyond a tenth the unit is wrong
        raise ValueError(f"{name} must be in [0, 0.1], was {value!r}")
