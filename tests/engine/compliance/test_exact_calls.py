"""Calls, ledger lines and lots, word for word: what is on a list, and that nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.compliance import (
    LOT_TRANSITIONS,
    GuardedClient,
    LotChange,
    check_call,
    check_gateway_call,
    check_request,
    meaning_of,
    next_lot,
    settles_at,
)
from engine.compliance.lines import check_classification, check_lines_known, key_of
from engine.errors import ForbiddenCall, InvariantBroken
from engine.model.positions import LotState
from engine.model.venue_lines import Meaning, VenueLine
from engine.model.verdicts import Forbidden, Refused

ORDER = ("BTC/USD", "market", "buy", 1.0, None)
LISTED = "the allow-list in engine/compliance/calls.py"


def told(verdict: Refused | None) -> tuple[str, str, str]:
    assert isinstance(verdict, Refused)
    return verdict.limit, verdict.value, verdict.bound


# ---- calls -------------------------------------------------------------------------------


def test_a_call_that_is_not_listed_is_forbidden_by_name() -> None:
    assert told(check_call("sell_my_house")) == ("venue calls", "sell_my_house", LISTED)
    assert told(check_gateway_call("reqPnL")) == ("venue calls", "reqPnL", LISTED)
    assert told(check_request("sell_my_house", (), {}))[1] == "sell_my_house"
    assert isinstance(check_call("x"), Forbidden)
    assert isinstance(check_gateway_call("x"), Forbidden)


def test_the_two_lists_do_not_lend_each_other_names() -> None:
    assert check_call("fetch_time") is None
    assert check_gateway_call("reqPositions") is None
    assert told(check_call("reqPositions"))[1] == "reqPositions"
    assert told(check_gateway_call("fetch_time"))[1] == "fetch_time"


@pytest.mark.parametrize("name", ["cancel_order", "fetch_order", "fetch_balance"])
def test_only_orders_take_the_words_of_an_order(name: str) -> None:
    assert check_request(name, ("id", "BTC/USD"), {"params": {"clientOrderId": "x"}}) is None
    assert check_request(name, (), {"id": "7", "limit": 5}) is None
    assert told(check_request(name, (), {"params": {"triggerPrice": 1, "deadline": 2}})) == (
        "venue parameters",
        f"{name} with deadline, triggerPrice",
        "the allow-list of parameters",
    )


@pytest.mark.parametrize(
    "word",
    [
        *("deadline", "postOnly", "post_only", "stopLossPrice", "timeInForce", "triggerPrice"),
        *("clientOrderId", "end", "limit", "paginate", "since", "start", "until"),
    ],
)
def test_an_order_may_carry_its_listed_words(word: str) -> None:
    assert check_request("create_order", (*ORDER, {word: 1}), {}) is None


def test_every_table_is_read_to_its_end() -> None:
    """A harmless table before it, or words that are no table, hide nothing."""
    strange = told(check_request("create_order", ORDER, {"params": {"since": 1, "z": 2, "a": 3}}))
    assert strange[1] == "create_order with a, z"
    verdict = check_request("fetch_order", ("id", {"since": 1}, 7), {"params": {"z": 2}})
    assert told(verdict)[1] == "fetch_order with z"
    assert told(check_request("create_order", ORDER, {"z": 1, "a": 2})) == (
        "venue parameters",
        "create_order with a, z",
        "the allow-list of parameters",
    )


def test_what_is_said_by_name_counts_over_what_stands_in_its_place() -> None:
    verdict = check_request("create_order", ORDER, {"symbol": "BTC/USD:USD"})
    assert told(verdict) == ("paid in cash", "an order in BTC/USD:USD", "spot, in USD")


@pytest.mark.parametrize("symbol", ["/USD", "BTC", "BTC/", "USD/USD", "USD/BTC", "", None])
def test_a_symbol_is_an_asset_against_cash(symbol: str | None) -> None:
    verdict = check_request("create_order", (symbol, *ORDER[1:]), {})
    assert told(verdict)[:2] == ("paid in cash", f"an order in {symbol}")


@pytest.mark.parametrize("side", ["buy", "sell", "short", None])
@pytest.mark.parametrize("kind", ["limit", "market", "stop-loss", "stop_loss", "trailing", None])
def test_an_order_buys_or_sells_plainly(side: str | None, kind: str | None) -> None:
    verdict = check_request("create_order", ("BTC/USD", kind, side, 1.0), {})
    if side in ("short", None) or kind in ("trailing", None):
        words = ("venue parameters", f"an order to {side} of type {kind}", "a plain buy or sell")
        assert told(verdict) == words
    else:
        assert verdict is None


class Client:
    """A venue's client that remembers what reached it."""

    markets: object = None
    last_http_response: object = None
    id = "kraken"
    secret = "s"

    def __init__(self) -> None:
        self.reached: list[tuple[tuple[Any, ...], Mapping[str, Any]]] = []

    def fetch_order(self, *args: Any, **kwargs: Any) -> str:
        self.reached.append((args, kwargs))
        return "found"

    def withdraw(self) -> None:
        self.reached.append(((), {}))


def test_the_guard_hands_on_what_is_listed_as_it_was_said() -> None:
    client = Client()
    guarded = GuardedClient(client)
    assert guarded.fetch_order("7", limit=5) == "found"
    assert client.reached == [(("7",), {"limit": 5})]
    assert guarded.id == "kraken"
    guarded.last_http_response = "x"
    guarded.markets = {}
    assert (client.last_http_response, client.markets) == ("x", {})


def test_nothing_else_reaches_the_client() -> None:
    client = Client()
    guarded = GuardedClient(client)
    with pytest.raises(ForbiddenCall, match="fetch_order with leverage"):
        guarded.fetch_order("7", {"leverage": 2})
    for name in ("withdraw", "secret", "unheard_of"):
        with pytest.raises(ForbiddenCall, match=name):
            getattr(guarded, name)
    for name in ("id", "secret"):
        with pytest.raises(ForbiddenCall, match=f"setting {name}"):
            setattr(guarded, name, "x")
    assert client.reached == []
    assert (client.id, client.secret) == ("kraken", "s")


# ---- ledger lines ------------------------------------------------------------------------


def line(kind: str, asset: str = "USD", venue: str = "kraken") -> VenueLine:
    return VenueLine("1", venue, datetime(2026, 1, 1, tzinfo=UTC), kind, asset, Decimal(1))


@pytest.mark.parametrize(
    ("kind", "meaning"),
    [
        ("staking-reward", Meaning.INTEREST),
        ("staking_reward", Meaning.INTEREST),
        ("Margin_Fee", Meaning.FINANCING),
        (" margin fee ", Meaning.FINANCING),
        ("fiat_deposit", Meaning.ORDINARY),
        ("gift", None),
        ("gift_reward", None),
    ],
)
def test_what_the_table_knows_nobody_can_call_something_else(
    kind: str, meaning: Meaning | None
) -> None:
    """However it is spelt: the same spellings are known here as where lines are read."""
    assert meaning_of(line(kind)) is (meaning or Meaning.UNKNOWN)
    verdict = check_classification("kraken", kind, Meaning.ORDINARY)
    if meaning is None:
        assert verdict is None
    else:
        assert told(verdict) == (
            "ledger lines",
            f"{kind} at kraken is known to be {meaning}",
            "a kind that is not known",
        )


@pytest.mark.parametrize("meaning", Meaning)
def test_a_kind_is_called_something(meaning: Meaning) -> None:
    verdict = check_classification("kraken", "gift", meaning)
    if meaning is Meaning.UNKNOWN:
        words = ("ledger lines", "unknown is no meaning", "ordinary, interest or financing")
        assert told(verdict) == words
    else:
        assert verdict is None


def test_what_was_said_holds_for_one_kind_at_one_venue() -> None:
    said = {("kraken", "welcome gift"): Meaning.ORDINARY, ("kraken", "rollover"): Meaning.ORDINARY}
    assert key_of(line(" Welcome-Gift ", venue=" Kraken ")) == ("kraken", "welcome gift")
    assert meaning_of(line("Welcome-Gift", venue="Kraken"), said) is Meaning.ORDINARY
    assert meaning_of(line("welcome gift", venue="coinbase"), said) is Meaning.UNKNOWN
    assert meaning_of(line("rollover"), said) is Meaning.FINANCING
    assert meaning_of(line("trade", asset="eth.s"), said) is Meaning.INTEREST


def test_unknown_lines_are_counted_and_named() -> None:
    assert check_lines_known({}) is None
    for count, words in ((1, "1 unknown line"), (2, "2 unknown lines")):
        verdict = check_lines_known({("kraken", "gift"): count, ("x", "y"): 9})
        said = ("ledger lines", f"{words} of kind 'gift' at kraken", "lines of known kinds")
        assert told(verdict) == said


# ---- lots --------------------------------------------------------------------------------


def test_a_lot_has_five_ways_to_go() -> None:
    bought, settled, sellable = LotState
    more, confirm, release = LotChange
    assert {
        (bought, more): bought,
        (settled, more): bought,
        (sellable, more): bought,
        (bought, confirm): settled,
        (settled, release): sellable,
    } == LOT_TRANSITIONS
    with pytest.raises(InvariantBroken, match="a lot that is bought cannot release"):
        next_lot(bought, release)


@pytest.mark.parametrize(
    ("day", "days", "over"),
    [(3, 1, 5), (6, 1, 8), (7, 1, 11), (8, 1, 11), (9, 1, 11), (7, 2, 12), (3, 5, 11), (3, 6, 12)],
)
def test_a_trade_settles_when_its_last_business_day_is_over(
    day: int, days: int, over: int
) -> None:
    for hour in (0, 23):
        traded = datetime(2025, 3, day, hour, 59, tzinfo=UTC)
        assert settles_at(traded, days) == datetime(2025, 3, over, tzinfo=UTC)
        assert settles_at(traded, 0) is None


@pytest.mark.parametrize("days", [-1, -2])
def test_nothing_settles_before_it_is_traded(days: int) -> None:
    with pytest.raises(ValueError, match=f"after_days must be >= 0, was {days}"):
        settles_at(datetime(2025, 3, 3, tzinfo=UTC), days)


@pytest.mark.parametrize("flags", ["fcib", "viqc", ""])
def test_flags_on_either_side_of_the_allowed_one_are_refused(flags: str) -> None:
    refused = check_request("create_order", (*ORDER, {"oflags": flags}), {})
    assert told(refused) == ("venue parameters", f"create_order with oflags {flags}", "fciq")


def test_a_ledger_may_be_asked_for_by_account_and_by_page() -> None:
    asked = {"account_id": "ours", "starting_after": "line", "limit": 50}
    assert check_request("fetch_ledger", (None, None, None, asked), {}) is None


def test_half_a_known_kind_is_not_known() -> None:
    assert check_classification("kraken", "trade/somethingnew", Meaning.ORDINARY) is None
    assert isinstance(check_classification("kraken", "trade", Meaning.ORDINARY), Refused)
