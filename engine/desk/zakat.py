"""From a ledger and the owner's settings to the zakat report.

Refuses to invent a price: without a feed and without a configured one it says what to give.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.compliance.zakat import (
    Nisab,
    OuncePrice,
    TradingGood,
    ZakatReport,
    ZakatYear,
    zakat_report,
)
from engine.config import Settings
from engine.journal.ledger import Ledger
from engine.model.instruments import Asset
from engine.model.verdicts import Refused

_METALS = {Nisab.GOLD: Asset.GOLD, Nisab.SILVER: Asset.SILVER}


@dataclass(frozen=True, slots=True)
class ZakatChoice:
    """What is asked; None takes it from config.toml.

    Attributes
    ----------
    ounce_usd : Decimal or None, US dollars a troy ounce
        A price that goes before the desk's own.
    """

    nisab: Nisab | None = None
    year: ZakatYear | None = None
    day: date | None = None
    ounce_usd: Decimal | None = None


def zakat_of(
    ledger: Ledger, settings: Settings, choice: ZakatChoice, today: date
) -> ZakatReport | Refused:
    """The report on everything that `ledger` holds.

    Parameters
    ----------
    today : date, UTC
        Taken where `choice` names no day.
    """
    stated = settings.zakat
    nisab = choice.nisab or Nisab(stated.nisab)
    price = _ounce(ledger, settings, nisab, choice.ounce_usd, choice.day or today)
    if price is None:
        return Refused(
            "zakat",
            f"nobody knows what an ounce of {nisab} costs",
            "",
            f"Set zakat.{nisab}_usd_per_ounce in config.toml, give --ounce-usd, or take the "
            "other nisab.",
        )
    goods = tuple(
        TradingGood(
            held.instrument,
            held.quantity,
            ledger.prices.get(held.instrument, held.entry_price),
        )
        for held in ledger.positions.values()
    )
    return zakat_report(
        choice.day or today,
        goods,
        max(ledger.cash_usd, Decimal(0)),
        stated.due_debts_usd,
        nisab,
        price,
        choice.year or ZakatYear(stated.year),
        hawl_on=date.fromisoformat(stated.hawl_on) if stated.hawl_on else None,
        simulated=ledger.simulated,
    )


def _ounce(
    ledger: Ledger, settings: Settings, nisab: Nisab, given: Decimal | None, day: date
) -> OuncePrice | None:
    """Given by hand, else the desk's own feed, else config.toml; the report says which."""
    if given is not None:
        return OuncePrice(given, day, "given with the question")
    for symbol, price in ledger.prices.items():
        table = settings.instruments.get(symbol)
        if table is not None and table.asset is _METALS[nisab] and ledger.bars_at is not None:
            # Metals and the token that stands for an ounce are both quoted by the troy ounce.
            return OuncePrice(price, ledger.bars_at.date(), f"the desk's own feed of {symbol}")
    stated = settings.zakat
    configured = stated.gold_usd_per_ounce if nisab is Nisab.GOLD else stated.silver_usd_per_ounce
    if configured > 0:
        return OuncePrice(configured, stated.prices_as_of, "config.toml")
    return None
