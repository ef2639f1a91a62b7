"""Settings of what running the desk costs: plan, budgets, electricity and model prices.

Refuses prices without a day from which they hold. Nothing here decides a trade.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pydantic import Field, field_validator, model_validator

from engine.config.fields import Exact, Name, Section, number, over_known, setting


class ModelPriceSettings(Section):
    """What a provider takes for the tokens of a model; the table's name is ours."""

    provider: Name = setting(..., "Who bills it", "name, such as deepseek")
    model: Name = setting(..., "Model, or a pattern with *", "name")
    since: date = setting(..., "First day of these prices", "date, YYYY-MM-DD, UTC")
    input_usd: Exact = setting(..., "Fresh input", "US dollars a million tokens", ge=0)
    cached_usd: Exact = setting(..., "Cached input", "US dollars a million tokens", ge=0)
    output_usd: Exact = setting(..., "Output", "US dollars a million tokens", ge=0)
    peak_hours: tuple[str, ...] = setting(
        (), "Dearer hours from Monday to Friday", "HH-HH, UTC, the second exclusive"
    )
    peak_factor: Exact = setting(
        Decimal(1), "What prices are multiplied by then", "factor", ge=1, le=100
    )

    @model_validator(mode="after")
    def _hours_are_hours(self) -> ModelPriceSettings:
        _ = self.hours
        return self

    @property
    def hours(self) -> tuple[tuple[int, int], ...]:
        """Peak hours as numbers, the second of each pair exclusive."""
        return tuple(_span(text) for text in self.peak_hours)


def _span(text: str) -> tuple[int, int]:
    begin, _, end = text.partition("-")
    if not (begin.isdigit() and end.isdigit() and 0 <= int(begin) < int(end) <= 24):
        raise ValueError(f"peak_hours must be such as 01-04, was {text!r}")
    return int(begin), int(end)


def _deepseek(model: str, input_usd: str, cached_usd: str, output_usd: str) -> ModelPriceSettings:
    return ModelPriceSettings(
        provider="deepseek",
        model=model,
        since=date(2026, 7, 24),
        input_usd=Decimal(input_usd),
        cached_usd=Decimal(cached_usd),
        output_usd=Decimal(output_usd),
        peak_hours=("01-04", "06-10"),
        peak_factor=Decimal(2),
    )


KNOWN_PRICES: dict[str, ModelPriceSettings] = {
    "deepseek_flash": _deepseek("deepseek-flash", "0.15", "0.003", "0.60"),
    "deepseek_pro": _deepseek("deepseek-v4-pro", "0.66", "0.022", "1.98"),
    "local": ModelPriceSettings(
        provider="lm_studio",
        model="*",
        since=date(2026, 1, 1),
        input_usd=Decimal(0),
        cached_usd=Decimal(0),
        output_usd=Decimal(0),
    ),
}


class MeterSettings(Section):
    """What running the desk may cost; fees of trades are counted apart."""

    plan_usd_a_month: Exact = setting(
        Decimal(15), "Plan for models and electricity together", "US dollars a month", gt=0
    )
    warn_usd_a_month: Exact = setting(
        Decimal(10), "Line above which /costs warns", "US dollars a month", gt=0
    )
    deepseek_usd_a_month: Exact = setting(
        Decimal(5), "Budget past which the analyzer rests", "US dollars a month", ge=0
    )
    idle_watts: float = number(
        15.0, "Draw of the machine while the desk waits", "watts", ge=0, le=5000
    )
    busy_watts: float = number(
        120.0, "Draw while a model runs on this machine", "watts", ge=0, le=5000
    )
    hours_a_day: float = number(24.0, "Time that the machine is on", "hours", ge=0, le=24)
    busy_hours_a_day: float = number(
        0.0, "Time that local models run, until it is measured", "hours", ge=0, le=24
    )
    kwh_price: float = number(
        0.15, "Price of electricity", "units of currency a kilowatt-hour", ge=0, le=10
    )
    currency: Name = setting("USD", "Currency of that price", "code")
    usd_a_unit: float = number(
        1.0, "Worth of one unit of that currency", "US dollars", gt=0, le=1000
    )
    prices: dict[str, ModelPriceSettings] = Field(default_factory=lambda: dict(KNOWN_PRICES))

    @field_validator("prices", mode="before")
    @classmethod
    def _add_to_known_prices(cls, tables: object) -> object:
        return over_known(KNOWN_PRICES, tables)

    @model_validator(mode="after")
    def _warns_before_the_plan(self) -> MeterSettings:
        if self.warn_usd_a_month > self.plan_usd_a_month:
            raise ValueError(
                f"warn_usd_a_month ({self.warn_usd_a_month}) must not be above "
                f"plan_usd_a_month ({self.plan_usd_a_month})"
            )
        return self
