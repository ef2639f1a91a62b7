"""What covers an order at the paper venue: settled cash for a purchase, own free units for a sale.

Refuses credit and shorts: what another working order may still take or sell covers nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from engine.brokers.book import PaperBook
from engine.brokers.ledger import PaperLedger
from engine.brokers.settlement import Settlement
from engine.costs import CostModel
from engine.model.instruments import Instrument
from engine.model.orders import Order, Side

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class PaperCoverage:
    """Cash, holdings and what working orders claim of both.

    Attributes
    ----------
    price_of : callable of str to Decimal or None, quote currency
        What a buyer of a symbol pays now; None while nobody knows.
    """

    instruments: dict[str, Instrument]
    ledger: PaperLedger
    settlement: Settlement
    book: PaperBook
    costs: CostModel
    price_of: Callable[[str], Decimal | None]

    def reason_against(self, order: Order, instrument: Instrument) -> str:
        """Why `order` is not covered, one sentence; empty if it is."""
        if order.side is Side.SELL:
            return self._unheld(order, instrument)
        price = order.limit_price or self.price_of(order.instrument)
        return "" if price is None else self._unfunded(order, instrument, price)

    def owned(self, instrument: Instrument) -> Decimal:
        """Base units that are held and settled."""
        return self.ledger.held(instrument) - self.settlement.waiting(instrument.base)

    def settled_usd(self) -> Decimal:
        """Cash that is settled."""
        return self.ledger.cash_usd - self.settlement.waiting("USD")

    def outlay_usd(self, price: Decimal, quantity: Decimal, instrument: Instrument) -> Decimal:
        """Cash that a purchase takes, the taker fee in it."""
        notional = price * quantity
        return notional + self.costs.fee_usd(instrument, notional)

    def _unheld(self, order: Order, instrument: Instrument) -> str:
        pair = self.book.pair_of(order)
        if pair is not None and pair.filled >= pair.order.quantity:
            return f"the other half of the pair, {order.linked_to}, has filled"
        if pair is not None and pair.order.quantity != order.quantity:
            return f"both halves of a pair sell the same, not {pair.order.quantity}"
        free = self.owned(instrument) - self.book.claimed(order.instrument, pair)
        if order.quantity > free:
            return f"{order.quantity} {instrument.base} to sell, {free} held and free"
        return ""

    def _unfunded(self, order: Order, instrument: Instrument, price: Decimal) -> str:
        outlay = self.outlay_usd(price, order.quantity, instrument)
        free = self.settled_usd() - self._reserved_usd()
        if outlay > free:
            return f"{outlay:.2f} USD needed, {free:.2f} USD settled and free"
        return ""

    def _reserved_usd(self) -> Decimal:
        """Cash that working buys may still take, as far as their prices are known."""
        outlays = (
            self.outlay_usd(price, self.book.remaining(s), self.instruments[s.order.instrument])
            for s in self.book.working(Side.BUY)
            if (price := s.order.limit_price or self.price_of(s.order.instrument)) is not None
        )
        return sum(outlays, _NOTHING)
