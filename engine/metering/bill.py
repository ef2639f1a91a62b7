"""The bill of one month: models against budget, electricity as measured or planned, fees apart.

Refuses to pass an estimate for a measurement: each number says which it is.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from engine.journal.ledger import ZERO, Ledger, ModelUse, month_of
from engine.metering.budget import budget_left, spent_usd
from engine.metering.plan import MeterPlan, PowerPlan
from engine.model.money import exact

_HOUR_SECONDS = 3600.0
_DAY_HOURS = 24.0


@dataclass(frozen=True, slots=True)
class EnergyUse:
    """Electricity of a month so far, estimated from the configured watts.

    Attributes
    ----------
    hours, busy_hours : float, hours
    measured : bool
        Whether `busy_hours` were measured; else they are planned.
    local_price : float, of `currency`
    """

    hours: float
    busy_hours: float
    measured: bool
    kwh: float
    local_price: float
    currency: str
    usd: Decimal


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One provider in one month.

    Attributes
    ----------
    calls, tokens_in, tokens_cached, tokens_out : int
    spent_usd, budget_usd, left_usd : Decimal, US dollars
    """

    provider: str
    calls: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    spent_usd: Decimal
    budget_usd: Decimal
    left_usd: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """What running the desk cost in one month so far.

    Attributes
    ----------
    month : str
        As ``2026-11``, UTC.
    models : tuple of ModelLine
        Providers that were used or have a budget.
    running_usd : Decimal, US dollars
        Models and electricity so far.
    projected_usd : Decimal, US dollars
        The same at the end of the month, if it goes on like this.
    warn_usd, plan_usd : Decimal, US dollars a month
    fees_usd : Decimal, US dollars
        Fees of this month's fills; the cost of trading, not of running.
    """

    month: str
    models: tuple[ModelLine, ...]
    energy: EnergyUse
    running_usd: Decimal
    projected_usd: Decimal
    warn_usd: Decimal
    plan_usd: Decimal
    fees_usd: Decimal

    @property
    def verdict(self) -> str:
        """Where the month stands against the plan, in one sentence."""
        if self.projected_usd > self.plan_usd:
            return "Heading beyond the plan."
        if self.projected_usd > self.warn_usd:
            return "Within the plan, above the line that warns."
        return "Within the plan."


def bill_of(ledger: Ledger, now: datetime, plan: MeterPlan) -> Bill:
    """The bill of the month of `now`, up to `now`.

    Electricity counts from the opening of the record: what the machine did before is unknown.
    """
    month, begin, end = _bounds(now)
    since = max(begin, min(ledger.opened_at or now, now))
    used = {k: use for k, use in ledger.model_use.items() if k[0] == month}
    energy = _energy(plan.power, (now - since).total_seconds(), list(used.values()))
    providers = sorted({*plan.budgets_usd, *(key[1] for key in used)})
    models = tuple(_line(name, month, ledger, used, plan.budgets_usd) for name in providers)
    running = energy.usd + sum((line.spent_usd for line in models), ZERO)
    passed, whole = (now - since).total_seconds(), (end - since).total_seconds()
    return Bill(
        month=month,
        models=models,
        energy=energy,
        running_usd=running,
        projected_usd=running * exact(whole / passed) if passed > 0 else running,
        warn_usd=plan.warn_usd,
        plan_usd=plan.plan_usd,
        fees_usd=ledger.fees_usd.get(month, ZERO),
    )


def _bounds(now: datetime) -> tuple[str, datetime, datetime]:
    begin = datetime(now.year, now.month, 1, tzinfo=UTC)
    days = calendar.monthrange(now.year, now.month)[1]
    end = begin.replace(day=days, hour=23, minute=59, second=59)
    return month_of(now), begin, end


def _energy(power: PowerPlan, seconds: float, used: Sequence[ModelUse]) -> EnergyUse:
    hours = seconds / _HOUR_SECONDS * power.hours_a_day / _DAY_HOURS
    busy = sum(use.busy_seconds for use in used) / _HOUR_SECONDS
    measured = busy > 0.0
    if not measured:
        busy = seconds / _HOUR_SECONDS * power.busy_hours_a_day / _DAY_HOURS
    more = max(power.busy_watts - power.idle_watts, 0.0)
    kwh = (hours * power.idle_watts + busy * more) / 1000.0
    price = kwh * power.kwh_price
    usd = exact(price * power.usd_a_unit)
    return EnergyUse(hours, busy, measured, kwh, price, power.currency, usd)


def _line(
    provider: str,
    month: str,
    ledger: Ledger,
    used: Mapping[tuple[str, str, str, str], ModelUse],
    budgets_usd: Mapping[str, Decimal],
) -> ModelLine:
    own = [use for key, use in used.items() if key[1] == provider]
    return ModelLine(
        provider=provider,
        calls=sum(use.calls for use in own),
        tokens_in=sum(use.tokens_in for use in own),
        tokens_cached=sum(use.tokens_cached for use in own),
        tokens_out=sum(use.tokens_out for use in own),
        spent_usd=spent_usd(ledger, provider, month),
        budget_usd=budgets_usd.get(provider, ZERO),
        left_usd=budget_left(ledger, budgets_usd, provider, month),
    )
