"""What must be true of the books after any change: at the brink, and word for word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.compliance import check_after
from engine.errors import InvariantBroken
from engine.model.positions import LotState
from tests.engine.compliance.test_compliance import ENTRY, HELD, STOP, TARGET

NOTHING, HALF = Decimal(0), Decimal("0.5")


@pytest.mark.parametrize("amount", ["0", "0.00000001", "0.5", "1000000"])
def test_nothing_and_anything_above_it_may_be_held(amount: str) -> None:
    check_after(Decimal(amount), {"BTC-USD": Decimal(amount)})


@pytest.mark.parametrize("amount", ["-0.001", "-1", "NaN", "Infinity", "-Infinity"])
def test_less_than_nothing_is_nobodys(amount: str) -> None:
    bad = Decimal(amount)
    for cash, holdings, positions, what in (
        (bad, {}, [], "cash"),
        (NOTHING, {"A": NOTHING, "B": bad}, [], "holding of B"),
        (NOTHING, {}, [replace(HELD, quantity=bad)], "position in BTC-USD"),
    ):
        with pytest.raises(InvariantBroken) as broken:
            check_after(cash, holdings, positions)
        assert str(broken.value) == f"{what} must be >= 0, was {amount}"


def test_a_position_holds_at_most_what_was_bought() -> None:
    check_after(NOTHING, {}, [replace(HELD, quantity=HALF)])
    with pytest.raises(InvariantBroken) as broken:
        check_after(NOTHING, {}, [replace(HELD, quantity=Decimal("1.1"))])
    assert str(broken.value) == "position in BTC-USD holds 1.1, bought 1"


def test_one_instrument_is_held_once_and_others_beside_it() -> None:
    check_after(NOTHING, {}, [HELD, replace(HELD, instrument="XAU-USD")])
    with pytest.raises(InvariantBroken) as broken:
        check_after(NOTHING, {}, [HELD, replace(HELD, instrument="XAU-USD"), HELD])
    assert str(broken.value) == "BTC-USD is held twice: no averaging down"


def test_working_buys_sell_nothing() -> None:
    check_after(NOTHING, {}, [], [ENTRY])
    check_after(NOTHING, {}, [HELD], [ENTRY, STOP, TARGET])


@pytest.mark.parametrize("smaller", [STOP, TARGET])
def test_a_pair_counts_once_for_its_larger_half(smaller: object) -> None:
    pair = [replace(each, quantity=HALF) if each is smaller else each for each in (STOP, TARGET)]
    for orders in (pair, pair[::-1]):
        check_after(NOTHING, {}, [HELD], orders)
        with pytest.raises(InvariantBroken) as broken:
            check_after(NOTHING, {}, [replace(HELD, quantity=HALF)], orders)
        assert str(broken.value) == "working orders sell 1 BTC-USD, held: 0.5, sellable"


@pytest.mark.parametrize("third", ["0.25", "0.3"])
def test_pairs_and_single_sales_add_up(third: str) -> None:
    stop, target = replace(STOP, quantity=HALF), replace(TARGET, quantity=HALF)
    alone = replace(STOP, client_id="x", linked_to="", quantity=Decimal("0.25"))
    more = replace(alone, client_id="y", quantity=Decimal(third))
    orders = [stop, alone, target, more]
    if third == "0.25":
        check_after(NOTHING, {}, [HELD], orders)
        return
    with pytest.raises(InvariantBroken, match=r"working orders sell 1.05 BTC-USD, held: 1, sell"):
        check_after(NOTHING, {}, [HELD], orders)


def test_less_may_be_sold_than_is_held() -> None:
    check_after(NOTHING, {}, [HELD], [replace(STOP, linked_to="", quantity=HALF)])


@pytest.mark.parametrize("lot", [LotState.BOUGHT, LotState.SETTLED])
def test_no_sale_rests_on_what_may_not_be_sold(lot: LotState) -> None:
    with pytest.raises(InvariantBroken) as broken:
        check_after(NOTHING, {}, [replace(HELD, lot=lot)], [replace(STOP, quantity=HALF)])
    assert str(broken.value) == f"working orders sell 0.5 BTC-USD, held: 1, {lot}"


def test_each_instrument_is_counted_for_itself() -> None:
    metal = replace(HELD, instrument="XAU-USD", quantity=HALF)
    sale = replace(STOP, client_id="m", instrument="XAU-USD", linked_to="", quantity=HALF)
    check_after(NOTHING, {}, [HELD, metal], [STOP, sale, TARGET])
    with pytest.raises(InvariantBroken) as broken:
        check_after(NOTHING, {}, [HELD], [STOP, sale])
    assert str(broken.value) == "working orders sell 0.5 XAU-USD, held: nothing"
