"""What an order may be: entries that buy with own settled cash, exits that sell what is owned.

Refuses averaging down, widened stops, sales of what is not settled, and anything unknown.
"""

from __future__ import annotations

from decimal import Decimal

from engine.compliance.forms import check_attested, check_form
from engine.model.instruments import Instrument
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import LotState, Position
from engine.model.verdicts import Approved, Forbidden, Refused

_ENTRY_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT})
_MODES = ("paper", "live")
_NOTHING = Decimal(0)
_NOT_A_NUMBER = Decimal("NaN")


def check_entry(
    order: Order,
    instrument: Instrument,
    settled_cash_usd: Decimal,
    position: Position | None,
    mode: str,
    *,
    outlay_usd: Decimal,
) -> Approved | Refused:
    """Whether `order` may open a position.

    Parameters
    ----------
    settled_cash_usd : Decimal, US dollars
        Own and settled, less what other working buys have reserved.
    position : Position or None
        What is already held of the instrument.
    mode : str
        ``paper`` or ``live``.
    outlay_usd : Decimal, US dollars, > 0
        Most that the order can take: notional and fees.

    Returns
    -------
    Approved or Refused
        ``Forbidden`` where the order would break an invariant: whoever built it is at fault.

    Raises
    ------
    ValueError
        If `mode` is neither ``paper`` nor ``live``.
    """
    if mode not in _MODES:
        raise ValueError(f"mode must be 'paper' or 'live', was {mode!r}")
    return (
        _wrong_instrument(order, instrument)
        or check_form(instrument)
        or _wrong_entry(order)
        or check_attested(instrument, mode)
        or _averaging_down(position)
        or _unfunded(settled_cash_usd, outlay_usd)
        or Approved(order.quantity)
    )


def check_exit(
    order: Order,
    position: Position | None,
    *,
    resting: Decimal = _NOTHING,
    highest_stop: Decimal | None = None,
) -> Approved | Refused:
    """Whether `order` may sell what is held; halts and breakers are not asked.

    A quantity, stop or claim that is no finite number is refused, whichever of them it is.

    Parameters
    ----------
    position : Position or None
        What is held of the instrument.
    resting : Decimal, base units, >= 0
        What other working sells, not linked to this one, may still sell.
    highest_stop : Decimal or None, quote currency
        Highest stop that ever guarded the position: a replacement may not stand below it.
    """
    if order.side is not Side.SELL or order.purpose is Purpose.ENTRY:
        return Forbidden("exits only sell", f"{order.purpose} to {order.side}", "a sale")
    if position is None or position.instrument != order.instrument:
        held = "nothing" if position is None else position.instrument
        return Forbidden(
            "no short sale", f"sale of {order.instrument}, held: {held}", "what is held"
        )
    if position.lot is not LotState.SELLABLE:
        return Forbidden(
            "possession before sale",
            f"the lot is {position.lot}",
            str(LotState.SELLABLE),
            "The order goes out once the lot is settled.",
        )
    return (
        _oversold(order, position, resting)
        or _widened(order, position, highest_stop)
        or Approved(order.quantity)
    )


def check_pair(first: Order, second: Order) -> Refused | None:
    """Whether two orders may cancel each other: one lot, sold once, by a stop and a target.

    A relink that pairs a stop with another lot's target would leave one lot unguarded when the
    other's target fills.
    """
    linked = first.linked_to == second.client_id and second.linked_to == first.client_id
    one_lot = first.proposal_id == second.proposal_id and first.instrument == second.instrument
    types = {first.type, second.type} == {OrderType.STOP, OrderType.LIMIT}
    if linked and one_lot and types and first.quantity == second.quantity:
        return None
    return Forbidden(
        "one lot, one pair",
        f"{first.client_id} with {second.client_id}",
        "a stop and a target of one lot that name each other",
    )


def _wrong_instrument(order: Order, instrument: Instrument) -> Refused | None:
    if order.instrument == instrument.symbol:
        return None
    return Forbidden("instrument", order.instrument, instrument.symbol)


def _wrong_entry(order: Order) -> Refused | None:
    if order.side is not Side.BUY or order.purpose is not Purpose.ENTRY:
        return Forbidden("long only", f"{order.purpose} to {order.side}", "an entry that buys")
    if order.type not in _ENTRY_TYPES:
        return Forbidden("entry type", str(order.type), "market or limit")
    if order.linked_to:
        return Forbidden("entry type", f"linked to {order.linked_to}", "an order of its own")
    if not (order.quantity.is_finite() and order.quantity > _NOTHING):
        return Forbidden("quantity", str(order.quantity), "more than 0")
    return None


def _averaging_down(position: Position | None) -> Refused | None:
    if position is None:
        return None
    return Forbidden(
        "no averaging down", f"{position.quantity} {position.instrument} held", "nothing held"
    )


def _unfunded(settled_cash_usd: Decimal, outlay_usd: Decimal) -> Refused | None:
    known = settled_cash_usd.is_finite() and outlay_usd.is_finite() and outlay_usd > _NOTHING
    if known and outlay_usd <= settled_cash_usd:
        return None
    return Forbidden(
        "settled own cash", f"{outlay_usd} USD needed", f"{settled_cash_usd} USD settled"
    )


def _oversold(order: Order, position: Position, resting: Decimal) -> Refused | None:
    # First whether they are numbers: comparing one that is not raises instead of refusing.
    countable = position.quantity.is_finite() and not resting.is_nan()
    free = position.quantity - resting if countable else _NOT_A_NUMBER
    known = order.quantity.is_finite() and free.is_finite()
    if known and resting >= _NOTHING and _NOTHING < order.quantity <= free:
        return None
    return Forbidden("no short sale", f"{order.quantity} to sell", f"{free} free to sell")


def _widened(order: Order, position: Position, highest: Decimal | None) -> Refused | None:
    if order.type is not OrderType.STOP:
        return None
    floors = [position.stop] if highest is None else [position.stop, highest]
    floor = max(floors) if all(each.is_finite() for each in floors) else _NOT_A_NUMBER
    stop = order.stop_price
    readable = not floor.is_nan()
    if readable and stop is not None and stop.is_finite() and stop >= floor:
        return None
    return Forbidden("no stop widening", f"stop at {stop}", f"{floor} or above")
