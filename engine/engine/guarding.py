"""The breakers at work: measured on every event and before every order, and journaled at once.

Refuses to reset what the pure rules do not reset, and never stands in the way of an exit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import structlog

from engine.desk.picture import picture_of
from engine.desk.policy import Policy
from engine.engine.recorder import Recorder
from engine.engine.watching import Watch
from engine.errors import BrokerError
from engine.journal.ledger import ZERO, Ledger
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.events import Event
from engine.model.orders import OrderState
from engine.model.positions import LotState
from engine.ports import Broker
from engine.risk import Limits, NotMeasured, Reading, RiskPicture, Trip, breaker_changes

_log = structlog.get_logger(__name__)

_CENT = Decimal("0.01")
_DUST = Decimal("1e-8")


@dataclass(frozen=True, slots=True)
class Guard:
    """Measures the breakers and writes down what they do.

    Attributes
    ----------
    broker : Broker
        Asked for its balances, which the record must match.
    """

    recorder: Recorder
    watch: Watch
    broker: Broker

    async def look(self, now: datetime) -> RiskPicture:
        """Measure every breaker at `now` and journal trips and resets; answer what was seen.

        Within a turn that the caller has taken.
        """
        policy = self.watch.policy
        picture = picture_of(self.recorder.ledger, policy, self.watch.moment(now))
        changes = events_of(picture, policy.limits)
        if not changes:
            return picture
        tripped = any(isinstance(change, happened.BreakerTripped) for change in changes)
        await self.recorder.record(*changes, durable=tripped)
        return picture_of(self.recorder.ledger, policy, self.watch.moment(now))

    async def reconcile(self, at: datetime) -> None:
        """Compare the venue's balances with the record; the next look measures the result.

        Parameters
        ----------
        at : datetime, aware UTC
            Up to when the venue has seen the market: what settles later is on its way.
        """
        self.watch.mismatches_count = await self._mismatches(at)

    async def _mismatches(self, at: datetime) -> Reading:
        ledger = self.recorder.ledger
        if any(record.state is OrderState.UNKNOWN for record in ledger.open_orders()):
            return NotMeasured("an order is still without its answer")
        try:
            there = await self.broker.balances()
        except BrokerError as fault:
            _log.warning("the venue does not tell its balances", why=str(fault))
            return None
        return float(len(differing(balances_of(ledger, self.watch.policy, at), there)))


def events_of(picture: RiskPicture, limits: Limits) -> list[Event]:
    """What the breakers do at `picture`, as events."""
    events: list[Event] = []
    for change in breaker_changes(picture, limits):
        if isinstance(change, Trip):
            events.append(
                happened.BreakerTripped(
                    name=change.name,
                    value=change.value,
                    bound=change.bound,
                    resets=change.resets,
                    why=change.why,
                    to_paper=change.to_paper,
                )
            )
        else:
            events.append(happened.BreakerReset(change.name, DESK, change.reason))
    return events


def balances_of(ledger: Ledger, policy: Policy, at: datetime) -> dict[str, Decimal]:
    """Settled cash in US dollars and settled units of each asset, as the record has them.

    What was set aside when the desk went live is on the account too.
    """
    balances = dict(ledger.set_aside)
    settled_usd = ledger.cash_usd - ledger.unsettled_usd(at)
    balances["USD"] = balances.get("USD", ZERO) + settled_usd
    for held in ledger.positions.values():
        if held.lot is LotState.BOUGHT:
            continue
        base = policy.instruments[held.instrument].base
        balances[base] = balances.get(base, ZERO) + held.quantity
    return balances


def differing(here: Mapping[str, Decimal], there: Mapping[str, Decimal]) -> tuple[str, ...]:
    """Currencies and assets whose balances differ by more than a cent or dust."""
    return tuple(
        name
        for name in sorted({*here, *there})
        if not abs(here.get(name, ZERO) - there.get(name, ZERO))
        <= (_CENT if name == "USD" else _DUST)
    )
