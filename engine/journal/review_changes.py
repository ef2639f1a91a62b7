"""How registrations, looks and marks change what the review stands on.

Refuses a registration that does not have the hash of what it registers, and a look at a plan that
is not the present one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.ledger import Ledger, Look, Registration
from engine.journal.tenure import Closes, Tenure
from engine.model import events as happened
from engine.model.positions import Origin, Position, origin_of
from engine.model.setups import Label
from engine.ports import Envelope


@change.register
def _(event: happened.PlanRegistered, ledger: Ledger, envelope: Envelope) -> None:
    ledger.registration = Registration(envelope.seq, envelope.at, event)
    ledger.registrations_count += 1
    ledger.tenure = Tenure(begun_usd=ledger.equity_usd, high_water_usd=ledger.equity_usd)
    ledger.looks.clear()


@change.register
def _(event: happened.ReviewHeld, ledger: Ledger, envelope: Envelope) -> None:
    registered = ledger.registration
    if registered is None or registered.seq != event.plan_seq:
        raise InvariantBroken(f"a look judged by the plan of entry {event.plan_seq}, not in force")
    if any(look.held.slot_at == event.slot_at for look in ledger.looks):
        raise InvariantBroken(f"the look of {event.slot_at:%Y-%m-%d %H:%M} was held twice")
    if event.scheduled and any(look.held.scheduled for look in ledger.looks):
        raise InvariantBroken("the one scheduled look was held twice")
    ledger.looks.append(Look(envelope.seq, envelope.at, event))


@dataclass(frozen=True, slots=True)
class Mark:
    """A set of bars as far as the review counts it."""

    at: datetime
    equity_usd: Decimal
    caught_up: bool
    closed: tuple[str, ...]


def count_session(ledger: Ledger, config_hash: str) -> None:
    """Note a process that runs with other settings than those registered."""
    if ledger.registration is None or ledger.tenure is None:
        return
    plan = ledger.registration.event
    if config_hash not in (plan.parameters_hash, plan.live_hash):
        ledger.tenure.strayed = True


def count_violation(ledger: Ledger) -> None:
    """Note that something was tried, or happened, that may never happen."""
    if ledger.tenure is not None:
        ledger.tenure.violations_count += 1


def count_label(ledger: Ledger, label: Label) -> None:
    """Note how a candidate ended that was seen, and given odds, since the registration."""
    registered = ledger.registration
    if registered and ledger.tenure and label.opened_at >= registered.at:
        ledger.tenure.labels.append(label)


def count_mark(ledger: Ledger, mark: Mark) -> None:
    """Count a set of bars: whether it came in time, what it was worth, what it closed at."""
    tenure = ledger.tenure
    if tenure is None:
        return
    tenure.look(mark.at, caught_up=mark.caught_up)
    for instrument in mark.closed:
        tenure.closes.setdefault(instrument, Closes()).add(mark.at, ledger.prices[instrument])
    tenure.marks += 1
    tenure.wrong_marks += mark.equity_usd != ledger.marked_equity_usd()
    tenure.mark(mark.at, mark.equity_usd, _open_r(ledger), _held_usd(ledger))


def _open_r(ledger: Ledger) -> dict[str, float]:
    """What proposals taken since the registration stand at, in what they risk at the stop."""
    return {
        held.id: float(_result_usd(ledger, held) / risk)
        for held in ledger.positions.values()
        if (record := ledger.proposals.get(held.id)) is not None
        and origin_of(held.kind, requested=record.requested) is Origin.PROPOSAL
        and ledger.registration is not None
        and held.opened_at >= ledger.registration.at
        and (risk := record.terms.risk_usd * held.bought / record.terms.quantity) > 0
    }


def _result_usd(ledger: Ledger, held: Position) -> Decimal:
    price = ledger.prices.get(held.instrument, held.entry_price)
    return held.quantity * price + held.realised_usd - held.cost_usd


def _held_usd(ledger: Ledger) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for held in ledger.positions.values():
        worth = held.quantity * ledger.prices.get(held.instrument, held.entry_price)
        found[held.instrument] = found.get(held.instrument, Decimal(0)) + worth
    return found
