"""Candle checks: order, duplicates, gaps, NaN, price consistency, staleness, lone spikes.

Refuses to mend anything: a bad bar is named and left out, a gap is reported and never filled.
The rule for one row exists once; files and live streams are held to the same one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.errors import StaleData
from engine.market.columns import BarColumns, from_micros, to_micros
from engine.market.findings import DataReport, Finding, FindingKind
from engine.market.sessions import missing_between, open_time_between, opens_session
from engine.model.bars import Bar, Timeframe
from engine.model.instruments import Calendar

STALE_AFTER_BARS = 2
"""Lengths of trading time without a bar after which the newest one is stale."""

SPIKE_SIGMAS = 8.0
"""A return this many robust standard deviations from zero is suspicious."""

_SCALE_WINDOW = 200
_SCALE_WARMUP = 30
_WINSOR = 4.0
_MEAN_ABS_TO_SIGMA = math.sqrt(math.pi / 2.0)
_LEAST_SIGMA = 1e-4  # a market that stood still for a day must not make every tick a spike


def check_bars(columns: BarColumns, calendar: Calendar, now: datetime | None = None) -> DataReport:
    """Everything that is wrong with a run of bars.

    Parameters
    ----------
    columns : BarColumns
        As read, in file order.
    calendar : Calendar
        Its pauses are no gaps.
    now : datetime, aware, optional
        Present instant; without it nothing can be stale or from the future.

    Returns
    -------
    DataReport
    """
    found = [*_disorder(columns), *_faulty_rows(columns)]
    # Gaps and spikes of a file in disorder would only repeat the disorder.
    if not any(finding.kind is FindingKind.UNSORTED for finding in found):
        found += [*_gaps(columns, calendar), *_spikes(columns)]
    if now is not None:
        found += _ages(columns, calendar, now)
    return DataReport.of(columns.instrument, columns.timeframe, len(columns), found)


def sound_rows(columns: BarColumns) -> NDArray[np.bool_]:
    """Which rows may reach the pipeline, judged each by itself.

    Returns
    -------
    ndarray of shape (n_bars,), bool
    """
    prices = np.stack([columns.open, columns.high, columns.low, columns.close])
    finite = np.isfinite(prices).all(axis=0) & ~np.isinf(columns.volume)
    with np.errstate(invalid="ignore"):
        ordered = (columns.high >= np.maximum(columns.open, columns.close)) & (
            columns.low <= np.minimum(columns.open, columns.close)
        )
        return finite & ordered & (prices > 0).all(axis=0) & ~(columns.volume < 0)


def row_fault(bar: Bar) -> Finding | None:
    """What makes `bar` unusable by itself, or None.

    Examples
    --------
    >>> from datetime import UTC, timedelta
    >>> at = datetime(2025, 1, 1, tzinfo=UTC)
    >>> bar = Bar("X", Timeframe.H1, at, at + timedelta(hours=1), 2.0, 1.0, 0.5, 1.5, 0.0)
    >>> row_fault(bar).line
    'X 2025-01-01 00:00Z inconsistent: high 1 is below open 2'
    """
    return next((_found(kind, bar, detail) for kind, detail in _row_faults(bar)), None)


def admit(
    bar: Bar,
    previous: Bar | None,
    calendar: Calendar = Calendar.CONTINUOUS,
    now: datetime | None = None,
) -> Finding | None:
    """Judge the next bar of a stream.

    Parameters
    ----------
    bar : Bar
    previous : Bar or None
        Last bar admitted for this instrument; None at the start of a stream.
    calendar : Calendar
    now : datetime, aware, optional
        A bar that closes after it is from the future.

    Returns
    -------
    Finding or None
        The gravest finding. If it `rejects`, the bar must go no further; a gap or a short session
        leaves the bar usable and says what is missing before it.
    """
    fault = _misplaced(bar, now) or row_fault(bar)
    if fault is not None or previous is None:
        return fault
    if bar.open_at == previous.open_at:
        return _found(FindingKind.DUPLICATE, bar, "this bar has been seen already")
    if bar.open_at < previous.open_at:
        return _found(FindingKind.UNSORTED, bar, f"comes after {_stamp(previous.open_at)}")
    if bar.open_at < previous.close_at:
        return _found(FindingKind.OVERLAP, bar, f"{_stamp(previous.open_at)} has not closed yet")
    return gap_between(bar.instrument, bar.timeframe, calendar, previous.open_at, bar.open_at)


def require_fresh(bar: Bar, now: datetime, calendar: Calendar) -> None:
    """Raise unless `bar` is recent enough to act on.

    Parameters
    ----------
    bar : Bar
        Newest bar known.
    now : datetime, aware
    calendar : Calendar
        Only trading time ages a bar.

    Raises
    ------
    StaleData
        If the market has traded for more than two bar lengths since `bar` closed.
    """
    if finding := _stale(bar.instrument, bar.timeframe, calendar, bar.close_at, now):
        raise StaleData(f"{finding.line}; wait for the next bar, or look at /status")


class ReturnScale(NamedTuple):
    """Running robust scale of returns: a winsorised mean of absolute log-returns.

    The mean forgets over about 200 returns, and each return counts at most four times it, so
    that a spike cannot hide the next one.

    Attributes
    ----------
    seen : int, >= 0
    mean_abs : float, log-return, >= 0
    """

    seen: int = 0
    mean_abs: float = 0.0

    def step(self, log_return: float) -> ReturnScale:
        """The scale after one more return."""
        seen, mean_abs = self
        size = abs(log_return)
        if seen >= _SCALE_WARMUP:
            size = min(size, _WINSOR * max(mean_abs, _LEAST_SIGMA))
        gain = 1.0 / min(seen + 1, _SCALE_WINDOW)
        return ReturnScale(seen + 1, mean_abs + gain * (size - mean_abs))

    def sigmas(self, log_return: float) -> float:
        """How many standard deviations `log_return` is from zero; 0 until 30 were seen."""
        if self.seen < _SCALE_WARMUP:
            return 0.0
        return abs(log_return) / max(self.mean_abs * _MEAN_ABS_TO_SIGMA, _LEAST_SIGMA)


def _row_faults(bar: Bar) -> Iterator[tuple[FindingKind, str]]:
    """Each rule that `bar` breaks, gravest first."""
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    for name, price in prices.items():
        if not math.isfinite(price):
            yield FindingKind.NOT_FINITE, f"{name} is {price}"
        elif price <= 0:
            yield FindingKind.NON_POSITIVE, f"{name} is {price:g}"
    if math.isinf(bar.volume):
        yield FindingKind.NOT_FINITE, f"volume is {bar.volume}"
    elif bar.volume < 0:
        yield FindingKind.NEGATIVE_VOLUME, f"volume is {bar.volume:g}"
    for name in ("open", "close"):
        if bar.high < prices[name]:
            detail = f"high {bar.high:.10g} is below {name} {prices[name]:.10g}"
            yield FindingKind.INCONSISTENT, detail
        if bar.low > prices[name]:
            detail = f"low {bar.low:.10g} is above {name} {prices[name]:.10g}"
            yield FindingKind.INCONSISTENT, detail


def _disorder(columns: BarColumns) -> Iterator[Finding]:
    steps = np.diff(columns.open_us)
    for row in np.flatnonzero(steps < columns.length_us):
        step, before = int(steps[row]), _stamp(from_micros(columns.open_us[row]))
        if step == 0:
            kind, detail = FindingKind.DUPLICATE, f"row {row + 1} repeats the time of row {row}"
        elif step < 0:
            kind, detail = FindingKind.UNSORTED, f"row {row + 1} comes after {before}"
        else:
            kind, detail = FindingKind.OVERLAP, f"row {row + 1} opens before {before} has closed"
        yield Finding(kind, columns.instrument, from_micros(columns.open_us[row + 1]), detail)


def _faulty_rows(columns: BarColumns) -> Iterator[Finding]:
    for row in np.flatnonzero(~sound_rows(columns)):
        if fault := row_fault(columns.bar(int(row))):
            yield fault


def _gaps(columns: BarColumns, calendar: Calendar) -> Iterator[Finding]:
    for row in np.flatnonzero(np.diff(columns.open_us) > columns.length_us):
        last, following = (from_micros(columns.open_us[row + k]) for k in (0, 1))
        if gap := gap_between(columns.instrument, columns.timeframe, calendar, last, following):
            yield gap


def gap_between(
    instrument: str, timeframe: Timeframe, calendar: Calendar, last: datetime, following: datetime
) -> Finding | None:
    """The gap between two neighbouring bars, or None where nothing is missing.

    Parameters
    ----------
    instrument : str
    timeframe : Timeframe
    calendar : Calendar
    last, following : datetime, aware UTC
        Open times of the two bars.
    """
    missing = missing_between(calendar, timeframe, last, following)
    if not missing:
        return None
    detail = f"{missing} bar(s) missing after {_stamp(last)}"
    # Holidays close metals early and they reopen on schedule; a broken feed does not wait for it.
    kind = FindingKind.SHORT_SESSION if opens_session(calendar, following) else FindingKind.GAP
    return Finding(kind, instrument, following, detail, missing)


def _spikes(columns: BarColumns) -> Iterator[Finding]:
    """Returns between adjacent bars that are far outside their own recent scale."""
    usable = sound_rows(columns)
    pair = usable[1:] & usable[:-1] & (np.diff(columns.open_us) == columns.length_us)
    rows = np.flatnonzero(pair) + 1
    scale = ReturnScale()
    for row, value in zip(
        rows, np.log(columns.close[rows] / columns.close[rows - 1]).tolist(), strict=True
    ):
        if (sigmas := scale.sigmas(value)) > SPIKE_SIGMAS:
            detail = f"close moved {1e4 * value:+.0f} bps, {sigmas:.0f} of its usual deviations"
            at = from_micros(columns.open_us[row])
            yield Finding(FindingKind.SPIKE, columns.instrument, at, detail)
        scale = scale.step(value)


def _ages(columns: BarColumns, calendar: Calendar, now: datetime) -> list[Finding]:
    found = []
    for row in np.flatnonzero(columns.close_us > to_micros(now)):
        at = from_micros(columns.open_us[row])
        detail = f"closes after the present instant {_stamp(now)}"
        found.append(Finding(FindingKind.FUTURE, columns.instrument, at, detail))
    if len(columns):
        last = from_micros(columns.close_us.max())
        stale = _stale(columns.instrument, columns.timeframe, calendar, last, now)
        found += [stale] if stale else []
    return found


def _stale(
    instrument: str, timeframe: Timeframe, calendar: Calendar, closed_at: datetime, now: datetime
) -> Finding | None:
    age = open_time_between(calendar, closed_at, now)
    if age <= STALE_AFTER_BARS * timeframe.length:
        return None
    detail = f"the newest bar closed {age} of trading ago, more than {STALE_AFTER_BARS} bars"
    return Finding(FindingKind.STALE, instrument, closed_at - timeframe.length, detail)


def _misplaced(bar: Bar, now: datetime | None) -> Finding | None:
    if bar.close_at - bar.open_at != bar.timeframe.length:
        detail = f"is {bar.close_at - bar.open_at} long, not {bar.timeframe}"
        return _found(FindingKind.MISALIGNED, bar, detail)
    if now is not None and bar.close_at > now:
        return _found(FindingKind.FUTURE, bar, f"closes after the present instant {_stamp(now)}")
    return None


def _found(kind: FindingKind, bar: Bar, detail: str) -> Finding:
    return Finding(kind, bar.instrument, bar.open_at, detail)


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
