"""How outside voices change the ledger.

Refuses a call that was heard twice, and one that is held to its word twice.
"""

from __future__ import annotations

from engine.errors import InvariantBroken
from engine.journal.change import change, known
from engine.journal.ledger import Ledger
from engine.journal.voices import SignalRecord
from engine.model import events as happened
from engine.model.money import exact
from engine.ports import Envelope


@change.register
def _(event: happened.SignalHeard, ledger: Ledger, envelope: Envelope) -> None:
    if event.signal.id in ledger.signals:
        raise InvariantBroken(f"signal {event.signal.id} was heard twice")
    ledger.signals[event.signal.id] = SignalRecord(event.signal)


@change.register
def _(event: happened.SignalClosed, ledger: Ledger, envelope: Envelope) -> None:
    record = known(ledger.signals, event.signal_id, "signal")
    if record.result is not None:
        raise InvariantBroken(f"signal {event.signal_id} was closed twice")
    record.result, record.closed_at = event.result, envelope.at


def price_signals(ledger: Ledger, event: happened.BarsAssessed) -> None:
    """Let open calls begin at the first close after they were heard."""
    closes = {each.instrument: each for each in event.assessments}
    for record in ledger.signals.values():
        seen = closes.get(record.signal.call.instrument)
        if record.entry is None and record.open and seen and seen.at > record.signal.heard_at:
            record.entry = exact(seen.price)
