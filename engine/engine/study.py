"""Warming up: the layers see the bars before the present and learn from what ended in them.

Refuses to look ahead: every label is learnt only once the bars have passed its close, exactly as
it was or would have been live.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from engine.journal.ledger import LabelKey, Ledger
from engine.model.bars import Bar, BarsClosed
from engine.model.events import HistoryStudied
from engine.model.setups import Label
from engine.ports import MarketFeed
from engine.probability.pipeline import Pipeline

_BARS_BETWEEN_BREATHS = 25


def group_by_close(histories: Mapping[str, Sequence[Bar]]) -> Iterator[BarsClosed]:
    """Bars of several instruments as the feed would have given them, oldest first."""
    closing: dict[datetime, list[Bar]] = defaultdict(list)
    for bars in histories.values():
        for bar in bars:
            closing[bar.close_at].append(bar)
    for at in sorted(closing):
        yield BarsClosed(at, tuple(closing[at]))


def key_of(label: Label) -> LabelKey:
    """What makes a label the same label."""
    return label.instrument, label.opened_at, label.kind


async def study(
    pipeline: Pipeline,
    feed: MarketFeed,
    ledger: Ledger,
    costs: Mapping[str, float],
    *,
    instruments: Sequence[str],
    until: datetime,
    bars: int,
) -> list[HistoryStudied]:
    """Run the pipeline over history up to `until`, learning as live does.

    What the ledger already knows is learnt at its own time instead of being derived again.

    Returns
    -------
    list of HistoryStudied
        One event an instrument that was never studied before, to be recorded.
    """
    histories = {name: await feed.history(name, until, bars) for name in instruments}
    fresh: dict[str, list[Label]] = {
        name: [] for name in instruments if name not in ledger.studied
    }
    known = sorted(ledger.labels.values(), key=lambda label: label.closed_at)
    position = 0
    for number, batch in enumerate(group_by_close(histories)):
        while position < len(known) and known[position].closed_at <= batch.at:
            pipeline.learn(known[position])
            position += 1
        pipeline.observe(batch, costs)
        for label in pipeline.closed_labels():
            if label.instrument in fresh and key_of(label) not in ledger.labels:
                fresh[label.instrument].append(label)
                pipeline.learn(label)
        if number % _BARS_BETWEEN_BREATHS == 0:
            await asyncio.sleep(0)  # the desk answers while it studies
    for label in known[position:]:
        pipeline.learn(label)
    return [_studied(name, histories[name], labels) for name, labels in fresh.items()]


def _studied(instrument: str, bars: Sequence[Bar], labels: list[Label]) -> HistoryStudied:
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return HistoryStudied(
        instrument=instrument,
        first_at=bars[0].open_at if bars else epoch,
        last_at=bars[-1].close_at if bars else epoch,
        bars=len(bars),
        labels=tuple(labels),
    )
