"""What covers an order at Interactive Brokers: units that are ours, dollars that are settled.

Refuses to count what is still on its way, and what another working sell has claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.brokers.ibkr import contracts
from engine.brokers.ibkr.account import account_of
from engine.brokers.ibkr.contracts import FORMS, Traded
from engine.brokers.ibkr.desk_orders import DeskOrders
from engine.brokers.ibkr.evidence import Evidence
from engine.brokers.ibkr.executions import Around, ExecutionBook
from engine.brokers.ibkr.facts import VenueExecution
from engine.brokers.ibkr.settlement import settles_at, unsettled
from engine.brokers.ibkr.street import Street
from engine.brokers.ibkr.wire import Wire
from engine.brokers.settlement import Settlement, Unsettled
from engine.errors import BrokerUnavailable
from engine.model.instruments import Instrument
from engine.model.orders import Fill, Order, Side
from engine.ports import Clock

_NOTHING = Decimal(0)


class Coverage:
    """What may be sold and spent on one account now.

    Parameters
    ----------
    account : str
        IB's number of it.
    orders, book : DeskOrders, ExecutionBook
        What works and what was executed; read here, written by the broker.
    settlement : Settlement
        Purchases that are on their way; added to here.
    prices : mapping of str to Decimal, quote currency
        The newest of each instrument, kept by the broker.
    """

    def __init__(
        self,
        account: str,
        street: Street,
        clock: Clock,
        orders: DeskOrders,
        book: ExecutionBook,
        settlement: Settlement,
        prices: Mapping[str, Decimal],
    ) -> None:
        self._account = account
        self._street = street
        self._clock = clock
        self._orders = orders
        self._book = book
        self._settlement = settlement
        self._prices = prices
        self._traded: dict[str, Traded] = {}

    async def balances(self, wire: Wire) -> dict[str, Decimal]:
        """Settled own dollars and what is possessed of each base asset, in its units."""
        settled: dict[str, Decimal] = {"USD": await self.settled_usd(wire)}
        for symbol, instrument in self._street.instruments.items():
            if self._street.venue_symbols.get(symbol) in FORMS:
                traded = await self.listed(wire, instrument)
                if isinstance(traded, Traded):
                    held = await self.possessed(wire, traded)
                    if held != _NOTHING:
                        settled[instrument.base] = held
        return settled

    async def uncovered(self, wire: Wire, order: Order, traded: Traded, evidence: Evidence) -> str:
        """What `order` lacks to be covered, one clause; empty if it lacks nothing."""
        base = traded.instrument.base
        if order.side is Side.SELL:
            free = await self.possessed(wire, traded) - self._orders.claimed(order, evidence)
            if order.quantity > free:
                return f"{order.quantity} {base} to sell, {free} held, settled and free"
            return ""
        price = order.limit_price or self._prices.get(order.instrument)
        if price is None:
            return f"no price of {order.instrument} is known, and so not what it may take"
        notional = price * order.quantity
        outlay = notional + self._street.costs.fee_usd(traded.instrument, notional)
        settled = await self.settled_usd(wire)
        if outlay > settled:
            return f"{outlay:.2f} USD needed, {settled:.2f} USD settled and free"
        return ""

    async def listed(self, wire: Wire, instrument: Instrument) -> Traded | str:
        """The instrument with what IB says of its contract, or why it cannot be traded."""
        known = self._traded.get(instrument.symbol)
        if known is not None:
            return known
        form = FORMS[self._street.venue_symbols[instrument.symbol]]
        found = await wire.listings(form.symbol, form.sec_type, form.exchange, form.currency)
        fault = contracts.listing_fault(form, found)
        if fault:
            return fault
        traded = Traded(instrument, form, found[0])
        self._traded[instrument.symbol] = traded
        return traded

    async def possessed(self, wire: Wire, traded: Traded) -> Decimal:
        """Base units held whose settlement day has come."""
        account, con_id = self._account, traded.listing.con_id
        held = sum(
            (
                each.quantity
                for each in await wire.holdings()
                if each.account == account and each.con_id == con_id
            ),
            _NOTHING,
        )
        now, days = self._clock.now(), traded.form.settles_after_days
        heard, untold = (
            unsettled(executions, con_id, days, now, self._street.is_business_day)
            for executions in (self._book.executed(), self._book.untold())
        )
        told = self._settlement.waiting_at(traded.instrument.base, now)
        waiting = max(heard, told + untold)
        return max(held - waiting, _NOTHING)

    async def settled_usd(self, wire: Wire) -> Decimal:
        """Own dollars that are settled: the least of what IB calls settled and what is there."""
        account = account_of(self._account, await wire.account_values())
        told = [cash for cash in (account.settled_usd, account.cash_usd) if cash is not None]
        if not told:
            raise BrokerUnavailable(f"IBKR does not tell the dollars of {account.id}")
        return max(min(told), _NOTHING)

    def expect(self, fills: Iterable[Fill]) -> None:
        """Let purchases be on their way until their settlement day."""
        for fill in fills:
            instrument = self._bought(fill.client_id)
            if instrument is not None and fill.settles_at is not None:
                self._settlement.expect(
                    Unsettled(fill.client_id, instrument.base, fill.quantity, fill.settles_at)
                )

    def _bought(self, client_id: str) -> Instrument | None:
        for each in self._book.executed():
            if each.client_id == client_id and each.side is Side.BUY:
                return self._instrument_of(each)
        return None

    def _instrument_of(self, execution: VenueExecution) -> Instrument | None:
        for symbol, instrument in self._street.instruments.items():
            if self._street.venue_symbols.get(symbol) == execution.symbol:
                return instrument
        return None

    def estimate(self, execution: VenueExecution) -> Around | None:
        """What stands around an execution; None if it is of nothing that is traded here."""
        form = FORMS.get(execution.symbol)
        if form is None or form.sec_type != execution.sec_type:
            return None
        for symbol, instrument in self._street.instruments.items():
            if self._street.venue_symbols.get(symbol) == form.symbol:
                notional = execution.price * execution.quantity
                return Around(
                    self._street.costs.fee_usd(instrument, notional),
                    self._prices.get(symbol, execution.price),
                    settles_at(
                        execution.at, form.settles_after_days, self._street.is_business_day
                    ),
                )
        return None
