"""How attempts at the forbidden, the venue's own ledger and purification change the ledger.

Refuses what the owner alone may say, said by anybody else, and known kinds under other names.
"""

from __future__ import annotations

from engine.compliance.lines import check_classification, key_of, meaning_of
from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.ledger import ZERO, Given, Ledger, LineRecord
from engine.journal.review_changes import count_violation
from engine.model import events as happened
from engine.model.actors import Role
from engine.ports import Envelope


@change.register
def _(event: happened.InvariantRefused, ledger: Ledger, envelope: Envelope) -> None:
    ledger.attempts.append((envelope.at, event.rule))
    count_violation(ledger)


@change.register
def _(event: happened.VenueLineSeen, ledger: Ledger, envelope: Envelope) -> None:
    line = event.line
    if line.line_id in ledger.lines:
        raise InvariantBroken(f"ledger line {line.line_id} was counted twice")
    if meaning_of(line, ledger.kinds_said).forbidden and not event.meaning.forbidden:
        raise InvariantBroken(f"ledger line {line.line_id} was taken for {event.meaning}")
    ledger.lines[line.line_id] = LineRecord(line, event.meaning)


@change.register
def _(event: happened.VenueKindClassified, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role is not Role.OWNER:
        raise InvariantBroken(f"{event.by.name}, who is not the owner, named a ledger line")
    refused = check_classification(event.venue, event.kind, event.meaning)
    if refused is not None:
        raise InvariantBroken(refused.sentence)
    key = (event.venue, event.kind)
    ledger.kinds_said[key] = event.meaning
    for line_id, record in list(ledger.lines.items()):
        if key_of(record.line) == key:
            ledger.lines[line_id] = LineRecord(record.line, event.meaning)


@change.register
def _(event: happened.StatementRead, ledger: Ledger, envelope: Envelope) -> None:
    if event.through_at > envelope.at:
        raise InvariantBroken(f"a statement of {event.venue} covers what has not happened yet")
    before = ledger.statements.get(event.venue, event.through_at)
    ledger.statements[event.venue] = max(before, event.through_at)


@change.register
def _(event: happened.PurificationGiven, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role is not Role.OWNER or event.amount_usd <= ZERO:
        raise InvariantBroken(f"{event.by.name} noted {event.amount_usd} USD as given away")
    ledger.given.append(Given(event.amount_usd, event.by, event.reason, envelope.at))
