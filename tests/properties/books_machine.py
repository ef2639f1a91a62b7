"""Random events, lawful and not, against the fold and compliance alone: thousands a minute.

Refuses to trust the fold: a second set of books, kept here in plain numbers, must agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition

from engine.compliance import check_after, check_entry, check_exit, check_pair
from engine.errors import InvariantBroken
from engine.journal.chain import GENESIS, Anchor
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.journal.sealing import Seal
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.events import Event
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import LotState
from engine.model.verdicts import Refused
from tests.kit.events import NOON, OPENED, approved, filled, order, raised, terms
from tests.kit.market import BTC
from tests.properties.walking import Steps

STEPS = Steps()
rule = STEPS.rule

QUANTITIES = st.sampled_from(
    [Decimal(q) for q in ("0.5", "1", "2", "1", "0.5", "3", "0", "-1", "50")]
)
PRICES = st.sampled_from([Decimal(p) for p in (100, 95, 96, 111, 94, 80, 9_000, 9_000)])


@dataclass
class Book:
    """One proposal in plain numbers."""

    approved: Decimal = Decimal(0)
    entries: int = 0
    held: Decimal = Decimal(0)
    bought: Decimal = Decimal(0)
    lot: str = "none"
    highest_stop: Decimal = Decimal(95)


class BooksMachine(RuleBasedStateMachine):
    """The ledger under any sequence of events."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.seal = Seal("desk", "c" * 64)
        self.head = Anchor(0, GENESIS)
        self.at = NOON
        self.books: dict[str, Book] = {}
        self.orders: dict[str, Order] = {}
        self.cash = Decimal(10_000)
        self.count = 0
        self.used: set[int] = set()
        assert self.put(OPENED)

    def put(self, event: Event) -> bool:
        """Write `event`; False if the ledger refused it, in which case nothing has changed."""
        self.at += timedelta(seconds=1)
        batch = self.seal.batch((event,), self.at, 0, self.head)
        self.head = batch.head
        before = (self.ledger.cash_usd, dict(self.ledger.positions), len(self.ledger.trades))
        try:
            apply(self.ledger, batch.envelopes[0])
        except InvariantBroken:
            ledger = self.ledger
            assert before == (ledger.cash_usd, dict(ledger.positions), len(ledger.trades))
            ledger.broken.clear()
            return False
        return True

    def name(self, which: int) -> str:
        names = list(self.books)
        return names[which % len(names)] if names else "P-NONE"

    # ------------------------------------------------------------------ proposals and entries

    @precondition(lambda self: len(self.books) < 4)
    @rule()
    def propose(self) -> None:
        name = f"P-{len(self.books):04d}"
        assert self.put(raised(name))
        self.books[name] = Book()

    @precondition(lambda self: len(self.books) < 6)
    @rule(quantity=st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)]))
    def begin(self, quantity: Decimal) -> None:
        """The lawful way in: proposed, approved, about to be bought."""
        name = f"P-{len(self.books):04d}"
        assert self.put(raised(name))
        assert self.put(approved(name, str(quantity)))
        made = self._order(name, Side.BUY, Purpose.ENTRY, quantity)
        assert self.put(happened.OrderIntended(made))
        self.books[name] = Book(approved=quantity, entries=1)
        self.orders[made.client_id] = made

    @precondition(lambda self: any(o.side is Side.BUY for o in self.orders.values()))
    @rule(which=st.integers(0, 3), price=PRICES)
    def hold(self, which: int, price: Decimal) -> None:
        """The lawful way through: filled, settled, released; cash alone may say no."""
        buys = [o for o in self.orders.values() if o.side is Side.BUY]
        made = buys[which % len(buys)]
        self._fill(made, made.quantity, price, fresh=True)
        name = made.proposal_id
        book = self.books[name]
        if book.lot == "bought":
            assert self.put(happened.LotSettled(name))
            book.lot = "settled"
        if book.lot == "settled":
            assert self.put(happened.LotReleased(name))
            book.lot = "sellable"

    @precondition(lambda self: self.books)
    @rule(which=st.integers(0, 3))
    def possess(self, which: int) -> None:
        """The lawful way on: settled, then released."""
        self.settle(which)
        self.release(which)

    @rule(which=st.integers(0, 3), quantity=QUANTITIES)
    def approve(self, which: int, quantity: Decimal) -> None:
        name = self.name(which)
        if self.put(approved(name, str(quantity))):
            book = self.books[name]
            assert book.approved == 0
            assert 0 < quantity <= terms(name).quantity
            book.approved = quantity

    @rule(which=st.integers(0, 3), quantity=QUANTITIES, purpose=st.sampled_from(Purpose))
    def buy(self, which: int, quantity: Decimal, purpose: Purpose) -> None:
        name = self.name(which)
        made = self._order(name, Side.BUY, purpose, quantity)
        if self.put(happened.OrderIntended(made)):
            book = self.books[name]
            assert purpose is Purpose.ENTRY
            assert book.entries == 0
            assert quantity <= book.approved
            book.entries += 1
            self.orders[made.client_id] = made

    def _order(
        self, name: str, side: Side, purpose: Purpose, quantity: Decimal, **more: object
    ) -> Order:
        self.count += 1
        return order(f"o{self.count}", purpose, str(quantity), proposal_id=name, side=side, **more)

    # ------------------------------------------------------------------ fills

    @precondition(lambda self: self.orders)
    @rule(
        which=st.integers(0, 9),
        quantity=QUANTITIES,
        price=PRICES,
        fresh=st.sampled_from([True, True, True, False]),
    )
    def fill(self, which: int, quantity: Decimal, price: Decimal, fresh: bool) -> None:
        made = list(self.orders.values())[which % len(self.orders)]
        self._fill(made, quantity, price, fresh=fresh)

    def _fill(self, made: Order, quantity: Decimal, price: Decimal, *, fresh: bool) -> None:
        self.count += fresh
        event = filled(made.client_id, str(quantity), str(price), fill_id=f"f{self.count}")
        if not self.put(event):
            return
        book = self.books[made.proposal_id]
        assert quantity > 0
        if not fresh:
            assert self.count not in self.used
        self.used.add(self.count)
        if made.side is Side.BUY:
            self.cash -= price * quantity + 1
            book.held += quantity
            book.bought += quantity
            book.lot = "bought"
        else:
            self.cash += price * quantity - 1
            book.held -= quantity

    # ------------------------------------------------------------------ lots

    @precondition(lambda self: self.books)
    @rule(which=st.integers(0, 3))
    def settle(self, which: int) -> None:
        name = self.name(which)
        if self.put(happened.LotSettled(name)):
            assert self.books[name].lot == "bought"
            self.books[name].lot = "settled"

    @precondition(lambda self: self.books)
    @rule(which=st.integers(0, 3))
    def release(self, which: int) -> None:
        name = self.name(which)
        if self.put(happened.LotReleased(name)):
            assert self.books[name].lot == "settled"
            self.books[name].lot = "sellable"

    # ------------------------------------------------------------------ exits

    @rule(which=st.integers(0, 3), quantity=QUANTITIES, purpose=st.sampled_from(Purpose))
    def sell(self, which: int, quantity: Decimal, purpose: Purpose) -> None:
        name = self.name(which)
        made = self._order(name, Side.SELL, purpose, quantity)
        if self.put(happened.OrderIntended(made)):
            book = self.books[name]
            assert purpose is not Purpose.ENTRY
            assert book.lot == "sellable", "a sale of what is not ours"
            assert 0 < quantity <= book.held
            self.orders[made.client_id] = made

    @rule(which=st.integers(0, 3), quantity=QUANTITIES, price=PRICES, paired=st.booleans())
    def stop(self, which: int, quantity: Decimal, price: Decimal, paired: bool) -> None:
        """Placed, replaced and linked anew at any price."""
        name = self.name(which)
        other = next(reversed(self.orders), "") if paired else ""
        made = self._order(
            name, Side.SELL, Purpose.STOP, quantity,
            type=OrderType.STOP, stop_price=price, linked_to=other,
        )  # fmt: skip
        if self.put(happened.OrderIntended(made)):
            book = self.books[name]
            assert book.lot == "sellable", "a stop on what is not ours"
            assert price >= book.highest_stop, "a wider stop"
            assert 0 < quantity <= book.held
            book.highest_stop = price
            self.orders[made.client_id] = made

    @precondition(lambda self: any(book.lot == "sellable" for book in self.books.values()))
    @rule(raised=st.sampled_from([Decimal(111), Decimal(100)]))
    def trail(self, raised: Decimal) -> None:
        """The lawful way up, and a try at the way down again."""
        name = next(name for name, book in self.books.items() if book.lot == "sellable")
        book = self.books[name]
        for price in (raised, Decimal(96)):
            made = self._order(
                name, Side.SELL, Purpose.STOP, book.held, type=OrderType.STOP, stop_price=price,
            )  # fmt: skip
            if self.put(happened.OrderIntended(made)):
                assert price >= book.highest_stop, "a wider stop"
                book.highest_stop = price
                self.orders[made.client_id] = made
                self.turn(list(self.orders).index(made.client_id), "cancel")

    @precondition(lambda self: self.orders)
    @rule(which=st.integers(0, 9), turn=st.sampled_from(["accept", "reject", "cancel", "expire"]))
    def turn(self, which: int, turn: str) -> None:
        client_id = list(self.orders)[which % len(self.orders)]
        event: Event = {
            "accept": happened.OrderAccepted(client_id, "v"),
            "reject": happened.OrderRejected(client_id, "no"),
            "cancel": happened.OrderCanceled(client_id, "off"),
            "expire": happened.OrderExpired(client_id),
        }[turn]
        rejected = self.put(event) and turn == "reject"
        made = self.orders[client_id]
        if rejected and made.purpose is Purpose.STOP:
            # A stop that never stood binds no later one.
            stops = self.ledger.highest_stop(made.proposal_id)
            self.books[made.proposal_id].highest_stop = max(Decimal(95), stops or Decimal(0))

    # ------------------------------------------------------------------ the checks by themselves

    @rule(
        side=st.sampled_from(Side),
        kind=st.sampled_from(OrderType),
        purpose=st.sampled_from(Purpose),
        quantity=QUANTITIES,
        cash=QUANTITIES,
        outlay=QUANTITIES,
        held=st.booleans(),
    )
    def entry_check(
        self,
        side: Side,
        kind: OrderType,
        purpose: Purpose,
        quantity: Decimal,
        cash: Decimal,
        outlay: Decimal,
        held: bool,
    ) -> None:
        position = next(iter(self.ledger.positions.values()), None) if held else None
        made = order("x", purpose, str(quantity), side=side, type=kind)
        verdict = check_entry(made, BTC, cash, position, "paper", outlay_usd=outlay)
        lawful = (
            side is Side.BUY
            and purpose is Purpose.ENTRY
            and kind is not OrderType.STOP
            and quantity > 0
            and position is None
            and 0 < outlay <= cash
        )
        assert isinstance(verdict, Refused) != lawful

    @precondition(lambda self: self.ledger.positions)
    @rule(quantity=QUANTITIES, resting=QUANTITIES, price=PRICES, before=PRICES)
    def exit_check(
        self, quantity: Decimal, resting: Decimal, price: Decimal, before: Decimal
    ) -> None:
        for held in self.ledger.positions.values():
            made = order(
                "x", Purpose.STOP, str(quantity), type=OrderType.STOP, stop_price=price,
                proposal_id=held.id,
            )  # fmt: skip
            verdict = check_exit(made, held, resting=resting, highest_stop=before)
            lawful = (
                held.lot is LotState.SELLABLE
                and 0 < quantity <= held.quantity - resting
                and resting >= 0
                and price >= max(before, held.stop)
            )
            assert isinstance(verdict, Refused) != lawful
            assert isinstance(check_pair(made, made), Refused)

    @precondition(lambda self: len(self.books) == 3)
    @rule()
    def steps_of_others(self) -> None:
        """What is the owner's alone is not taken from the desk."""
        assert not self.put(happened.Resumed(DESK, "please"))

    # ------------------------------------------------------------------ what must always hold

    @invariant()
    def both_books_agree(self) -> None:
        ledger = self.ledger
        assert ledger.cash_usd == self.cash >= 0
        for name, book in self.books.items():
            held = ledger.positions.get(name)
            assert book.held >= 0
            assert book.bought <= book.approved
            assert (held.quantity if held else Decimal(0)) == book.held
            if held is not None:
                assert held.lot == book.lot
            else:
                book.lot = "none"

    @invariant()
    def what_compliance_proves_after_any_change_holds_of_money(self) -> None:
        ledger = self.ledger
        holdings = {p.id: p.quantity for p in ledger.positions.values()}
        check_after(ledger.cash_usd, holdings)
