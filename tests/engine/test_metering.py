"""What the desk costs to run: prices by day and hour, budgets, electricity, the bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.config import Settings, settings_from
from engine.journal.ledger import Ledger
from engine.metering import (
    Usage,
    bill_of,
    budget_left,
    cost_usd,
    meter_plan_of,
    price_at,
)
from engine.model.events import FeeTierRead, ModelUsed
from tests.kit.events import BOUGHT, NOON, OPENED, ledger_of

PLAN = meter_plan_of(Settings())
MONTH = f"{NOON:%Y-%m}"
SUNDAY = datetime(2026, 11, 1, 2, tzinfo=UTC)
MONDAY = SUNDAY + timedelta(days=1)
USAGE = Usage(1_000_000, 0, 0)


def used(cost: str = "1.25", **changes: Any) -> ModelUsed:
    base = ModelUsed("deepseek", "deepseek-flash", "analyzer", 900, 300, 100, Decimal(cost))
    return replace(base, **changes)


def flash(at: datetime) -> Decimal:
    price = price_at(PLAN.prices, "deepseek", "deepseek-flash", at)
    assert price is not None
    return cost_usd(price, USAGE, at)


@pytest.mark.parametrize(
    ("at", "usd"),
    [
        (SUNDAY, "0.15"),
        (MONDAY, "0.30"),
        (MONDAY.replace(hour=4), "0.15"),
        (MONDAY.replace(hour=9, minute=59), "0.30"),
    ],
)
def test_peak_hours_of_weekdays_cost_double(at: datetime, usd: str) -> None:
    assert flash(at) == Decimal(usd)


def test_cached_tokens_are_not_paid_as_fresh_ones() -> None:
    price = price_at(PLAN.prices, "deepseek", "deepseek-v4-pro", SUNDAY)
    assert price is not None
    paid = cost_usd(price, Usage(1_000_000, 400_000, 500_000), SUNDAY)
    assert paid == Decimal("0.6") * Decimal("0.66") + Decimal("0.0088") + Decimal("0.99")


def test_a_price_counts_from_its_day_and_the_newest_wins() -> None:
    old = PLAN.prices[0]
    new = replace(old, since=date(2026, 11, 2), input_usd=Decimal(1))
    prices = (old, new)
    assert price_at(prices, "deepseek", "deepseek-flash", SUNDAY) == old
    assert price_at(prices, "deepseek", "deepseek-flash", MONDAY) == new
    assert price_at(prices, "deepseek", "deepseek-flash", datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert price_at(prices, "deepseek", "some-other-model", MONDAY) is None


@pytest.mark.parametrize(("into", "cached", "out"), [(1, 2, 0), (-1, -1, 0), (1, 0, -1)])
def test_tokens_that_cannot_be_are_refused(into: int, cached: int, out: int) -> None:
    with pytest.raises(ValueError, match="tokens must be"):
        Usage(into, cached, out)


def test_calls_add_up_by_month_provider_model_and_purpose() -> None:
    ledger = ledger_of(OPENED, used(), used("0.75", tokens_in=100, tokens_cached=0))
    use = ledger.model_use[MONTH, "deepseek", "deepseek-flash", "analyzer"]
    assert (use.calls, use.tokens_in, use.tokens_cached, use.tokens_out) == (2, 1000, 300, 200)
    assert use.cost_usd == Decimal("2.00")


@pytest.mark.parametrize(("cost", "left"), [("1.25", "3.75"), ("5", "0"), ("7", "0")])
def test_budget_left_stops_at_nothing(cost: str, left: str) -> None:
    ledger = ledger_of(OPENED, used(cost))
    assert budget_left(ledger, PLAN.budgets_usd, "deepseek", MONTH) == Decimal(left)
    assert budget_left(ledger, PLAN.budgets_usd, "deepseek", "2031-01") == Decimal(5)


def test_a_provider_without_a_budget_has_nothing_left() -> None:
    assert budget_left(Ledger(), PLAN.budgets_usd, "somebody", MONTH) == 0


def test_the_bill_counts_idle_watts_from_the_opening() -> None:
    bill = bill_of(ledger_of(OPENED), NOON + timedelta(hours=100), PLAN)
    assert bill.energy.hours == pytest.approx(100.0)
    assert bill.energy.kwh == pytest.approx(1.5)
    assert float(bill.energy.usd) == pytest.approx(0.225)
    assert not bill.energy.measured
    assert bill.running_usd == bill.energy.usd
    assert bill.verdict == "Within the plan."


def test_measured_busy_seconds_take_the_place_of_the_plan() -> None:
    power = replace(PLAN.power, busy_hours_a_day=12.0)
    plan = replace(PLAN, power=power)
    at = NOON + timedelta(hours=100)
    planned = bill_of(ledger_of(OPENED), at, plan).energy
    local = used("0", provider="lm_studio", busy_seconds=7200.0)
    measured = bill_of(ledger_of(OPENED, local), at, plan).energy
    assert [planned.busy_hours, measured.busy_hours] == pytest.approx([50.0, 2.0])
    assert measured.measured
    assert measured.kwh == pytest.approx(1.5 + 2.0 * 0.105)


def test_the_bill_warns_before_the_plan_is_broken() -> None:
    end = NOON.replace(day=31, hour=23, minute=59, second=59)
    for cost, verdict in (
        ("1", "Within the plan."),
        ("11", "Within the plan, above the line that warns."),
        ("16", "Heading beyond the plan."),
    ):
        cheap = replace(PLAN, power=replace(PLAN.power, idle_watts=0.0))
        assert bill_of(ledger_of(OPENED, used(cost)), end, cheap).verdict == verdict


def test_fees_of_fills_stand_apart_from_running_costs() -> None:
    bill = bill_of(ledger_of(*BOUGHT), NOON, PLAN)
    assert bill.fees_usd == Decimal(1)
    assert bill.running_usd == 0
    assert all(line.calls == 0 for line in bill.models)


def test_a_fee_tier_is_remembered_with_its_day() -> None:
    tier = ledger_of(OPENED, FeeTierRead("kraken", 0.002, 0.0035, "tier")).fee_tiers["kraken"]
    assert (tier.taker_frac, tier.as_of) == (0.0035, NOON.date())


def test_a_price_of_the_file_stands_beside_the_known_ones() -> None:
    table = {
        "provider": "other",
        "model": "big",
        "since": date(2026, 1, 1),
        "input_usd": 1,
        "cached_usd": 1,
        "output_usd": 1,
    }
    prices = meter_plan_of(settings_from({"meter": {"prices": {"other": table}}})).prices
    assert prices[:-1] == PLAN.prices
    assert prices[-1].provider == "other"


def test_a_known_price_keeps_what_the_file_does_not_change() -> None:
    dearer = {"meter": {"prices": {"deepseek_flash": {"input_usd": 0.2}}}}
    changed, *others = meter_plan_of(settings_from(dearer)).prices
    assert changed == replace(PLAN.prices[0], input_usd=Decimal("0.2"))
    assert tuple(others) == PLAN.prices[1:]
