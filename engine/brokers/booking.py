"""Executions booked at the paper venue: cash and holdings move, and the next report tells of it.

Refuses what is not covered: such an execution ends its order instead of filling it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from engine.brokers.book import PaperBook, Standing
from engine.brokers.coverage import PaperCoverage
from engine.brokers.executions import Execution
from engine.brokers.settlement import Unsettled
from engine.compliance.lots import settles_at
from engine.costs import CostModel
from engine.model.instruments import Instrument
from engine.model.orders import Fill, Order, Side
from engine.ports import BrokerReport, Rejected

_NOTHING = Decimal(0)


@dataclass(slots=True)
class _News:
    """What the next report will tell."""

    fills: list[Fill] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


class Booking:
    """What has happened at the venue, and what of it is still to be told.

    Parameters
    ----------
    coverage : PaperCoverage
    costs : CostModel
    """

    def __init__(self, coverage: PaperCoverage, costs: CostModel) -> None:
        self._coverage, self._costs = coverage, costs
        self._ledger, self._settlement = coverage.ledger, coverage.settlement
        self._book: PaperBook = coverage.book
        self._news = _News()

    def report(self) -> BrokerReport:
        """Everything new since the last call."""
        news, self._news = self._news, _News()
        return BrokerReport(
            fills=tuple(news.fills),
            canceled=tuple(news.canceled),
            expired=tuple(news.expired),
            rejected=tuple(news.rejected),
            settled=tuple(news.settled),
        )

    def tell_settled(self, client_ids: Iterable[str]) -> None:
        """Purchases that are ours from now on."""
        self._news.settled += client_ids

    def lapse(self, standing: Standing) -> None:
        """Let go of an order whose time is over."""
        standing.working = False
        self._news.expired.append(standing.order.client_id)

    def execute(
        self, standing: Standing, instrument: Instrument, execution: Execution | None
    ) -> bool:
        """Book an execution as far as cash and holding cover it; True if anything filled."""
        if execution is None:
            return False
        fill = self._fill(standing, instrument, execution)
        if fill is None:
            return False
        self._ledger.book(fill, standing.order.side, instrument)
        self._expect(fill, standing.order, instrument)
        self._news.fills.append(fill)
        standing.filled += fill.quantity
        standing.since = max(standing.since, fill.at)
        self._close_if_done(standing, instrument)
        return True

    def _expect(self, fill: Fill, order: Order, instrument: Instrument) -> None:
        if fill.settles_at is None:
            return
        if order.side is Side.BUY:
            what = Unsettled(order.client_id, instrument.base, fill.quantity, fill.settles_at)
        else:
            proceeds = fill.price * fill.quantity - fill.fee_usd
            what = Unsettled("", "USD", proceeds, fill.settles_at)
        self._settlement.expect(what)

    def _fill(
        self, standing: Standing, instrument: Instrument, execution: Execution
    ) -> Fill | None:
        order, quantity = standing.order, execution.quantity
        if order.side is Side.SELL:
            quantity = min(quantity, self._coverage.owned(instrument))
        elif self._costs_more_than_there_is(execution, instrument):
            quantity = _NOTHING
        if quantity <= _NOTHING:
            self.drop(standing, "not covered by what is held or settled")
            return None
        # An exit sent for the bar of its entry fills no earlier than it was made.
        at = max(execution.at, order.created_at)
        stamp = f"{at:%Y%m%dT%H%M%S.%fZ}"
        return Fill(
            fill_id=f"{order.client_id}@{stamp}+{standing.filled.normalize():f}",
            client_id=order.client_id,
            at=at,
            price=execution.price,
            quantity=quantity,
            fee_usd=self._costs.fee_usd(
                instrument, execution.price * quantity, maker=execution.maker
            ),
            reference_price=execution.reference,
            settles_at=settles_at(at, instrument.settles_after_days),
        )

    def _costs_more_than_there_is(self, execution: Execution, instrument: Instrument) -> bool:
        outlay = self._coverage.outlay_usd(execution.price, execution.quantity, instrument)
        return outlay > self._coverage.settled_usd()

    def _close_if_done(self, standing: Standing, instrument: Instrument) -> None:
        pair = self._book.pair_of(standing.order)
        spent = standing.order.side is Side.SELL and self._ledger.held(instrument) <= _NOTHING
        if standing.filled >= standing.order.quantity:
            standing.working = False
        if self._book.remaining(standing) <= _NOTHING or spent:
            self._withdraw(s for s in (standing, pair) if s is not None and s.working)

    def drop(self, standing: Standing, reason: str) -> None:
        """End an order that cannot go on: refused if nothing of a purchase has filled."""
        standing.working = False
        client_id = standing.order.client_id
        if standing.order.side is Side.SELL or standing.filled > _NOTHING:
            self._news.canceled.append(client_id)
        else:
            self._news.rejected.append(Rejected(client_id, reason))

    def _withdraw(self, halves: Iterable[Standing]) -> None:
        for half in halves:
            half.working = False
            self._news.canceled.append(half.order.client_id)
