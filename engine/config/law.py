"""Settings of the law of the place and of the reports for a scholar.

Refuses a jurisdiction that has no table; the tables carry the day they were read and where.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator

from engine.compliance.jurisdiction import Jurisdiction
from engine.config.fields import Exact, Section, setting
from engine.config.trading import Venue


def _region(name: str) -> str:
    if name and not (len(name) <= 6 and name.replace("-", "").isalnum() and name.isupper()):
        raise ValueError("must be an ISO 3166-2 code such as CA-ON, or empty")
    return name


def _day(text: str) -> str:
    if text:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValueError("must be a date such as 2026-03-01, or empty") from None
    return text


def _as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


DayOrNone = Annotated[str, BeforeValidator(_as_text), AfterValidator(_day)]
Region = Annotated[str, AfterValidator(_region)]

_READ_ON = date(2026, 11, 22)


class ComplianceSettings(Section):
    """The place whose law the desk keeps to."""

    jurisdiction: Region = setting(
        "CA-ON",
        "Where B lives: limits venues and net purchases; empty keeps to no place's rules",
        "a table under [jurisdictions], or empty",
    )
    usd_cad: Exact = setting(
        Decimal("1.40"),
        "Rate at which net purchases are counted; set it high rather than low",
        "Canadian dollars a US dollar",
        gt=0,
        lt=10,
    )
    usd_cad_as_of: date = setting(date(2026, 11, 1), "Day of that rate", "date, YYYY-MM-DD")
    statement_days: int = setting(
        35,
        "How old the newest statement of a venue without a ledger (ibkr) may be at a live entry",
        "days",
        ge=1,
        le=100,
    )


class JurisdictionSettings(Section):
    """What holds for a resident of one place; the table's name is its ISO 3166-2 code."""

    venues: tuple[Venue, ...] = setting(
        ..., "Venues that may serve a resident", "of kraken, coinbase, ibkr"
    )
    net_buy_cap_cad: Exact = setting(
        ...,
        "Most that may be bought in 12 months, net of sales, of crypto assets; 0 is no cap",
        "Canadian dollars",
        ge=0,
    )
    uncapped_assets: tuple[str, ...] = setting(
        ..., "Crypto assets that do not count against the cap", "base assets"
    )
    as_of: date = setting(..., "Day on which this table was read", "date, YYYY-MM-DD")
    source: str = setting(..., "Where it was read", "words")

    def law(self, name: str, chosen: ComplianceSettings) -> Jurisdiction:
        """The compliance value of this table."""
        return Jurisdiction(
            name=name,
            venues=frozenset(self.venues),
            net_buy_cap_cad=self.net_buy_cap_cad or None,
            uncapped_assets=frozenset(self.uncapped_assets),
            usd_cad=chosen.usd_cad,
            usd_cad_as_of=chosen.usd_cad_as_of,
            as_of=self.as_of,
            source=self.source,
        )


KNOWN_JURISDICTIONS: dict[str, JurisdictionSettings] = {
    "CA-ON": JurisdictionSettings(
        venues=("kraken", "coinbase", "ibkr"),
        net_buy_cap_cad=Decimal(30_000),
        uncapped_assets=("BTC", "ETH", "LTC", "BCH"),
        as_of=_READ_ON,
        source=(
            "support.kraken.com (permitted, accredited and eligible investors explained); CSA "
            "Staff Notice 21-332; OSC decisions on crypto trading platforms"
        ),
    ),
}


class ZakatSettings(Section):
    """What the zakat report starts from; it decides nothing and moves nothing."""

    nisab: Literal["gold", "silver"] = setting(
        "gold", "Metal whose nisab is used: 85 g of gold or 595 g of silver", "gold or silver"
    )
    year: Literal["lunar", "solar"] = setting(
        "lunar", "Year of the rate: 2.5 % lunar, 2.5767 % solar", "lunar or solar"
    )
    hawl_on: DayOrNone = setting(
        "",
        "Day on which the last zakat year began; the next begins a Hijri year later",
        "date, YYYY-MM-DD, or empty",
    )
    due_debts_usd: Exact = setting(
        Decimal(0), "Debts that are due now and are deducted", "US dollars", ge=0
    )
    gold_usd_per_ounce: Exact = setting(
        Decimal(0), "Price where the desk has no feed of gold; 0 is none", "US dollars", ge=0
    )
    silver_usd_per_ounce: Exact = setting(
        Decimal(0), "Price where the desk has no feed of silver; 0 is none", "US dollars", ge=0
    )
    prices_as_of: date = setting(_READ_ON, "Day of those two prices", "date, YYYY-MM-DD")
