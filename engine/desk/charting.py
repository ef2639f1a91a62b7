"""Closed bars of a longer timeframe made from shorter ones.

Refuses a part of a bar: a group that is not whole at the end is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from engine.model.bars import Bar, Timeframe

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def resample(bars: Sequence[Bar], timeframe: Timeframe) -> tuple[Bar, ...]:
    """Group `bars` into `timeframe`, aligned to the UTC epoch.

    Parameters
    ----------
    bars : sequence of Bar, oldest first, all of one shorter or equal timeframe

    Returns
    -------
    tuple of Bar
        Only groups whose end has been reached; hours without bars (a closed market) stay out.

    Raises
    ------
    ValueError
        If `timeframe` is not a whole multiple of the bars' own.
    """
    if not bars:
        return ()
    step = bars[0].timeframe.length
    if timeframe.length % step:
        raise ValueError(f"timeframe must be a multiple of {bars[0].timeframe}, was {timeframe}")
    newest = bars[-1].close_at
    groups = groupby(bars, key=lambda bar: (bar.open_at - _EPOCH) // timeframe.length)
    merged = (_merge(tuple(group), timeframe, index) for index, group in groups)
    return tuple(bar for bar in merged if bar.close_at <= newest)


def _merge(group: tuple[Bar, ...], timeframe: Timeframe, index: int) -> Bar:
    open_at = _EPOCH + index * timeframe.length
    return Bar(
        instrument=group[0].instrument,
        timeframe=timeframe,
        open_at=open_at,
        close_at=open_at + timeframe.length,
        open=group[0].open,
        high=max(bar.high for bar in group),
        low=min(bar.low for bar in group),
        close=group[-1].close,
        volume=sum(bar.volume for bar in group),
    )
