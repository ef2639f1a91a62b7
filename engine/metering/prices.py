"""What a provider takes for tokens, by model, day and hour.

Refuses to call an unknown model free: where nobody has named a price, there is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase

_MILLION = Decimal(1_000_000)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """Prices of one family of models from one day on.

    Attributes
    ----------
    model : str
        Name, or a pattern such as ``deepseek-v4*``.
    since : date, UTC
    input_usd, cached_usd, output_usd : Decimal, US dollars a million tokens
    peak_hours : tuple of (int, int), hours of the UTC day, the second exclusive
        On Mondays to Fridays.
    peak_factor : Decimal, >= 1
    """

    provider: str
    model: str
    since: date
    input_usd: Decimal
    cached_usd: Decimal
    output_usd: Decimal
    peak_hours: tuple[tuple[int, int], ...] = ()
    peak_factor: Decimal = Decimal(1)

    def factor(self, at: datetime) -> Decimal:
        """What prices are multiplied by at `at`."""
        busy = any(begin <= at.hour < end for begin, end in self.peak_hours)
        return self.peak_factor if busy and at.weekday() < _SATURDAY else Decimal(1)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call by the provider's own count; `cached` are part of `into`."""

    into: int
    cached: int
    out: int

    def __post_init__(self) -> None:
        if not (0 <= self.cached <= self.into and self.out >= 0):
            raise ValueError(
                "tokens must be 0 <= cached <= in and 0 <= out, were "
                f"{self.cached}, {self.into}, {self.out}"
            )


def price_at(
    prices: Sequence[ModelPrice], provider: str, model: str, at: datetime
) -> ModelPrice | None:
    """The newest price that is in force at `at`; None where nobody has named one."""
    in_force = [
        price
        for price in prices
        if price.provider == provider
        and fnmatchcase(model, price.model)
        and price.since <= at.date()
    ]
    return max(in_force, key=lambda price: price.since, default=None)


def cost_usd(price: ModelPrice, usage: Usage, at: datetime) -> Decimal:
    """What one call costs, US dollars.

    Examples
    --------
    >>> from datetime import UTC
    >>> flash = ModelPrice(
    ...     "deepseek", "deepseek-flash", date(2026, 7, 24),
    ...     Decimal("0.15"), Decimal("0.003"), Decimal("0.60"),
    ... )
    >>> cost_usd(flash, Usage(2_000_000, 1_000_000, 1_000_000), datetime(2026, 11, 2, tzinfo=UTC))
    Decimal('0.753')
    """
    fresh = (usage.into - usage.cached) * price.input_usd
    told = fresh + usage.cached * price.cached_usd + usage.out * price.output_usd
    return told / _MILLION * price.factor(at)
