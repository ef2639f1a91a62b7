"""How the owner's word for live and the change of money change the ledger.

Refuses live without a go that was reviewed and the owner's word on it: whoever composes the desk
cannot talk the record round.
"""

from __future__ import annotations

from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.ledger import ZERO, Ledger, ReconcileRecord, UnlockRecord
from engine.model import events as happened
from engine.model.actors import Role
from engine.ports import Envelope
from engine.review.standing import standing_of


@change.register
def _(event: happened.LiveUnlocked, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role is not Role.OWNER:
        raise InvariantBroken(f"live was unlocked by {event.by.name}, who is not the owner")
    standing, plan = standing_of(ledger), ledger.registration
    if not standing.goes or standing.verdict is not event.verdict:
        found = standing.verdict or "no review"
        raise InvariantBroken(f"live was unlocked over {found}, not over {event.verdict}")
    if plan is None or plan.seq != event.plan_seq:
        raise InvariantBroken("live was unlocked for a plan of the review that is not in force")
    if ledger.paper_only_since is not None:
        raise InvariantBroken("live was unlocked after a drawdown kill had locked it")
    ledger.unlocked = UnlockRecord(event.by, event.verdict, event.plan_seq, envelope.at)


@change.register
def _(event: happened.ModeChanged, ledger: Ledger, envelope: Envelope) -> None:
    if ledger.positions or ledger.open_orders():
        raise InvariantBroken(f"the desk went {event.mode} with a position or an order open")
    if event.mode == "live" and ledger.unlocked is None:
        raise InvariantBroken("the desk went live, and nobody has unlocked that")
    if event.mode != "live":
        ledger.unlocked = None
    if ledger.tenure is not None and ledger.equity_usd > ZERO:
        ledger.tenure.count_in(event.cash_usd, ledger.equity_usd)
    ledger.mode, ledger.mode_since = event.mode, envelope.at
    ledger.set_aside = dict(event.set_aside)
    ledger.reconciled = None
    ledger.cash_usd = ledger.equity_usd = ledger.start_cash_usd = event.cash_usd
    ledger.high_water_usd = ledger.halt_high_water_usd = event.cash_usd
    ledger.kill_high_water_usd = event.cash_usd
    ledger.day_open_usd = ledger.week_open_usd = event.cash_usd
    ledger.equity_curve.clear()
    ledger.unsettled.clear()


@change.register
def _(event: happened.AccountReconciled, ledger: Ledger, envelope: Envelope) -> None:
    ledger.reconciled = ReconcileRecord(event.compared, event.differences, envelope.at)
    ledger.owners_told |= {(d.kind.value, d.thing) for d in event.differences if not d.halts}
