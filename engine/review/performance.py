"""How the record has done over a stretch of time: money, results in R, risk, execution, choices.

Refuses to flatter: means come with what chance does to them, and proposals, exploratory trades
and trades by hand are never added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from engine.journal.tenure import DayMark
from engine.model.instants import to_micros
from engine.model.positions import Origin, Trade
from engine.model.proposals import ProposalStatus
from engine.review.record import Card, Record
from engine.review.statistics import TradeStatistics, automatic_block_length, trade_statistics
from engine.review.statistics.resampling import Interval, stationary_rows

_DRAWS = 2000
_SEED = 5
_LEAST_FOR_INTERVAL = 8
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number is spread out over the record."""

    count: int
    mean: float
    median: float
    ninth_decile: float
    most: float


@dataclass(frozen=True, slots=True)
class OfOrigin:
    """Closed trades of one kind of card.

    Attributes
    ----------
    statistics : TradeStatistics or None
        None without a trade.
    expectancy_r : Interval or None
        Mean result in R units with its 95 % stationary-bootstrap interval; None below 8 trades.
    pnl_usd : Decimal, US dollars, after fees
    """

    origin: Origin
    statistics: TradeStatistics | None
    expectancy_r: Interval | None
    pnl_usd: Decimal


@dataclass(frozen=True, slots=True)
class Choice:
    """Cards of one kind that were decided in one way, and how their setups ended regardless.

    Attributes
    ----------
    cards, ended : int
        How many there were, and of how many the end is known.
    mean_r : float or None, R units
        Mean result that the setups had after modelled costs, taken or not.
    hit_rate : float in [0, 1] or None
    """

    origin: Origin
    status: ProposalStatus
    cards: int
    ended: int
    mean_r: float | None
    hit_rate: float | None


@dataclass(frozen=True, slots=True)
class Held:
    """What was held of one instrument, against having held it all along.

    Attributes
    ----------
    exposure_frac : float, fraction of equity
        Mean over the marks.
    asset_frac : float or None
        What the price did, as a simple return; None where it is not recorded.
    """

    instrument: str
    exposure_frac: float
    asset_frac: float | None


@dataclass(frozen=True, slots=True)
class Performance:
    """How the record has done.

    Attributes
    ----------
    since, until : datetime, aware UTC
        The stretch; trades count by their closing.
    begin_usd, end_usd : Decimal, US dollars
        Equity marked to market.
    drawdown_frac : float, fraction of the high-water mark
        Worst of the stretch at the ends of its days.
    under_water_frac : float in [0, 1]
        Share of days that ended below an earlier high.
    longest_under_water_days : int, days
    mean_exposure_frac : float, fraction of equity
    passive_frac : float or None
        What holding each asset all along, as much of it as was held on average, would have
        brought before costs; None where a price is not recorded.
    turnover_usd, fees_usd : Decimal, US dollars
        Bought and sold, and what was charged for it.
    slippage, modelled_slippage : Spread or None, fraction of entry
        Of all trades: realised, and as the cards promised.
    approval_seconds : Spread or None, seconds
        From a card to the yes or no, of cards that waited for the owner.
    mae_r, mfe_r : Spread or None, R units
        Worst and best excursions of all trades; `mae_r` as losses, above 0.
    """

    since: datetime
    until: datetime
    begin_usd: Decimal
    end_usd: Decimal
    days: tuple[tuple[datetime, Decimal], ...]
    drawdown_frac: float
    under_water_frac: float
    longest_under_water_days: int
    mean_exposure_frac: float
    held: tuple[Held, ...]
    passive_frac: float | None
    turnover_usd: Decimal
    fees_usd: Decimal
    origins: tuple[OfOrigin, ...]
    choices: tuple[Choice, ...]
    slippage: Spread | None
    modelled_slippage: Spread | None
    approval_seconds: Spread | None
    mae_r: Spread | None
    mfe_r: Spread | None

    @property
    def return_frac(self) -> float:
        """Simple return of equity."""
        return float(self.end_usd / self.begin_usd - 1) if self.begin_usd > 0 else 0.0

    @property
    def cost_share_frac(self) -> float | None:
        """Fees as a share of what was bought and sold; None where nothing was."""
        return float(self.fees_usd / self.turnover_usd) if self.turnover_usd > 0 else None


def performance_of(record: Record, period: timedelta | None = None) -> Performance:
    """How the record has done over its newest `period`, or since the registration.

    Never over the day on which the desk went live, or came back: that brought other money.
    """
    since = record.money_since
    if period is not None:
        since = max(since, record.now - period)
    before = [day for day in record.days if record.money_since < day.at <= since]
    days = [day for day in record.days if day.at > since]
    ours = [each for each in (*record.trades, *record.others) if each.trade.closed_at > since]
    closed = [each.trade for each in ours]
    begin = before[-1].equity_usd if before else record.begun_usd
    curve = [(since, begin), *((day.at, day.equity_usd) for day in days)]
    equity = np.array([float(usd) for _, usd in curve])
    held = _held(record, days, since)
    return Performance(
        since=since,
        until=record.now,
        begin_usd=begin,
        end_usd=curve[-1][1],
        days=tuple(curve),
        drawdown_frac=_drawdown(equity),
        under_water_frac=_under_water(equity)[0],
        longest_under_water_days=_under_water(equity)[1],
        mean_exposure_frac=sum(each.exposure_frac for each in held),
        held=held,
        passive_frac=_passive(held),
        turnover_usd=sum((_turned_over(trade) for trade in closed), _ZERO),
        fees_usd=sum((trade.fees_usd for trade in closed), _ZERO),
        origins=tuple(_of_origin(origin, closed) for origin in Origin),
        choices=_choices(record.cards),
        slippage=spread_of([each.execution.realised_frac for each in ours]),
        modelled_slippage=spread_of([each.execution.modelled_frac for each in ours]),
        approval_seconds=spread_of(
            [c.waited_for.total_seconds() for c in record.cards if c.waited_for is not None]
        ),
        mae_r=spread_of([-each.mae_r for each in ours]),
        mfe_r=spread_of([each.mfe_r for each in ours]),
    )


def spread_of(values: Sequence[float]) -> Spread | None:
    """How `values` are spread out; None without any.

    Examples
    --------
    >>> spread_of([1.0, 2.0, 6.0])
    Spread(count=3, mean=3.0, median=2.0, ninth_decile=5.2, most=6.0)
    """
    if not values:
        return None
    data = np.array(values, dtype=np.float64)
    return Spread(
        count=int(data.size),
        mean=float(data.mean()),
        median=float(np.median(data)),
        ninth_decile=float(np.quantile(data, 0.9)),
        most=float(data.max()),
    )


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Mean with its 95 % stationary-bootstrap interval; None below 8 values."""
    if len(values) < _LEAST_FOR_INTERVAL:
        return None
    data = np.array(values, dtype=np.float64)
    block = automatic_block_length(data)
    return stationary_rows(data.size, block, _DRAWS, _SEED).mean(data)


def _of_origin(origin: Origin, trades: Iterable[Trade]) -> OfOrigin:
    ours = sorted((t for t in trades if t.origin is origin), key=lambda t: t.closed_at)
    results = [trade.r_multiple for trade in ours]
    return OfOrigin(
        origin=origin,
        statistics=trade_statistics(results) if results else None,
        expectancy_r=mean_interval(results),
        pnl_usd=sum((trade.pnl_usd for trade in ours), _ZERO),
    )


def _choices(cards: Sequence[Card]) -> tuple[Choice, ...]:
    kinds = sorted({(card.origin, card.status) for card in cards})
    return tuple(_choice(origin, status, cards) for origin, status in kinds)


def _choice(origin: Origin, status: ProposalStatus, cards: Sequence[Card]) -> Choice:
    ours = [card for card in cards if (card.origin, card.status) == (origin, status)]
    ended = [(c.label, c.risk_frac) for c in ours if c.label is not None and c.risk_frac > 0.0]
    return Choice(
        origin=origin,
        status=status,
        cards=len(ours),
        ended=len(ended),
        mean_r=float(np.mean([label.net_frac / risk for label, risk in ended])) if ended else None,
        hit_rate=float(np.mean([label.hit for label, _ in ended])) if ended else None,
    )


def _held(record: Record, days: Sequence[DayMark], since: datetime) -> tuple[Held, ...]:
    marks = sum(day.marks for day in days)
    names = sorted({name for day in days for name in day.held_fracs})
    return tuple(
        Held(
            instrument=name,
            exposure_frac=sum(day.held_fracs.get(name, 0.0) for day in days) / marks,
            asset_frac=_asset_return(record, name, since),
        )
        for name in names
    )


def _passive(held: Sequence[Held]) -> float | None:
    known = [h.exposure_frac * h.asset_frac for h in held if h.asset_frac is not None]
    return sum(known) if len(known) == len(held) else None


def _asset_return(record: Record, instrument: str, since: datetime) -> float | None:
    history = record.prices.get(instrument)
    if history is None:
        return None
    first = int(np.searchsorted(history.close_at, to_micros(since), side="right"))
    if first >= history.close_at.size:
        return None
    return float(history.closes[-1] / history.opens[first] - 1.0)


def _turned_over(trade: Trade) -> Decimal:
    return trade.quantity * (trade.entry_price + trade.exit_price)


def _drawdown(equity: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    peaks = np.maximum.accumulate(equity)
    return float(np.max(1.0 - equity / peaks)) if peaks[0] > 0.0 else 0.0


def _under_water(equity: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, int]:
    below = equity < np.maximum.accumulate(equity)
    longest = run = 0
    for wet in below[1:]:
        run = run + 1 if wet else 0
        longest = max(longest, run)
    return float(below[1:].mean()) if below.size > 1 else 0.0, longest
