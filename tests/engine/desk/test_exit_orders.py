"""Orders that get out: never more than is held, never a wider stop, ids that tell the attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from engine.desk.exits import client_id, exit_order, guarded, overdue, protective_orders
from engine.model import events as happened
from engine.model.orders import OrderType, Purpose
from tests.kit.events import BOUGHT, NOON, ledger_of, terms
from tests.kit.market import HOUR

HELD = ledger_of(*BOUGHT).positions["P-AAAA"]


def test_stop_and_target_name_each_other_and_hold_the_approved_levels() -> None:
    stop, target = protective_orders(ledger_of(*BOUGHT), HELD, NOON + HOUR)
    assert (stop.linked_to, target.linked_to) == (target.client_id, stop.client_id)
    assert (stop.stop_price, target.limit_price) == (terms().stop, terms().target)
    assert stop.quantity == target.quantity == HELD.quantity


def test_the_first_pair_rests_from_the_fill_and_a_later_one_from_now() -> None:
    ledger = ledger_of(*BOUGHT)
    stop, target = protective_orders(ledger, HELD, NOON + HOUR)
    assert stop.created_at == HELD.opened_at
    pair = (happened.OrderIntended(stop), happened.OrderIntended(target))
    again, _ = protective_orders(ledger_of(*BOUGHT, *pair), HELD, NOON + HOUR)
    assert again.created_at == NOON + HOUR


def test_an_id_tells_the_terms_the_purpose_and_the_attempt() -> None:
    ledger = ledger_of(*BOUGHT)
    first = client_id(ledger, "P-AAAA", Purpose.TIME_LIMIT)
    assert first == f"{terms().short_hash}-timelimit-1"
    order = exit_order(ledger, HELD, Purpose.TIME_LIMIT, NOON)
    tried = ledger_of(*BOUGHT, happened.OrderIntended(order))
    assert client_id(tried, "P-AAAA", Purpose.TIME_LIMIT).endswith("-2")


def test_an_exit_sells_all_that_is_held_at_the_market() -> None:
    order = exit_order(ledger_of(*BOUGHT), HELD, Purpose.OWNER_CLOSE, NOON)
    assert (order.type, order.quantity) == (OrderType.MARKET, HELD.quantity)


def test_a_position_is_overdue_from_its_limit_until_it_is_being_sold() -> None:
    ledger, limit = ledger_of(*BOUGHT), HELD.time_limit_at
    assert overdue(ledger, limit - timedelta(seconds=1)) == []
    assert overdue(ledger, limit) == [HELD]
    asked = happened.ExitRequested("P-AAAA", Purpose.TIME_LIMIT, BOUGHT[2].by, "")  # type: ignore[attr-defined]
    assert overdue(ledger_of(*BOUGHT, asked), limit) == []


def test_a_guard_holds_exactly_what_is_held() -> None:
    stop, _ = protective_orders(ledger_of(*BOUGHT), HELD, NOON)
    ledger = ledger_of(*BOUGHT, happened.OrderIntended(stop))
    assert guarded(ledger, HELD)
    assert not guarded(ledger, replace(HELD, quantity=Decimal(1)))
    canceled = happened.OrderCanceled(stop.client_id, "off")
    assert not guarded(ledger_of(*BOUGHT, happened.OrderIntended(stop), canceled), HELD)
