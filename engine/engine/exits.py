"""Getting out: every position has its stop and its target, or is on its way to be sold.

Refuses to ask whether entries are allowed: exits go on while the desk is halted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.compliance import check_exit, check_pair
from engine.desk.exits import exit_order, guarded, overdue, protective_orders
from engine.desk.proposing import sellable_at_stop
from engine.engine.execution import Execution
from engine.engine.recorder import Recorder
from engine.errors import InvariantBroken
from engine.journal.ledger import ExitAsked
from engine.model import events as happened
from engine.model.actors import DESK, Actor
from engine.model.instruments import Instrument
from engine.model.orders import Order, Purpose, Side
from engine.model.positions import LotState, Position
from engine.model.verdicts import Refused

_MOST_ROUNDS = 4
_AT_MARKET = (Purpose.TIME_LIMIT, Purpose.OWNER_CLOSE)


class Exits:
    """Protection and sale of what is held.

    Parameters
    ----------
    recorder : Recorder
    execution : Execution
    instruments : mapping of str to Instrument
        What is watched, and so everything that can be held.
    """

    def __init__(
        self, recorder: Recorder, execution: Execution, instruments: Mapping[str, Instrument]
    ) -> None:
        self._recorder = recorder
        self._instruments = instruments
        self._ledger = recorder.ledger
        self._execution = execution

    async def keep_up(self, at: datetime) -> None:
        """Record fills and protect what they left, until the venue has no more to say.

        An entry that fills at the open gets its stop and target, which the same bar may hit.
        """
        for _ in range(_MOST_ROUNDS):
            settled = await self._execution.settle()
            protected = await self.protect(at)
            if not (settled or protected):
                return

    async def protect(self, at: datetime) -> bool:
        """Give every unprotected position its stop and its target; True if anything was done."""
        done = False
        await self._release()
        for held in list(self._ledger.positions.values()):
            if held.lot is not LotState.SELLABLE:
                # More of it was bought and is not ours yet: nothing may rest on the whole lot.
                await self._execution.withdraw_exits(held.id, "its lot is not settled")
                continue
            if held.id in self._ledger.exits_requested or guarded(self._ledger, held):
                continue
            if self._is_dust(held, held.stop):
                continue  # the venue would refuse both halves, again and again
            done = True
            if await self._execution.withdraw_exits(held.id, "replaced: the position has changed"):
                await self._place(protective_orders(self._ledger, held, at), held)
        await self._stop_buying()
        return done

    async def _release(self) -> None:
        """A lot whose release a crash swallowed after its settlement was written."""
        settled = [h.id for h in self._ledger.positions.values() if h.lot is LotState.SETTLED]
        await self._recorder.record(*map(happened.LotReleased, settled), durable=True)

    async def _stop_buying(self) -> None:
        """What is being sold, or was sold already, is not bought on."""
        for record in self._ledger.open_orders():
            order = record.order
            if order.purpose is not Purpose.ENTRY or record.filled == 0:
                continue
            leaving = order.proposal_id in self._ledger.exits_requested
            if leaving or order.proposal_id not in self._ledger.positions:
                await self._execution.cancel(order.client_id, "its position is closed")

    async def close(self, held: Position, purpose: Purpose, by: Actor, reason: str) -> None:
        """Sell a position at the market; its resting exits come off first."""
        await self._recorder.record(
            happened.ExitRequested(held.id, purpose, by, reason), durable=True
        )
        await self.pursue()

    async def close_overdue(self, now: datetime) -> None:
        """Sell whatever has reached its time limit."""
        for held in overdue(self._ledger, now):
            await self.close(held, Purpose.TIME_LIMIT, DESK, "")

    def wanting(self) -> bool:
        """Whether something is to be sold or guarded, and no order does it yet."""
        return any(map(self._wants, self._ledger.positions.values()))

    def _wants(self, held: Position) -> bool:
        if held.lot is not LotState.SELLABLE:
            return False
        if held.id in self._ledger.exits_requested:
            price = self._ledger.prices.get(held.instrument, held.entry_price)
            return not (self._being_sold(held) or self._is_dust(held, price))
        return not (guarded(self._ledger, held) or self._is_dust(held, held.stop))

    async def pursue(self) -> None:
        """Bring every requested exit to the wire, also one that a crash interrupted."""
        for position_id, asked in list(self._ledger.exits_requested.items()):
            held = self._ledger.positions[position_id]
            if held.lot is not LotState.SELLABLE or self._being_sold(held):
                continue
            await self._execution.cancel_entries("its position is being closed", position_id)
            price = self._ledger.prices.get(held.instrument, held.entry_price)
            if self._is_dust(held, price):
                continue
            if await self._execution.withdraw_exits(position_id, "the position is being closed"):
                at = self._asked_at(position_id, asked)
                await self._place((exit_order(self._ledger, held, asked.purpose, at),), held)

    def _is_dust(self, held: Position, price: Decimal) -> bool:
        """Whether the venue takes no order this small: a first part of an entry, or its last."""
        return not sellable_at_stop(held.quantity, price, self._instruments[held.instrument])

    def _being_sold(self, held: Position) -> bool:
        return any(
            record.open and record.order.purpose in _AT_MARKET
            for record in self._ledger.orders_of(held.id, Side.SELL)
        )

    def _asked_at(self, position_id: str, asked: ExitAsked) -> datetime:
        """From when the sale stands: its request, or now if the venue has refused it before."""
        tried = any(
            record.order.purpose in _AT_MARKET
            for record in self._ledger.orders_of(position_id, Side.SELL)
        )
        return (self._ledger.at or asked.at) if tried else asked.at

    async def _place(self, orders: tuple[Order, ...], held: Position) -> None:
        highest = self._ledger.highest_stop(held.id)
        verdicts = [check_exit(order, held, highest_stop=highest) for order in orders]
        verdicts += [check_pair(*orders) or verdicts[0]] if len(orders) == 2 else []
        for verdict in verdicts:
            if isinstance(verdict, Refused):
                await self._recorder.record(
                    happened.InvariantRefused(verdict.limit, verdict.sentence, DESK)
                )
                raise InvariantBroken(verdict.sentence)
        await self._recorder.record(
            *(happened.OrderIntended(order) for order in orders), durable=True
        )
        for order in orders:
            await self._execution.submit(order)
