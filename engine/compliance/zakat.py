"""What zakat on the desk's trading goods would come to: a report with every input shown.

Refuses to decide and to move anything: nisab, year, debts and valuation are for a scholar and the
owner (MATH.md section 7; AAOIFI Sharia Standard 35 was not read, only secondary pages).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.compliance.hijri import hawl_after, hijri_text

GRAMS_PER_TROY_OUNCE = Decimal("31.1034768")
LUNAR_RATE = Decimal("0.025")
SOLAR_RATE = LUNAR_RATE * Decimal("365.2422") / Decimal("354.36708")
"""2.5 % a lunar year, for the days of a solar one: 2.5767 %."""


class Nisab(StrEnum):
    """Metal by whose weight the threshold is set."""

    GOLD = "gold"
    SILVER = "silver"

    @property
    def grams(self) -> int:
        """Weight of the threshold."""
        return {Nisab.GOLD: 85, Nisab.SILVER: 595}[self]


class ZakatYear(StrEnum):
    """Year of the rate."""

    LUNAR = "lunar"
    SOLAR = "solar"

    @property
    def rate(self) -> Decimal:
        """Share of the base that is due."""
        return {ZakatYear.LUNAR: LUNAR_RATE, ZakatYear.SOLAR: SOLAR_RATE}[self]


@dataclass(frozen=True, slots=True)
class OuncePrice:
    """Price of the nisab's metal, and where it is from.

    Attributes
    ----------
    usd : Decimal, US dollars a troy ounce, > 0
    source : str
        ``the desk's own feed of XAU-USD``, ``config.toml``, ``--gold-usd-per-ounce``.
    """

    usd: Decimal
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class TradingGood:
    """One holding at its market value on the day."""

    instrument: str
    quantity: Decimal
    price_usd: Decimal

    @property
    def value_usd(self) -> Decimal:
        """Market value."""
        return self.quantity * self.price_usd


@dataclass(frozen=True, slots=True)
class ZakatReport:
    """The sum and everything that went into it.

    Attributes
    ----------
    day : date
        The hawl date that was asked for.
    base_usd : Decimal, US dollars
        Goods at market value and cash, less debts that are due; never below zero.
    due_usd : Decimal, US dollars
        Zero below the nisab.
    next_hawl : date or None
        A Hijri year after the configured beginning; None where none is configured.
    simulated : bool
        True means that no price is real.
    """

    day: date
    hijri: str
    goods: tuple[TradingGood, ...]
    cash_usd: Decimal
    due_debts_usd: Decimal
    base_usd: Decimal
    nisab: Nisab
    price: OuncePrice
    gram_usd: Decimal
    nisab_usd: Decimal
    year: ZakatYear
    rate: Decimal
    due_usd: Decimal
    next_hawl: date | None
    next_hawl_hijri: str
    simulated: bool

    @property
    def goods_usd(self) -> Decimal:
        """Market value of everything held."""
        return sum((good.value_usd for good in self.goods), Decimal(0))

    @property
    def formula(self) -> str:
        """How the sum comes about, in one line."""
        return (
            f"goods {self.goods_usd:,.2f} + cash "
            f"{self.cash_usd:,.2f} − due debts {self.due_debts_usd:,.2f} = {self.base_usd:,.2f} "
            f"USD; nisab {self.nisab.grams} g × {self.gram_usd:,.4f} USD = {self.nisab_usd:,.2f} "
            f"USD; × {self.rate * 100:.4f} % = {self.due_usd:,.2f} USD"
        )


def zakat_report(
    day: date,
    goods: tuple[TradingGood, ...],
    cash_usd: Decimal,
    due_debts_usd: Decimal,
    nisab: Nisab,
    price: OuncePrice,
    year: ZakatYear,
    *,
    hawl_on: date | None = None,
    simulated: bool = False,
) -> ZakatReport:
    """What would be due: (goods at market value + cash - due debts) x rate, from the nisab on.

    Parameters
    ----------
    cash_usd, due_debts_usd : Decimal, US dollars, >= 0
    hawl_on : date or None
        When the last zakat year began.

    Raises
    ------
    ValueError
        If an amount is negative or not a number, or the price is not above zero.

    Examples
    --------
    >>> ounce = OuncePrice(Decimal(2000), date(2025, 3, 1), "example")
    >>> report = zakat_report(date(2025, 3, 1), (), Decimal(10_000), Decimal(0), Nisab.GOLD,
    ...                       ounce, ZakatYear.SOLAR)
    >>> f"{report.nisab_usd:.2f} {report.due_usd:.2f} {report.rate:.6f}"
    '5465.63 257.67 0.025767'
    """
    for name, amount in (("cash_usd", cash_usd), ("due_debts_usd", due_debts_usd)):
        if not (amount.is_finite() and amount >= 0):
            raise ValueError(f"{name} must be >= 0, was {amount}")
    if not (price.usd.is_finite() and price.usd > 0):
        raise ValueError(f"price of the ounce must be above 0, was {price.usd}")
    value = sum((good.value_usd for good in goods), Decimal(0))
    base = max(value + cash_usd - due_debts_usd, Decimal(0))
    gram = price.usd / GRAMS_PER_TROY_OUNCE
    threshold = gram * nisab.grams
    following = hawl_after(hawl_on) if hawl_on else None
    return ZakatReport(
        day=day,
        hijri=hijri_text(day),
        goods=goods,
        cash_usd=cash_usd,
        due_debts_usd=due_debts_usd,
        base_usd=base,
        nisab=nisab,
        price=price,
        gram_usd=gram,
        nisab_usd=threshold,
        year=year,
        rate=year.rate,
        due_usd=base * year.rate if base >= threshold else Decimal(0),
        next_hawl=following,
        next_hawl_hijri=hijri_text(following) if following else "",
        simulated=simulated,
    )
