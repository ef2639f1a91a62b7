"""What may never happen, whoever asks: shorts, borrowed money, unowned forms (MATH.md section 7).

Refuses by default. An engineering reading and not a ruling: what a scholar must still decide is
reported elsewhere and decides nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.errors import InvariantBroken
from engine.model.instruments import Instrument, InstrumentForm
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import LotState, Position
from engine.model.verdicts import Approved, Refused

ALLOWED_FORMS = frozenset(
    {
        InstrumentForm.CRYPTO_SPOT,
        InstrumentForm.ALLOCATED_METAL,
        InstrumentForm.TOKENISED_ALLOCATED_METAL,
    }
)

# What a live broker may ever call: nothing here lends, borrows, stakes, earns or withdraws.
ALLOWED_VENUE_CALLS = frozenset(
    {
        "load_markets",
        "fetch_balance",
        "fetch_closed_orders",
        "fetch_my_trades",
        "fetch_ohlcv",
        "fetch_open_orders",
        "fetch_order",
        "fetch_order_book",
        "fetch_ticker",
        "fetch_time",
        "fetch_trading_fee",
        "fetch_trading_fees",
        "create_order",
        "cancel_order",
        "cancel_all_orders_after",
        # What the key itself may do: asked once, changes nothing.
        "private_post_getapikeyinfo",
        "v3_private_get_brokerage_key_permissions",
    }
)

_ENTRY_TYPES = frozenset({OrderType.MARKET, OrderType.LIMIT})
_LIVE = "live"
_NOTHING = Decimal(0)


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

    Raises
    ------
    ValueError
        If `mode` is neither ``paper`` nor ``live``.
    """
    if mode not in ("paper", _LIVE):
        raise ValueError(f"mode must be 'paper' or 'live', was {mode!r}")
    return (
        _wrong_instrument(order, instrument)
        or _wrong_entry(order)
        or _unattested(instrument, mode)
        or _averaging_down(position)
        or _unfunded(settled_cash_usd, outlay_usd)
        or Approved(order.quantity)
    )


def check_exit(
    order: Order, position: Position | None, *, resting: Decimal = _NOTHING
) -> Approved | Refused:
    """Whether `order` may sell what is held; halts and breakers are not asked.

    Parameters
    ----------
    position : Position or None
        What is held of the instrument.
    resting : Decimal, base units, >= 0
        What other working sells, not linked to this one, may still sell.
    """
    if order.side is not Side.SELL or order.purpose is Purpose.ENTRY:
        return Refused("exits only sell", f"{order.purpose} to {order.side}", "a sale")
    if position is None or position.instrument != order.instrument:
        held = "nothing" if position is None else position.instrument
        return Refused(
            "no short sale", f"sale of {order.instrument}, held: {held}", "what is held"
        )
    if position.lot is not LotState.SELLABLE:
        return Refused(
            "possession before sale",
            f"the lot is {position.lot}",
            str(LotState.SELLABLE),
            "The order goes out once the lot is settled.",
        )
    return (
        _oversold(order, position, resting)
        or _widened(order, position)
        or Approved(order.quantity)
    )


def check_call(name: str) -> Refused | None:
    """Refuse a venue call that is not on the allow-list.

    Examples
    --------
    >>> check_call("create_order") is None
    True
    >>> check_call("borrow_margin").limit
    'venue calls'
    """
    if name in ALLOWED_VENUE_CALLS:
        return None
    return Refused("venue calls", name, "the allow-list in engine/compliance.py")


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
        or working orders could sell what is not there to be sold.
    """
    _own("cash", cash_usd)
    for instrument, quantity in holdings.items():
        _own(f"holding of {instrument}", quantity)
    held = {position.instrument: position for position in positions}
    for position in held.values():
        _own(f"position in {position.instrument}", position.quantity)
        if position.quantity > position.bought:
            raise InvariantBroken(
                f"position in {position.instrument} holds {position.quantity}, "
                f"bought {position.bought}"
            )
    _check_sells([order for order in working if order.side is Side.SELL], held)


def _wrong_instrument(order: Order, instrument: Instrument) -> Refused | None:
    if order.instrument != instrument.symbol:
        return Refused("instrument", order.instrument, instrument.symbol)
    if instrument.form not in ALLOWED_FORMS:
        allowed = ", ".join(sorted(ALLOWED_FORMS))
        return Refused("form of ownership", str(instrument.form), allowed)
    return None


def _wrong_entry(order: Order) -> Refused | None:
    if order.side is not Side.BUY or order.purpose is not Purpose.ENTRY:
        return Refused("long only", f"{order.purpose} to {order.side}", "an entry that buys")
    if order.type not in _ENTRY_TYPES:
        return Refused("entry type", str(order.type), "market or limit")
    if not (order.quantity.is_finite() and order.quantity > _NOTHING):
        return Refused("quantity", str(order.quantity), "more than 0")
    return None


def _unattested(instrument: Instrument, mode: str) -> Refused | None:
    if mode != _LIVE or instrument.attested_by:
        return None
    return Refused(
        "attested form",
        f"nobody has attested {instrument.symbol}",
        "an attested form",
        "Name who attested it in config.toml; until then it trades on paper only.",
    )


def _averaging_down(position: Position | None) -> Refused | None:
    if position is None:
        return None
    return Refused(
        "no averaging down", f"{position.quantity} {position.instrument} held", "nothing held"
    )


def _unfunded(settled_cash_usd: Decimal, outlay_usd: Decimal) -> Refused | None:
    known = settled_cash_usd.is_finite() and outlay_usd.is_finite() and outlay_usd > _NOTHING
    if known and outlay_usd <= settled_cash_usd:
        return None
    return Refused(
        "settled own cash", f"{outlay_usd} USD needed", f"{settled_cash_usd} USD settled"
    )


def _oversold(order: Order, position: Position, resting: Decimal) -> Refused | None:
    free = position.quantity - resting
    if order.quantity.is_finite() and resting >= _NOTHING and _NOTHING < order.quantity <= free:
        return None
    return Refused("no short sale", f"{order.quantity} to sell", f"{free} free to sell")


def _widened(order: Order, position: Position) -> Refused | None:
    if order.type is not OrderType.STOP:
        return None
    if order.stop_price is not None and order.stop_price >= position.stop:
        return None
    return Refused("no stop widening", f"stop at {order.stop_price}", f"{position.stop} or above")


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
