"""The record against what the venues state of the account: every difference is one typed line.

Refuses to absorb anything: what the owner did by hand is told and left alone, and what the record
does not account for stays a difference until somebody puts it right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.desk.policy import Policy
from engine.journal.ledger import ZERO, Ledger, OrderRecord
from engine.model.orders import OrderState, Side
from engine.model.positions import LotState
from engine.model.reconciliation import (
    Difference,
    DifferenceKind,
    StatedFill,
    StatedOrder,
    VenueStatement,
)

DOLLARS = "USD"
_CENT = Decimal("0.01")
_ROUNDING_A_FILL = Decimal("0.0001")
"""US dollars by which a venue's books may round each fill's value and fee."""
_IN_DOUBT = frozenset({OrderState.INTENDED, OrderState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Books:
    """The account as the record has it.

    Attributes
    ----------
    balances : mapping of str to Decimal, US dollars or base units
        Settled, with what was set aside for the owner.
    dust : mapping of str to Decimal, US dollars or base units
        What each asset may differ by and be equal: less than a lot, less than a cent and the
        rounding of the fills.
    working : mapping of client id to instrument
        Orders that the venue has taken and that may still fill.
    orders : set of str
        Client ids of every order there ever was.
    fills : set of str
        Ids of every fill there ever was.
    """

    balances: Mapping[str, Decimal]
    dust: Mapping[str, Decimal]
    working: Mapping[str, str]
    orders: AbstractSet[str]
    fills: AbstractSet[str]


def books_of(
    ledger: Ledger, policy: Policy, at: datetime, working: Sequence[OrderRecord] | None = None
) -> Books:
    """What the record says that the account must hold.

    Parameters
    ----------
    at : datetime, aware UTC
        Up to when the venue has seen the market: what settles later is on its way.
    working : sequence of OrderRecord, optional
        The open orders, where the caller has looked for them already.
    """
    dust = {each.base: each.lot for each in policy.instruments.values()}
    dust[DOLLARS] = _CENT + _ROUNDING_A_FILL * len(ledger.fills)
    return Books(
        balances=balances_of(ledger, policy, at),
        dust=dust,
        working={
            record.order.client_id: record.order.instrument
            for record in (ledger.open_orders() if working is None else working)
            if record.state not in _IN_DOUBT
        },
        orders=ledger.orders.keys(),
        fills=ledger.fills.keys(),
    )


def balances_of(ledger: Ledger, policy: Policy, at: datetime) -> dict[str, Decimal]:
    """Settled cash in US dollars and settled units of each asset, as the record has them.

    What was set aside when the desk went live is on the account too.
    """
    balances = dict(ledger.set_aside)
    settled_usd = ledger.cash_usd - ledger.unsettled_usd(at)
    balances[DOLLARS] = balances.get(DOLLARS, ZERO) + settled_usd
    for held in ledger.positions.values():
        if held.lot is LotState.BOUGHT:
            continue
        base = policy.instruments[held.instrument].base
        balances[base] = balances.get(base, ZERO) + held.quantity
    return balances


def differences(books: Books, statements: Iterable[VenueStatement]) -> tuple[Difference, ...]:
    """Everything in which the venues and the record differ, what stops entries first.

    Dollars are one sum over all venues; any other asset counts wherever it lies.
    """
    stated = tuple(statements)
    found = (
        *_balances(books, stated),
        *(each for statement in stated for each in _orders(books, statement)),
        *_gone(books, stated),
        *(each for statement in stated for each in _fills(books, statement)),
    )
    return tuple(sorted(found, key=lambda each: not each.halts))


def _balances(books: Books, stated: tuple[VenueStatement, ...]) -> Iterator[Difference]:
    there: dict[str, Decimal] = {}
    for statement in stated:
        for asset, amount in statement.balances.items():
            there[asset] = there.get(asset, ZERO) + amount
    name = "+".join(statement.venue for statement in stated)
    for asset in sorted({*books.balances, *there}):
        one, other = books.balances.get(asset, ZERO), there.get(asset, ZERO)
        if asset in books.dust or asset in books.balances:
            dust = books.dust.get(asset, _ROUNDING_A_FILL)
            if not (other.is_finite() and abs(one - other) < dust):
                yield _balance(name, asset, one, other)
        elif other:
            yield _owners_asset(name, asset, other)


def _owners_asset(venue: str, asset: str, amount: Decimal) -> Difference:
    there = f"{_exact(amount)} {asset}"
    told = f"{venue} holds {there}, which this desk does not trade: the owner's"
    return Difference(DifferenceKind.OWNERS_ASSET, venue, asset, "", there, told)


def _exact(amount: Decimal) -> str:
    """A number without the zeros at its end; one that is none as it is."""
    return f"{amount.normalize():f}"


def _balance(venue: str, asset: str, here: Decimal, there: Decimal) -> Difference:
    """A difference of nothing but numbers; one that is no number is told as it is."""
    gap, one, other = there - here, _exact(here), _exact(there)
    more = "no number"
    if gap.is_finite():
        more = f"{_exact(abs(gap))} {'more' if gap > ZERO else 'less'}"
    told = (
        f"{venue} holds {other} {asset}, and the record comes to {one} with what is the owner's: "
        f"{more} at the venue"
    )
    kind = DifferenceKind.BALANCE
    return Difference(kind, venue, asset, f"{one} {asset}", f"{other} {asset}", told)


def _orders(books: Books, statement: VenueStatement) -> Iterator[Difference]:
    for order in statement.orders:
        if order.client_id in books.orders:
            if order.client_id not in books.working:
                yield _unknown(statement.venue, order, "which the record knows as ended")
        elif order.client_id:
            yield _unknown(statement.venue, order, "which the record has never sent")
        else:
            yield Difference(
                DifferenceKind.OWNERS_ORDER, statement.venue, order.venue_id, "", _what(order),
                f"the owner's own order {order.venue_id} works at {statement.venue}: "
                f"{_what(order)}",
            )  # fmt: skip


def _unknown(venue: str, order: StatedOrder, why: str) -> Difference:
    told = f"order {order.client_id} works at {venue}, {why}: {_what(order)}"
    return Difference(DifferenceKind.ORDER_UNKNOWN, venue, order.client_id, "", _what(order), told)


def _what(order: StatedOrder) -> str:
    side = order.side or "trade"
    return f"{side} {_exact(order.left)} of {order.market or 'what it does not say'}"


def _gone(books: Books, stated: tuple[VenueStatement, ...]) -> Iterator[Difference]:
    seen = {order.client_id for statement in stated for order in statement.orders}
    name = "+".join(statement.venue for statement in stated)
    for client_id, instrument in sorted(books.working.items()):
        if client_id not in seen:
            told = f"order {client_id} on {instrument} works by the record, and {name} lists none"
            yield Difference(DifferenceKind.ORDER_GONE, name, client_id, "works", "", told)


def _fills(books: Books, statement: VenueStatement) -> Iterator[Difference]:
    for fill in statement.fills or ():
        if fill.fill_id in books.fills:
            continue
        if fill.client_id:
            kind, whose = DifferenceKind.FILL_UNBOOKED, f"of order {fill.client_id} is not booked"
        else:
            kind, whose = DifferenceKind.OWNERS_TRADE, "is the owner's own"
        told = f"execution {fill.fill_id} at {statement.venue} {whose}: {_done(fill)}"
        yield Difference(kind, statement.venue, fill.fill_id, "", _done(fill), told)


def _done(fill: StatedFill) -> str:
    did = "bought" if fill.side is Side.BUY else "sold"
    return f"{did} {_exact(fill.quantity)} of {fill.market or 'it'} at {_exact(fill.price)}"


# -------------------------------------------------------------- the record against itself


def whole_books_of(ledger: Ledger, policy: Policy) -> Books:
    """Cash and positions of the record, settled or not, and no orders: what fills add up to."""
    balances = dict(ledger.set_aside)
    balances[DOLLARS] = balances.get(DOLLARS, ZERO) + ledger.cash_usd
    for held in ledger.positions.values():
        base = policy.instruments[held.instrument].base
        balances[base] = balances.get(base, ZERO) + held.quantity
    return Books(balances, {}, {}, frozenset(), frozenset())


def books_by_fills(ledger: Ledger, policy: Policy) -> VenueStatement:
    """What the fills alone add up to, as if they were a venue's statement.

    A paper desk has no account elsewhere: this is the one second opinion that there is, a sum
    that knows nothing of positions, lots and trades.
    """
    since = ledger.mode_since
    balances = dict(ledger.set_aside)
    balances[DOLLARS] = balances.get(DOLLARS, ZERO) + ledger.start_cash_usd
    for fill in ledger.fills.values():
        order = ledger.orders[fill.client_id].order
        if since is not None and order.created_at < since:
            continue
        sign = 1 if order.side is Side.BUY else -1
        base = policy.instruments[order.instrument].base
        balances[DOLLARS] -= sign * fill.price * fill.quantity + fill.fee_usd
        balances[base] = balances.get(base, ZERO) + sign * fill.quantity
    return VenueStatement(f"{len(ledger.fills)} fills", balances, (), None)
