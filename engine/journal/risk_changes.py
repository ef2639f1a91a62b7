"""How trips, resets, limits and what they count change the ledger.

Refuses a reset that its rule does not allow to whoever asked: a person who is not the owner.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.ledger import Ledger, Trip
from engine.model import events as happened
from engine.model.actors import Role
from engine.ports import Envelope

REJECTS_KEPT = 100


@change.register
def _(event: happened.BreakerTripped, ledger: Ledger, envelope: Envelope) -> None:
    trip = Trip(event.name, event.value, event.bound, event.resets, envelope.at, event.why)
    ledger.trips[event.name] = trip
    ledger.trip_log.append((event.name, envelope.at))
    if event.to_paper and ledger.paper_only_since is None:
        ledger.paper_only_since, ledger.unlocked = envelope.at, None


@change.register
def _(event: happened.BreakerReset, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role not in (Role.OWNER, Role.DESK):
        raise InvariantBroken(f"{event.name} was reset by {event.by.name}, who is not the owner")
    ledger.trips.pop(event.name, None)
    rebase = REBASED.get(event.name)
    if event.by.role is Role.OWNER and rebase is not None:
        rebase(ledger, envelope.at)


def _halt_mark(ledger: Ledger, _at: datetime) -> None:
    ledger.halt_high_water_usd = ledger.equity_usd


def _kill_mark(ledger: Ledger, _at: datetime) -> None:
    ledger.kill_high_water_usd = ledger.equity_usd


def _attempts(ledger: Ledger, _at: datetime) -> None:
    ledger.attempts.clear()


def _losses(ledger: Ledger, _at: datetime) -> None:
    ledger.losses_in_a_row = 0
    ledger.losses_counted_from = len(ledger.trades)


def _pause(ledger: Ledger, at: datetime) -> None:
    # The run itself goes on: ending a pause is no answer to whether the edge is still there.
    ledger.pause_ended_at = at


def _rejects(ledger: Ledger, _at: datetime) -> None:
    ledger.rejected_at.clear()


def _strange_fills(ledger: Ledger, _at: datetime) -> None:
    ledger.strange_fills_count = 0


def _executions(ledger: Ledger, _at: datetime) -> None:
    ledger.executions.clear()


def _monitors(ledger: Ledger, at: datetime) -> None:
    ledger.monitors.begin_anew(at)


REBASED: Mapping[str, Callable[[Ledger, datetime], None]] = MappingProxyType(
    {
        "drawdown halt": _halt_mark,
        "invariant": _attempts,
        "drawdown kill": _kill_mark,
        "losses in a row, halt": _losses,
        "losses in a row, pause": _pause,
        "order rejects": _rejects,
        "unknown orders": _strange_fills,
        "slippage": _executions,
        "overconfidence": _monitors,
        "Brier score": _monitors,
    }
)
"""What the owner's reset of a breaker begins anew; exactly the rows marked ``rebased``."""


@change.register
def _(event: happened.ReviewNoted, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role is not Role.OWNER:
        raise InvariantBroken(f"a review note was written by {event.by.name}, not by the owner")
    ledger.review_note_at = envelope.at


@change.register
def _(event: happened.LimitsSet, ledger: Ledger, envelope: Envelope) -> None:
    ledger.limits = dict(event.values)
    ledger.limits_held_back = event.held_back


@change.register
def _(event: happened.StrangeFillSeen, ledger: Ledger, envelope: Envelope) -> None:
    ledger.strange_fills_count += 1
