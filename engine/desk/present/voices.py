"""Views of outside voices: their calls, and what their record says of them.

Refuses to weigh: the weight shown is what layer 10 gives their next vote.
"""

from __future__ import annotations

from engine.desk.present.context import Context
from engine.journal.voices import SignalRecord
from engine.probability.scouts import SIGNAL
from engine.views.voices import SignalsView, SignalView, SourcesView, SourceView

CLOSED_SHOWN = 10


class Voices:
    """Calls and callers.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def signal(self, record: SignalRecord) -> SignalView:
        """One call."""
        price = self._ledger.prices.get(record.signal.call.instrument)
        return SignalView(record.signal, record.entry, record.result, record.closed_at, price)

    def signals(self) -> SignalsView:
        """Open calls, then the newest closed ones, each newest first."""
        newest = list(reversed(self._ledger.signals.values()))
        shown = [r for r in newest if r.open] + [r for r in newest if not r.open][:CLOSED_SHOWN]
        return SignalsView(tuple(self.signal(r) for r in shown), self._context.market)

    def sources(self) -> SourcesView:
        """Every caller with the record."""
        by_who: dict[str, list[SignalRecord]] = {}
        for record in self._ledger.signals.values():
            by_who.setdefault(record.signal.who, []).append(record)
        found = [self._source(who, records) for who, records in by_who.items()]
        found.sort(key=lambda each: (-(each.right + each.wrong), each.who))
        return SourcesView(tuple(found), self._context.market)

    def _source(self, who: str, records: list[SignalRecord]) -> SourceView:
        results = [record.result for record in records if record.result is not None]
        judged = [result for result in results if result.right is not None]
        right = sum(result.right is True for result in judged)
        net = sum(result.net_frac for result in judged) / len(judged) if judged else None
        return SourceView(
            who=who,
            heard=len(records),
            open=len(records) - len(results),
            right=right,
            wrong=len(judged) - right,
            void=len(results) - len(judged),
            net_frac=net,
            last_at=records[-1].signal.heard_at,
            standings=self._context.witnesses.standings(SIGNAL + who),
        )
