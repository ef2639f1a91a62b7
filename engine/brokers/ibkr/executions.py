"""Executions as fills: each once, in its last revision, with its commission.

Refuses to count a correction as a second fill, and to wait for a commission for ever: after a
bounded wait the fill is told with the fee of the configured tier, and amended when IB tells it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.brokers.ibkr.facts import VenueExecution
from engine.model.orders import Fill
from engine.ports import FillAmendment

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Around:
    """What an execution does not tell itself.

    Attributes
    ----------
    fee_usd : Decimal, US dollars
        Of the configured tier, until IB tells its commission.
    reference_price : Decimal, quote currency
    settles_at : datetime, aware UTC
    """

    fee_usd: Decimal
    reference_price: Decimal
    settles_at: datetime


Estimate = Callable[[VenueExecution], Around | None]
"""What stands around an execution; None if it is of nothing that is traded here."""


@dataclass(slots=True)
class _Known:
    """One execution over its revisions: when it was first heard of, and what was told of it."""

    first_heard: datetime
    newest: VenueExecution
    told: Fill | None = None


class ExecutionBook:
    """Every execution heard of under an ``orderRef``, by its id without the revision.

    Parameters
    ----------
    commission_wait : timedelta, >= 0
        Longest time for which a fill is kept back until its commission is known.
    told_before : collection of str
        Ids of fills that the journal has: they are not told again.
    """

    def __init__(
        self, commission_wait: timedelta, told_before: Collection[str] = frozenset()
    ) -> None:
        self._wait = commission_wait
        self._told_before = told_before
        self._known: dict[str, _Known] = {}

    def hear(self, executions: Iterable[VenueExecution], now: datetime) -> None:
        """Take in what the gateway reports, in any order and as often as it likes."""
        for each in executions:
            known = self._known.setdefault(each.base_id, _Known(now, each))
            newer = each.revision > known.newest.revision
            if newer or (each.revision == known.newest.revision and each.commission_told):
                known.newest = each

    def waits(self, client_id: str) -> bool:
        """Whether a fill of that order is still being kept back."""
        return any(
            known.told is None and known.newest.client_id == client_id
            for base_id, known in self._known.items()
            if base_id not in self._told_before
        )

    def executed(self) -> tuple[VenueExecution, ...]:
        """Every execution in its last revision."""
        return tuple(known.newest for known in self._known.values())

    def untold(self) -> tuple[VenueExecution, ...]:
        """Executions of which neither the journal nor a report knows."""
        return tuple(
            known.newest
            for base_id, known in self._known.items()
            if known.told is None and base_id not in self._told_before
        )

    def fills(self, now: datetime, estimate: Estimate) -> tuple[Fill, ...]:
        """Fills that have not been told yet and need not wait any longer, oldest first."""
        told = []
        for known in sorted(self._known.values(), key=_time):
            if known.told is not None or not known.newest.client_id:
                continue
            if known.newest.base_id in self._told_before:
                continue
            if not known.newest.commission_told and now - known.first_heard < self._wait:
                continue
            fill = _fill(known.newest, estimate)
            if fill is not None:
                known.told = fill
                told.append(fill)
        return tuple(told)

    def amendments(self, estimate: Estimate) -> tuple[FillAmendment, ...]:
        """What was told and is different now: a correction, or a commission that came late."""
        amended = []
        for known in self._known.values():
            if known.told is None:
                continue
            fill = _fill(known.newest, estimate)
            if fill is None or not known.newest.commission_told or _same(fill, known.told):
                continue
            why = "the commission is known now"
            if (fill.price, fill.quantity) != (known.told.price, known.told.quantity):
                why = f"IBKR corrected the execution (revision {known.newest.revision})"
            amended.append(FillAmendment(fill, known.told, why))
            known.told = fill
        return tuple(amended)


def _same(one: Fill, other: Fill) -> bool:
    return (one.price, one.quantity, one.fee_usd) == (other.price, other.quantity, other.fee_usd)


def _time(known: _Known) -> tuple[datetime, str]:
    return known.newest.at, known.newest.exec_id


def _fill(execution: VenueExecution, estimate: Estimate) -> Fill | None:
    around = estimate(execution)
    if around is None:
        return None
    fee_usd = around.fee_usd
    if execution.commission_usd is not None:
        fee_usd = max(execution.commission_usd, _NOTHING)  # a rebate is not counted on
    return Fill(
        fill_id=execution.base_id,
        client_id=execution.client_id,
        at=execution.at,
        price=execution.price,
        quantity=execution.quantity,
        fee_usd=fee_usd,
        reference_price=around.reference_price,
        settles_at=around.settles_at,
    )
