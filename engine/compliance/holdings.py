"""What must be true of cash, holdings and working orders after any change whatever.

Refuses to mend: what is broken is raised, and the desk halts on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.errors import InvariantBroken
from engine.model.orders import Order, Side
from engine.model.positions import LotState, Position

_NOTHING = Decimal(0)


def check_after(
    cash_usd: Decimal,
    holdings: Mapping[str, Decimal],
    positions: Iterable[Position] = (),
    working: Iterable[Order] = (),
) -> None:
    """Prove, after any change, that nothing forbidden has come about.

    Parameters
    ----------
    cash_usd : Decimal, US dollars
    holdings : mapping of instrument to Decimal, base units
    positions : iterable of Position
    working : iterable of Order
        Orders that may still fill.

    Raises
    ------
    InvariantBroken
        If cash or a holding is negative or not a number, a position holds more than was bought,
        one instrument is held twice, or working orders could sell what is not there to be sold.
    """
    _own("cash", cash_usd)
    for instrument, quantity in holdings.items():
        _own(f"holding of {instrument}", quantity)
    held: dict[str, Position] = {}
    for position in positions:
        _own(f"position in {position.instrument}", position.quantity)
        if position.instrument in held:
            raise InvariantBroken(f"{position.instrument} is held twice: no averaging down")
        if position.quantity > position.bought:
            raise InvariantBroken(
                f"position in {position.instrument} holds {position.quantity}, "
                f"bought {position.bought}"
            )
        held[position.instrument] = position
    _check_sells([order for order in working if order.side is Side.SELL], held)


def _own(what: str, amount: Decimal) -> None:
    if not (amount.is_finite() and amount >= _NOTHING):
        raise InvariantBroken(f"{what} must be >= 0, was {amount}")


def _check_sells(sells: list[Order], held: Mapping[str, Position]) -> None:
    """Each one-cancels-other pair counts once, for its larger half."""
    needed: dict[str, dict[frozenset[str], Decimal]] = {}
    for order in sells:
        pair = frozenset({order.client_id, order.linked_to or order.client_id})
        claims = needed.setdefault(order.instrument, {})
        claims[pair] = max(claims.get(pair, _NOTHING), order.quantity)
    for instrument, claims in needed.items():
        position, wanted = held.get(instrument), sum(claims.values(), _NOTHING)
        if position is None or position.lot is not LotState.SELLABLE or wanted > position.quantity:
            there = "nothing" if position is None else f"{position.quantity}, {position.lot}"
            raise InvariantBroken(f"working orders sell {wanted} {instrument}, held: {there}")
