"""What the owner has planned that running the desk may cost, from the settings.

Refuses to invent a number: everything here is read from ``[meter]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.config import Settings
from engine.metering.prices import ModelPrice


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What the machine draws and what that costs.

    Attributes
    ----------
    idle_watts, busy_watts : float, watts
        While the desk waits, and while a model runs on this machine.
    hours_a_day : float, hours in [0, 24]
        How long the machine is on for the desk.
    busy_hours_a_day : float, hours in [0, 24]
        Plan for a month in which no model has been measured.
    kwh_price : float, of `currency`
    usd_a_unit : float, US dollars a unit of `currency`
    """

    idle_watts: float
    busy_watts: float
    hours_a_day: float
    busy_hours_a_day: float
    kwh_price: float
    currency: str
    usd_a_unit: float


@dataclass(frozen=True, slots=True)
class MeterPlan:
    """Plan, budgets, power and prices.

    Attributes
    ----------
    plan_usd, warn_usd : Decimal, US dollars a month
    budgets_usd : mapping of provider to Decimal, US dollars a month
    prices : tuple of ModelPrice
    """

    plan_usd: Decimal
    warn_usd: Decimal
    budgets_usd: Mapping[str, Decimal]
    power: PowerPlan
    prices: tuple[ModelPrice, ...]


def meter_plan_of(settings: Settings) -> MeterPlan:
    """The plan of `settings`."""
    meter = settings.meter
    return MeterPlan(
        plan_usd=meter.plan_usd_a_month,
        warn_usd=meter.warn_usd_a_month,
        budgets_usd={"deepseek": meter.deepseek_usd_a_month},
        power=PowerPlan(
            idle_watts=meter.idle_watts,
            busy_watts=meter.busy_watts,
            hours_a_day=meter.hours_a_day,
            busy_hours_a_day=meter.busy_hours_a_day,
            kwh_price=meter.kwh_price,
            currency=meter.currency,
            usd_a_unit=meter.usd_a_unit,
        ),
        prices=tuple(
            ModelPrice(
                provider=price.provider,
                model=price.model,
                since=price.since,
                input_usd=price.input_usd,
                cached_usd=price.cached_usd,
                output_usd=price.output_usd,
                peak_hours=price.hours,
                peak_factor=price.peak_factor,
            )
            for price in meter.prices.values()
        ),
    )
