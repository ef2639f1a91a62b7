"""What an order and a form may be: at the brink, and word for word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.compliance import check_entry, check_exit, check_pair
from engine.compliance.forms import check_attested, check_form
from engine.model.instruments import InstrumentForm
from engine.model.orders import OrderType, Purpose, Side
from engine.model.positions import LotState
from engine.model.verdicts import Approved, Forbidden, Refused
from tests.engine.compliance.test_compliance import BTC, ENTRY, HELD, STOP, TARGET, entry

ONE = Approved(Decimal(1))
TRUST = replace(BTC, symbol="PHYS-USD", form=InstrumentForm.ALLOCATED_METAL)
HALF = Decimal("0.5")


def refused(verdict: object) -> tuple[str, str, str]:
    assert isinstance(verdict, Refused)
    return verdict.limit, verdict.value, verdict.bound


# ---- entries -----------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["0.00000001", "1"])
@pytest.mark.parametrize("kind", [OrderType.MARKET, OrderType.LIMIT])
def test_any_quantity_above_nothing_may_be_bought(kind: OrderType, quantity: str) -> None:
    bought = replace(ENTRY, type=kind, quantity=Decimal(quantity))
    assert entry(bought) == Approved(Decimal(quantity))


@pytest.mark.parametrize("quantity", ["0", "-0.5", "-1", "NaN", "Infinity"])
def test_a_quantity_of_nothing_or_of_nobody_knows_what_is_not_bought(quantity: str) -> None:
    verdict = entry(replace(ENTRY, quantity=Decimal(quantity)))
    assert refused(verdict) == ("quantity", quantity, "more than 0")


@pytest.mark.parametrize(
    ("cash", "outlay", "funded"),
    [
        ("0.01", "0.01", True),
        ("100", "100.01", False),
        ("100.01", "100", True),
        ("100", "0", False),
        ("100", "-0.5", False),
        ("0", "0", False),
        ("-1", "-2", False),
        ("NaN", "1", False),
        ("Infinity", "1", False),
        ("1", "NaN", False),
        ("1", "-Infinity", False),
        ("Infinity", "Infinity", False),
    ],
)
def test_an_outlay_is_covered_by_settled_cash_to_the_cent(
    cash: str, outlay: str, funded: bool
) -> None:
    verdict = entry(cash=cash, outlay=outlay)
    if funded:
        assert verdict == ONE
    else:
        told = ("settled own cash", f"{outlay} USD needed", f"{cash} USD settled")
        assert refused(verdict) == told


@pytest.mark.parametrize("name", ["AAA-USD", "ETH-USD"])
def test_an_entry_is_of_the_instrument_that_was_checked(name: str) -> None:
    assert refused(entry(replace(ENTRY, instrument=name))) == ("instrument", name, "BTC-USD")


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("purpose", Purpose)
def test_only_an_entry_buys_and_nothing_else_does(side: Side, purpose: Purpose) -> None:
    order = replace(ENTRY, side=side, purpose=purpose)
    if (side, purpose) == (Side.BUY, Purpose.ENTRY):
        assert entry(order) == ONE
    else:
        told = ("long only", f"{purpose} to {side}", "an entry that buys")
        assert refused(entry(order)) == told
    leaves = side is Side.SELL and purpose is not Purpose.ENTRY
    verdict = check_exit(replace(STOP, side=side, purpose=purpose), HELD)
    if leaves:
        assert verdict == ONE
    else:
        assert refused(verdict) == ("exits only sell", f"{purpose} to {side}", "a sale")


def test_an_entry_is_told_what_is_wrong_with_it() -> None:
    assert refused(entry(replace(ENTRY, type=OrderType.STOP))) == (
        "entry type",
        "stop",
        "market or limit",
    )
    assert refused(entry(replace(ENTRY, linked_to="x"))) == (
        "entry type",
        "linked to x",
        "an order of its own",
    )
    assert refused(entry(position=HELD)) == ("no averaging down", "1 BTC-USD held", "nothing held")


def test_the_first_rule_that_is_broken_is_the_one_that_is_told() -> None:
    """Nothing that may never happen hides behind what is only not allowed yet."""
    worst = replace(ENTRY, side=Side.SELL)
    unattested = replace(BTC, attested_by=None)
    verdict = check_entry(worst, unattested, Decimal(0), HELD, "live", outlay_usd=Decimal(1))
    assert isinstance(verdict, Forbidden)
    assert verdict.limit == "long only"


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_what_is_attested_may_be_bought_in_either_mode(mode: str) -> None:
    assert entry(mode=mode) == ONE


# ---- forms -------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "allowed"), [(-2, 0), (-1, 0), (0, 1), (1, 1), (2, 1)])
def test_a_trust_may_settle_later_but_not_earlier(days: int, allowed: int) -> None:
    assert (check_form(replace(TRUST, settles_after_days=days)) is None) == bool(allowed)


@pytest.mark.parametrize("form", [f for f in InstrumentForm if f != TRUST.form])
@pytest.mark.parametrize("days", [-1, 0, 1, 2])
def test_coins_and_tokens_settle_in_the_trade(form: InstrumentForm, days: int) -> None:
    verdict = check_form(replace(BTC, form=form, settles_after_days=days))
    if days == 0:
        assert verdict is None
    else:
        assert refused(verdict) == (
            "counter-values in one session",
            f"BTC-USD is delivered {days} business days after it is paid",
            f"the same session for {form}",
        )


def test_a_form_is_refused_in_plain_words() -> None:
    assert refused(check_form(replace(BTC, form="cfd"))) == (  # type: ignore[arg-type]
        "form of ownership",
        "cfd",
        "allocated_metal, crypto_spot, tokenised_allocated_metal",
    )
    for symbol, quote in (("BTC-USDT", "USDT"), ("BTC", "nothing")):
        told = ("paid in cash", f"{symbol} is quoted in {quote}", "USD")
        assert refused(check_form(replace(BTC, symbol=symbol))) == told


@pytest.mark.parametrize("mode", ["live", "a mode of its own", "real"])
def test_whatever_is_not_paper_wants_a_name_that_attests(mode: str) -> None:
    unattested = replace(BTC, attested_by=None)
    assert check_attested(BTC, mode) is None
    assert check_attested(unattested, "paper") is None
    verdict = check_attested(unattested, mode)
    told = ("attested form", "nobody has attested BTC-USD", "an attested form")
    assert refused(verdict) == told
    assert verdict is not None
    assert verdict.mend.startswith("Name who attested it")


# ---- exits -------------------------------------------------------------------------------


@pytest.mark.parametrize("lot", LotState)
def test_only_a_sellable_lot_is_sold(lot: LotState) -> None:
    verdict = check_exit(TARGET, replace(HELD, lot=lot))
    if lot is LotState.SELLABLE:
        assert verdict == ONE
    else:
        told = ("possession before sale", f"the lot is {lot}", "sellable")
        assert refused(verdict) == told


@pytest.mark.parametrize("name", ["AAA-USD", "ETH-USD"])
def test_what_is_sold_is_what_is_held(name: str) -> None:
    verdict = check_exit(STOP, replace(HELD, instrument=name))
    told = ("no short sale", f"sale of BTC-USD, held: {name}", "what is held")
    assert refused(verdict) == told
    assert refused(check_exit(STOP, None))[1] == "sale of BTC-USD, held: nothing"


@pytest.mark.parametrize(
    ("quantity", "resting", "owned"),
    [
        ("1", "0", True),
        ("0.4", "0.5", True),
        ("0.5", "0.5", True),
        ("0.50000001", "0.5", False),
        ("1.00000001", "0", False),
        ("0", "0", False),
        ("-0.5", "0", False),
        ("0.5", "-0.5", False),
        ("0.5", "1", False),
        ("NaN", "0", False),
        ("Infinity", "0", False),
        ("0.5", "Infinity", False),
        ("0.5", "NaN", False),
        ("0.5", "-Infinity", False),
    ],
)
def test_no_more_is_sold_than_rests_nowhere_else(quantity: str, resting: str, owned: bool) -> None:
    order = replace(STOP, quantity=Decimal(quantity))
    verdict = check_exit(order, HELD, resting=Decimal(resting))
    if owned:
        assert verdict == Approved(Decimal(quantity))
    else:
        free = Decimal(1) - Decimal(resting)
        told = ("no short sale", f"{quantity} to sell", f"{free} free to sell")
        assert refused(verdict) == told


@pytest.mark.parametrize(
    ("price", "highest", "floor"),
    [
        ("95", None, None),
        ("95.01", None, None),
        ("94.99", None, "95"),
        ("95", "94", None),
        ("94.5", "94", "95"),
        ("96", "96", None),
        ("97", "96", None),
        ("95.99", "96", "96"),
        ("NaN", None, "95"),
        ("NaN", "96", "96"),
        ("Infinity", None, "95"),
        ("96", "NaN", "NaN"),
        ("96", "Infinity", "NaN"),
        ("96", "-Infinity", "NaN"),
    ],
)
def test_a_stop_never_stands_lower_than_it_has_stood(
    price: str, highest: str | None, floor: str | None
) -> None:
    order = replace(STOP, stop_price=Decimal(price))
    verdict = check_exit(order, HELD, highest_stop=Decimal(highest) if highest else None)
    if floor is None:
        assert verdict == ONE
    else:
        told = ("no stop widening", f"stop at {price}", f"{floor} or above")
        assert refused(verdict) == told


@pytest.mark.parametrize("resting", ["0", "Infinity"])
@pytest.mark.parametrize("held", ["NaN", "Infinity"])
def test_nothing_is_sold_of_a_holding_that_is_no_number(held: str, resting: str) -> None:
    position = replace(HELD, quantity=Decimal(held))
    verdict = check_exit(STOP, position, resting=Decimal(resting))
    assert refused(verdict) == ("no short sale", "1 to sell", "NaN free to sell")


@pytest.mark.parametrize("stop", ["NaN", "Infinity"])
def test_no_stop_replaces_one_that_is_no_number(stop: str) -> None:
    verdict = check_exit(STOP, replace(HELD, stop=Decimal(stop)))
    assert refused(verdict)[0] == "no stop widening"


@pytest.mark.parametrize("kind", [OrderType.MARKET, OrderType.LIMIT])
def test_only_a_stop_is_measured_against_stops(kind: OrderType) -> None:
    order = replace(STOP, type=kind, stop_price=None)
    assert check_exit(order, HELD, highest_stop=Decimal(200)) == ONE


# ---- pairs -------------------------------------------------------------------------------


def test_a_pair_is_a_pair_from_either_side() -> None:
    assert check_pair(STOP, TARGET) is None
    assert check_pair(TARGET, STOP) is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("linked_to", ("", "a", "z")),
        ("client_id", ("a", "z")),
        ("proposal_id", ("A", "Z")),
        ("instrument", ("AAA-USD", "ZZZ-USD")),
        ("quantity", (HALF, Decimal(2))),
        ("type", (OrderType.STOP, OrderType.MARKET)),
    ],
)
def test_one_thing_that_does_not_fit_undoes_a_pair(field: str, values: tuple[object, ...]) -> None:
    for value in values:
        odd = replace(TARGET, **{field: value})  # type: ignore[arg-type]
        for first, second in ((STOP, odd), (odd, STOP)):
            assert refused(check_pair(first, second)) == (
                "one lot, one pair",
                f"{first.client_id} with {second.client_id}",
                "a stop and a target of one lot that name each other",
            )
