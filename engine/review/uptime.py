"""How much of the time the desk was there: bars that it assessed as they came.

Refuses to count what was fetched afterwards, and to excuse a bar by nobody having fetched it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from engine.market.sessions import bar_exists
from engine.model.bars import Timeframe
from engine.model.instants import to_micros
from engine.model.instruments import Calendar
from engine.review.record import Record


def uptime_frac(record: Record) -> float | None:
    """Share of the closes since the registration that were assessed as they came.

    A close is due whenever a bar of any watched instrument can exist. One that came late, or
    never, counts against the desk, whoever was to blame; holidays of metals are not known and
    count against it too. The newest bar has its own length to arrive.

    Returns
    -------
    float in [0, 1] or None
        None before the first close was due.
    """
    plan = record.registered.plan
    frame = _frame(plan.bar_seconds)
    if frame is None:
        return None
    calendars = [Calendar(name) for name in plan.calendars]
    due = due_closes(calendars, frame, record.since, record.now - frame.length)
    if not due:
        return None
    seen = np.isin(np.array(due, dtype=np.int64), record.on_time)
    return float(seen.mean())


def due_closes(
    calendars: Sequence[Calendar], frame: Timeframe, since: datetime, until: datetime
) -> list[int]:
    """Closes after `since` and not after `until`, microseconds since 1970."""
    length = int(frame.length / timedelta(microseconds=1))
    first = to_micros(since) // length + 1
    last = to_micros(until) // length
    closes = [number * length for number in range(first, last + 1)]
    if Calendar.CONTINUOUS in calendars or not calendars:
        return closes
    epoch = since - timedelta(microseconds=to_micros(since))
    return [
        close
        for close in closes
        if any(
            bar_exists(each, frame, epoch + timedelta(microseconds=close - length))
            for each in calendars
        )
    ]


def _frame(bar_seconds: float) -> Timeframe | None:
    return next((each for each in Timeframe if each.length.total_seconds() == bar_seconds), None)
