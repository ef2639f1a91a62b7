"""The account against the record: at the start, after a silence, with every bar and on schedule.

Refuses to call a fill that is on its way a difference: what differs is looked at twice, with the
venue's news booked in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from engine.desk.reconciling import books_of, differences
from engine.engine.exits import Exits
from engine.engine.lawkeeping import PAPER
from engine.engine.recorder import Recorder
from engine.engine.watching import Watch
from engine.errors import BrokerError
from engine.journal.ledger import Ledger, OrderRecord
from engine.model import events as happened
from engine.model.orders import OrderState
from engine.model.reconciliation import Difference, VenueStatement
from engine.ports import Broker
from engine.risk import NotMeasured

_log = structlog.get_logger(__name__)
OVERLAP = timedelta(minutes=10)
"""How far before the last comparison the executions are asked for, for those told late."""


@dataclass(slots=True)
class Reconciling:
    """Compares, counts what differs for the breaker, and puts it on record.

    Attributes
    ----------
    found : tuple of Difference
        What the last look that came to an end found, the owner's affairs too.
    """

    recorder: Recorder
    watch: Watch
    broker: Broker
    exits: Exits
    found: tuple[Difference, ...] = ()
    _asked_since: datetime | None = field(default=None, init=False)

    @property
    def _ledger(self) -> Ledger:
        return self.recorder.ledger

    @property
    def _real(self) -> bool:
        return self.broker.name != PAPER

    async def compare(self, at: datetime) -> None:
        """Compare the venues' statements with the record; the next look measures the result.

        Within a turn that the caller has taken.

        Parameters
        ----------
        at : datetime, aware UTC
            Up to when the venue has seen the market: what settles later is on its way.
        """
        # Asked once: it passes over every order there ever was.
        working = self._ledger.open_orders()
        if any(each.state is OrderState.UNKNOWN for each in working):
            self.watch.mismatches_count = NotMeasured("an order is still without its answer")
            return
        try:
            stated, found = await self._look(at, working)
            if any(each.halts for each in found):
                await self.exits.keep_up(at)
                stated, again = await self._look(at, self._ledger.open_orders())
                found = _in_both(found, again)
        except BrokerError as fault:
            _log.warning("the venue does not state its account", why=str(fault))
            self.watch.mismatches_count = None
            return
        self.found = found
        self.watch.mismatches_count = float(sum(each.halts for each in found))
        await self._note(stated, found)

    async def _look(
        self, at: datetime, working: list[OrderRecord]
    ) -> tuple[tuple[VenueStatement, ...], tuple[Difference, ...]]:
        stated = await self.broker.statement(self._since(at))
        books = books_of(self._ledger, self.watch.policy, at, working)
        return stated, differences(books, stated)

    def _since(self, at: datetime) -> datetime:
        """From when on executions are asked for: since the last comparison before this process."""
        if self._asked_since is None:
            before = self._ledger.reconciled
            since = before.at if before else self._ledger.mode_since
            self._asked_since = (since or at) - OVERLAP
        return self._asked_since

    async def _note(
        self, stated: tuple[VenueStatement, ...], found: tuple[Difference, ...]
    ) -> None:
        """Put on record what is new: other differences, or more of the owner's own affairs."""
        before = self._ledger.reconciled
        known = self._ledger.owners_told
        fresh = [each for each in found if each.halts or _key(each) not in known]
        halting = {_key(each) for each in found if each.halts}
        same = halting == ({_key(d) for d in before.differences if d.halts} if before else set())
        first = before is None and self._real
        if same and not first and not any(not each.halts for each in fresh):
            return
        await self.recorder.record(
            happened.AccountReconciled(compared(stated), tuple(fresh)), durable=True
        )


def compared(stated: Iterable[VenueStatement]) -> str:
    """What was laid beside the record, one clause."""
    told = []
    for each in stated:
        fills = "no list of executions" if each.fills is None else f"{len(each.fills)} executions"
        told.append(
            f"{each.venue}: {len(each.balances)} balances, {len(each.orders)} working orders, "
            f"{fills}"
        )
    return "; ".join(told)


def _key(difference: Difference) -> tuple[str, str]:
    return difference.kind.value, difference.thing


def _in_both(before: Iterable[Difference], now: Iterable[Difference]) -> tuple[Difference, ...]:
    seen = {_key(each) for each in before}
    return tuple(each for each in now if not each.halts or _key(each) in seen)
