"""Nothing that a real client can do beyond plain spot trading reaches a venue."""

from __future__ import annotations

import re
from typing import Any

import ccxt
import pytest

from engine.compliance import ALLOWED_VENUE_CALLS, GuardedClient, check_call, check_request
from engine.errors import ForbiddenCall, InvariantBroken
from engine.model.verdicts import Refused

_NEVER = re.compile(
    r"borrow|lend|loan|stak|earn|margin|leverage|future|swap|perp|option|withdraw|transfer|"
    r"convert|position|deposit|repay|funding|liquidat|sub_?account",
    re.IGNORECASE,
)
_ONLY = {
    "kraken": {"private_post_getapikeyinfo"},
    "coinbase": {"v3_private_get_brokerage_key_permissions"},
}
_OTHER = {"kraken": "coinbase", "coinbase": "kraken"}
ORDER = ("BTC/USD", "market", "buy", 1.0, None)


def methods(venue: str) -> list[str]:
    kind = getattr(ccxt, venue)
    return [n for n in dir(kind) if callable(getattr(kind, n)) and not n.startswith("__")]


@pytest.mark.parametrize("venue", ["kraken", "coinbase"])
def test_every_method_of_a_real_client_that_is_not_listed_is_refused(venue: str) -> None:
    names = methods(venue)
    assert len(names) > 500
    client = GuardedClient(getattr(ccxt, venue)())
    for name in names:
        if name in ALLOWED_VENUE_CALLS:
            assert callable(getattr(client, name))
            continue
        with pytest.raises(ForbiddenCall):
            getattr(client, name)


@pytest.mark.parametrize("venue", ["kraken", "coinbase"])
def test_whatever_lends_borrows_stakes_or_moves_is_among_the_refused(venue: str) -> None:
    dangerous = [name for name in methods(venue) if _NEVER.search(name)]
    assert len(dangerous) > 80
    assert all(isinstance(check_call(name), Refused) for name in dangerous)


@pytest.mark.parametrize("venue", ["kraken", "coinbase"])
def test_what_is_listed_exists(venue: str) -> None:
    """A name that no client has would be a list nobody reads."""
    missing = ALLOWED_VENUE_CALLS - set(methods(venue)) - {"close"}
    assert missing == _ONLY[_OTHER[venue]]


@pytest.mark.parametrize(
    "params",
    [
        {"leverage": 2},
        {"margin": True},
        {"marginMode": "cross"},
        {"tradeMode": "cross"},
        {"reduceOnly": True},
        {"reduce_only": True},
        {"type": "swap"},
        {"autoBorrow": True},
        {"oflags": "fcib"},
        {"oflags": "fciq,viqc"},
        {"validate": False},
        {"account_id": "another's"},
        {"anything": "else"},
    ],
)
def test_parameters_that_ask_for_more_are_refused(params: dict[str, Any]) -> None:
    for call in ("create_order", "fetch_balance"):
        args = ORDER if call == "create_order" else ()
        assert isinstance(check_request(call, (*args, params), {}), Refused)
        assert isinstance(check_request(call, args, {"params": params}), Refused)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("BTC/USD:USD", *ORDER[1:]), {}),
        (("BTC/PAXG", *ORDER[1:]), {}),
        (("BTC/USDT", *ORDER[1:]), {}),
        (("USD/USD", *ORDER[1:]), {}),
        (("BTC/USD", "market", "short", 1.0), {}),
        (("BTC/USD", "settle-position", "sell", 1.0), {}),
        (ORDER, {"leverage": 2}),
        ((), {"symbol": "BTC/USD:USD", "type": "market", "side": "buy", "amount": 1.0}),
    ],
)
def test_orders_that_are_not_plain_spot_are_refused(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    assert isinstance(check_request("create_order", args, kwargs), Refused)


def test_a_plain_order_with_our_own_id_passes() -> None:
    for name in ("clientOrderId", "client_order_id", "cl_ord_id"):
        assert check_request("create_order", (*ORDER, {name: "x"}), {}) is None


def test_fees_are_asked_for_in_dollars_and_only_of_an_order() -> None:
    assert check_request("create_order", (*ORDER, {"oflags": "fciq"}), {}) is None
    assert isinstance(check_request("fetch_balance", ({"oflags": "fciq"},), {}), Refused)


class Client:
    markets: object = None

    def create_order(self, *args: Any, **kwargs: Any) -> str:
        return "placed"


def test_a_refused_order_is_never_sent_and_breaks_an_invariant() -> None:
    guarded = GuardedClient(Client())
    with pytest.raises(InvariantBroken, match="leverage"):
        guarded.create_order(*ORDER, {"leverage": 5})
    assert guarded.create_order(*ORDER) == "placed"


def test_attributes_are_listed_too() -> None:
    guarded = GuardedClient(Client())
    guarded.markets = {"BTC/USD": {}}
    assert guarded.markets == {"BTC/USD": {}}
    with pytest.raises(ForbiddenCall, match="setting options"):
        guarded.options = {"defaultType": "margin"}
    with pytest.raises(ForbiddenCall):
        _ = guarded.options


def test_the_feed_reaches_its_exchange_through_the_guard() -> None:
    from engine.clock import SystemClock
    from engine.market.public_api import PublicApi
    from engine.market.venues import VENUES

    api = PublicApi(next(iter(VENUES.values())), SystemClock())
    assert isinstance(api._open(), GuardedClient)
