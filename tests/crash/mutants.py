"""Violations that the matrix must find: each is a desk that forgets one rule of crash safety.

The only place of the matrix where our own code is replaced, because here the replacement is the
test; it happens in the process that dies, never in the one that looks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.brokers.exchange.broker import ExchangeBroker
from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.errors import BrokerError
from engine.model import events as happened
from engine.model.actors import Actor
from engine.model.events import Event
from engine.model.orders import Order, OrderState, Purpose
from engine.model.positions import Position
from engine.ports import Accepted


async def _wire_before_intent(self: Any, order: Order, *first: Event) -> None:
    try:
        answer = await self._broker.submit(order)
    except BrokerError:
        answer = None
    await self._recorder.record(*first, happened.OrderIntended(order), durable=True)
    if isinstance(answer, Accepted):
        await self._recorder.record(happened.OrderAccepted(answer.client_id, answer.venue_id))


async def _yes_and_intent_apart(self: Any, order: Order, *first: Event) -> None:
    await self._recorder.record(*first, durable=True)
    await self._recorder.record(happened.OrderIntended(order), durable=True)
    await self.submit(order)


async def _never_there(self: Any, client_id: str) -> None:
    """Absence without a look."""
    self._absent.add(client_id)


async def _taken_for_never_sent(self: Any, now: datetime) -> None:
    """A restart that cancels in its books what it did not see answered."""
    for record in self._ledger.open_orders():
        if record.state in (OrderState.INTENDED, OrderState.UNKNOWN):
            why = "never reached the venue; so it seems"
            await self._recorder.record(happened.OrderCanceled(record.order.client_id, why))
    await self._broker.restore(
        [(record.order, record.filled) for record in self._ledger.open_orders()]
    )


_pursue = Exits.pursue


async def _sold_while_asked(
    self: Any, held: Position, purpose: Purpose, by: Actor, reason: str
) -> None:
    await self._recorder.record(happened.ExitRequested(held.id, purpose, by, reason), durable=True)
    await _pursue(self)


async def _nothing(*_args: object, **_named: object) -> None:
    """Do nothing."""


MUTANTS: dict[str, tuple[tuple[type, str, Any], ...]] = {
    "the intent is journaled after the wire": ((Execution, "send", _wire_before_intent),),
    "the yes and the intent are two writes": ((Execution, "send", _yes_and_intent_apart),),
    "what is in doubt is sent again blind": ((ExchangeBroker, "_look_up", _never_there),),
    "what was not answered was never sent": ((Execution, "recover", _taken_for_never_sent),),
    "an exit is sold by the process that was asked, or not at all": (
        (Exits, "close", _sold_while_asked),
        (Exits, "pursue", _nothing),
    ),
}


def seed(name: str) -> None:
    """Make this process violate a rule."""
    for where, what, replacement in MUTANTS[name]:
        setattr(where, what, replacement)
