"""Which calls may reach a venue: an allow-list, and a client that has nothing else.

Refuses lending, borrowing, staking, earning, margin, futures, transfers and withdrawals by not
having them: what is not on the list raises, whatever it is called and whatever venue it is of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.compliance.forms import CASH
from engine.errors import ForbiddenCall
from engine.model.verdicts import Forbidden, Refused

ALLOWED_VENUE_CALLS = frozenset(
    {
        "cancel_all_orders_after",
        "cancel_order",
        "close",
        "create_order",
        "fetch_balance",
        "fetch_closed_orders",
        "fetch_ledger",
        "fetch_my_trades",
        "fetch_ohlcv",
        "fetch_open_orders",
        "fetch_order",
        "fetch_order_book",
        "fetch_ticker",
        "fetch_time",
        "fetch_trades",
        "fetch_trading_fee",
        "fetch_trading_fees",
        "load_markets",
        # What the key itself may do: asked once, changes nothing.
        "private_post_getapikeyinfo",
        "v3_private_get_brokerage_key_permissions",
    }
)
"""Every method of a ccxt client that Executor may call; nothing here moves money but an order."""

ALLOWED_GATEWAY_CALLS = frozenset(
    {
        "cancelOrder",
        "placeOrder",
        "reqAccountSummary",
        "reqAllOpenOrders",
        "reqCompletedOrders",
        "reqContractDetails",
        "reqCurrentTime",
        "reqExecutions",
        "reqPositions",
    }
)
"""Every request of the TWS API that may be made of Interactive Brokers' gateway."""

_READABLE = frozenset({"has", "id", "last_http_response", "markets", "symbols", "timeframes"})
_WRITABLE = frozenset({"last_http_response", "markets"})

_ALLOWED_PARAMS = frozenset(
    {
        # Our own id, by whichever name the venue knows it, and paging of what is read.
        *("clientOrderId", "client_order_id", "cl_ord_id"),
        *("cursor", "end", "limit", "ofs", "order_status", "paginate", "since", "start", "until"),
    }
)
_ORDER_PARAMS = _ALLOWED_PARAMS | {
    *("deadline", "oflags", "postOnly", "post_only", "stopLossPrice"),
    *("timeInForce", "triggerPrice"),
}
_SPOT = ("type", "spot")
_LEDGER_PARAMS = _ALLOWED_PARAMS | {"account_id", "starting_after"}
_PARAMS = {"create_order": _ORDER_PARAMS, "fetch_ledger": _LEDGER_PARAMS}
_ALLOWED_FLAGS = "fciq"  # fees in the quote currency; any other of Kraken's flags is refused
_ORDER_TYPES = frozenset({"limit", "market", "stop-loss", "stop_loss"})
_ORDER_NAMES = ("symbol", "type", "side", "amount", "price", "params")


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
    return Forbidden("venue calls", name, "the allow-list in engine/compliance/calls.py")


def check_gateway_call(name: str) -> Refused | None:
    """Refuse a request of the TWS API that is not on the allow-list.

    Examples
    --------
    >>> check_gateway_call("placeOrder") is None
    True
    >>> check_gateway_call("exerciseOptions").limit
    'venue calls'
    """
    if name in ALLOWED_GATEWAY_CALLS:
        return None
    return Forbidden("venue calls", name, "the allow-list in engine/compliance/calls.py")


def check_request(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Refused | None:
    """Refuse a listed call whose arguments ask for more than the call's plain spot meaning.

    Parameters are allow-listed too: ``leverage``, ``margin``, ``marginMode``, ``reduceOnly`` and
    whatever a venue may invent next are refused because they are not on the list.

    Examples
    --------
    >>> order = ("BTC/USD", "market", "buy", 1.0, None)
    >>> check_request("create_order", (*order, {"clientOrderId": "x"}), {}) is None
    True
    >>> check_request("create_order", (*order, {"leverage": 2}), {}).value
    'create_order with leverage'
    """
    refused = check_call(name)
    if refused is not None:
        return refused
    given = dict(kwargs)
    if name == "create_order":
        given = dict(zip(_ORDER_NAMES, args, strict=False)) | given
        refused = _wrong_order(given)
        if refused is not None:
            return refused
    allowed = _PARAMS.get(name, _ALLOWED_PARAMS)
    for table in (*args, *given.values()):
        if not isinstance(table, Mapping):
            continue
        strange = [
            str(key)
            for key, value in table.items()
            if key not in allowed and (key, value) != _SPOT
        ]
        if strange:
            told = f"{name} with {', '.join(sorted(strange))}"
            return Forbidden("venue parameters", told, "the allow-list of parameters")
        flags = table.get("oflags", _ALLOWED_FLAGS)
        if flags != _ALLOWED_FLAGS:
            return Forbidden("venue parameters", f"{name} with oflags {flags}", _ALLOWED_FLAGS)
    return None


def _wrong_order(given: Mapping[str, Any]) -> Refused | None:
    strange = sorted(set(given) - set(_ORDER_NAMES))
    if strange:
        told = f"create_order with {', '.join(strange)}"
        return Forbidden("venue parameters", told, "the allow-list of parameters")
    base, _, quote = str(given.get("symbol")).partition("/")
    if not base or base in CASH or quote not in CASH:
        # A symbol such as BTC/USD:USD is a perpetual, BTC/PAXG a swap of two assets.
        return Forbidden("paid in cash", f"an order in {given.get('symbol')}", "spot, in USD")
    if given.get("side") not in ("buy", "sell") or given.get("type") not in _ORDER_TYPES:
        told = f"an order to {given.get('side')} of type {given.get('type')}"
        return Forbidden("venue parameters", told, "a plain buy or sell")
    return None


class GuardedClient:
    """A venue's client that can do nothing but what is on the allow-list.

    The one place where a client is called: feeds and brokers set the raw client up, wrap it, and
    keep no other reference. It guards against mistakes and against a library that grows, not
    against code that sets out to reach around it.

    Parameters
    ----------
    client : object
        A ccxt client, sync or async.

    Raises
    ------
    ForbiddenCall
        At the first use of anything that is not listed; the desk halts on it.

    Examples
    --------
    >>> class Client:
    ...     def fetch_time(self): return 7
    ...     def borrow_margin(self, code, amount): return "borrowed"
    >>> GuardedClient(Client()).fetch_time()
    7
    >>> GuardedClient(Client()).borrow_margin("USD", 1)
    Traceback (most recent call last):
    engine.errors.ForbiddenCall: Refused by venue calls: borrow_margin against a bound of the \
allow-list in engine/compliance/calls.py.
    """

    __slots__ = ("__client",)

    def __init__(self, client: object) -> None:
        object.__setattr__(self, "_GuardedClient__client", client)

    def __getattr__(self, name: str) -> Any:
        if name in _READABLE:
            return getattr(self.__client, name)
        _require(check_call(name))
        return _guarded(name, getattr(self.__client, name))

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _WRITABLE:
            _require(Forbidden("venue calls", f"setting {name}", "the allow-list of attributes"))
        setattr(self.__client, name, value)


def _guarded(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        _require(check_request(name, args, kwargs))
        return method(*args, **kwargs)

    return call


def _require(refused: Refused | None) -> None:
    if refused is not None:
        raise ForbiddenCall(refused.sentence)
