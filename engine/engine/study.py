"""Warming up: the layers see the bars before the present and learn from what ended in them.

Refuses to look ahead: every label is learnt only once the bars have passed its close, exactly as
it was or would have been live.
"""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.journal.ledger import LabelKey, Ledger
from engine.model.bars import Bar, BarsClosed
from engine.model.events import HistoryStudied
from engine.model.setups import Assessment, Label
from engine.ports import MarketFeed
from engine.probability.pipeline import Pipeline

VotesOn = Callable[[str, datetime], Mapping[str, bool]]
"""Votes on the candidate of an instrument that began at an instant, by name of the witness."""
_BARS_BETWEEN_BREATHS = 25
MOST_BARS = 10_000
"""Longest study of one instrument: beyond it a restart is only nearly exact, but soon done."""


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


@dataclass(frozen=True, slots=True)
class Studied:
    """What came of warming up.

    Attributes
    ----------
    events : tuple of HistoryStudied
        One for each instrument that was never studied before, to be recorded.
    newest : mapping of str to (Bar, Assessment)
        The last bar of each instrument and what the layers said of it.
    """

    events: tuple[HistoryStudied, ...]
    newest: Mapping[str, tuple[Bar, Assessment]]


async def study(
    pipeline: Pipeline,
    feed: MarketFeed,
    ledger: Ledger,
    costs: Callable[[BarsClosed], Mapping[str, float]],
    *,
    instruments: Sequence[str],
    until: datetime,
    bars: int,
    tell: Callable[[int, int], None] | None = None,
) -> Studied:
    """Run the pipeline over history up to `until`, learning as live does.

    What the ledger already knows is learnt at its own time instead of being derived again. A
    restart begins where the first study began, as far as `MOST_BARS` allows: the layers then
    remember exactly what they remembered before.

    Parameters
    ----------
    costs : callable (BarsClosed) -> mapping of str to float
        Round-trip cost by instrument, as it could be known when those bars closed.
    tell : callable (done, total), optional
        Is told of the progress, in sets of bars.
    """
    histories = {
        name: await _history(feed, name, ledger.studied.get(name), until, bars)
        for name in instruments
    }
    fresh: dict[str, list[Label]] = {
        name: [] for name in instruments if name not in ledger.studied
    }
    known = sorted(ledger.labels.values(), key=lambda label: label.closed_at)
    position = 0
    newest: dict[str, tuple[Bar, Assessment]] = {}
    batches = list(group_by_close(histories))
    for number, batch in enumerate(batches):
        seen = heard(pipeline, pipeline.observe(batch, costs(batch)), _votes_of(ledger))
        newest.update({b.instrument: (b, a) for b, a in zip(batch.bars, seen, strict=True)})
        for label in pipeline.closed_labels():
            if label.instrument in fresh and key_of(label) not in ledger.labels:
                fresh[label.instrument].append(label)
                pipeline.learn(label)
        while position < len(known) and known[position].closed_at <= batch.at:
            pipeline.learn(known[position])
            position += 1
        if number % _BARS_BETWEEN_BREATHS == 0:
            await asyncio.sleep(0)  # the desk answers while it studies
            if tell is not None:
                tell(number, len(batches))
    for label in known[position:]:
        pipeline.learn(label)
    events = (_studied(name, histories[name], labels) for name, labels in fresh.items())
    return Studied(tuple(events), newest)


def heard(
    pipeline: Pipeline, assessments: tuple[Assessment, ...], votes_on: VotesOn
) -> tuple[Assessment, ...]:
    """Fresh assessments, each candidate judged again with the votes on it: the one way in."""
    answers = []
    for assessment in assessments:
        votes = votes_on(assessment.instrument, assessment.at) if assessment.setup else {}
        answers.append(pipeline.hear(assessment.instrument, votes) if votes else assessment)
    return tuple(answers)


def _votes_of(ledger: Ledger) -> VotesOn:
    """Votes as they stand on record: of candidates that are still open."""
    return lambda instrument, at: ledger.candidate_votes.get((instrument, at), {})


async def _history(
    feed: MarketFeed, instrument: str, since: datetime | None, until: datetime, bars: int
) -> tuple[Bar, ...]:
    """The last `bars` bars; after a restart, all since the first study."""
    if since is None:
        return await feed.history(instrument, until, bars)
    newest = await feed.history(instrument, until, 1)
    if not newest:
        return ()
    wanted = math.ceil((until - since) / newest[0].timeframe.length) + 1
    history = await feed.history(instrument, until, min(max(wanted, bars), MOST_BARS))
    return tuple(bar for bar in history if bar.open_at >= since)


def _studied(instrument: str, bars: Sequence[Bar], labels: list[Label]) -> HistoryStudied:
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    return HistoryStudied(
        instrument=instrument,
        first_at=bars[0].open_at if bars else epoch,
        last_at=bars[-1].close_at if bars else epoch,
        bars=len(bars),
        labels=tuple(labels),
    )
