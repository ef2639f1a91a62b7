"""The instruments that are known, one table each, and what a trade in each costs on paper.

Refuses forms that are not spot ownership, and symbols that are not quoted in US dollars.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from engine.config.fields import Exact, Name, Section, number, setting
from engine.config.trading import Venue
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm


def in_dollars(symbol: str) -> str:
    """Let through a symbol such as ``BTC-USD``.

    Raises
    ------
    ValueError
        If `symbol` is not a base in capitals, quoted in US dollars.
    """
    if not re.fullmatch(r"[A-Z0-9]{2,12}-USD", symbol):
        raise ValueError("must be a symbol in US dollars, such as BTC-USD")
    return symbol


Symbol = Annotated[str, AfterValidator(in_dollars)]


class InstrumentSettings(Section):
    """One spot instrument; the table's name is its symbol."""

    asset: Asset = setting(..., "What is owned", "bitcoin, gold or silver")
    form: InstrumentForm = setting(
        ..., "How it is owned", "crypto_spot, allocated_metal or tokenised_allocated_metal"
    )
    attested_by: str = setting(
        "", "Who attested that form; while empty: watch and paper only, never live", "name"
    )
    settles_after_days: int = number(
        0,
        "Business days after a purchase until it is ours and may be sold; 0 is at once",
        "business days",
        ge=0,
        le=5,
    )
    venue: Venue = setting(..., "Where it is traded", "kraken, coinbase or ibkr")
    venue_symbol: Name = setting(..., "Its name at that venue", "name")
    data_venue: Literal["kraken", "coinbase", ""] = setting(
        ..., "Where its public bars are read", "kraken, coinbase, or empty where there are none"
    )
    calendar: Calendar = setting(..., "When bars exist", "continuous, metals or nyse")
    tick: Exact = setting(..., "Smallest price step", "US dollars", gt=0)
    lot: Exact = setting(..., "Smallest quantity step", "base units", gt=0)
    min_notional_usd: Exact = setting(..., "Smallest order value", "US dollars", gt=0)
    half_spread_bps: float = number(
        ..., "Half the spread that paper pays, each side", "basis points of price", ge=0, le=1000
    )
    slippage_bps: float = number(
        ..., "Slippage that paper pays, each side", "basis points of price", ge=0, le=1000
    )

    def instrument(self, symbol: str) -> Instrument:
        """The model's instrument of this table."""
        return Instrument(
            symbol=symbol,
            asset=self.asset,
            form=self.form,
            venue=self.venue,
            tick=self.tick,
            lot=self.lot,
            min_notional_usd=self.min_notional_usd,
            calendar=self.calendar,
            attested_by=self.attested_by or None,
            settles_after_days=self.settles_after_days,
        )


def _metal(asset: Asset, symbol: str, tick: str, half_spread_bps: float) -> InstrumentSettings:
    return InstrumentSettings(
        asset=asset,
        form=InstrumentForm.ALLOCATED_METAL,
        venue="ibkr",
        venue_symbol=symbol,
        data_venue="",
        calendar=Calendar.METALS,
        tick=Decimal(tick),
        lot=Decimal("0.01"),
        min_notional_usd=Decimal(10),
        half_spread_bps=half_spread_bps,
        slippage_bps=1.0,
    )


def _trust(asset: Asset, symbol: str, half_spread_bps: float) -> InstrumentSettings:
    """A trust that holds allocated bars and is listed on NYSE Arca."""
    return InstrumentSettings(
        asset=asset,
        form=InstrumentForm.ALLOCATED_METAL,
        venue="ibkr",
        venue_symbol=symbol,
        data_venue="",
        calendar=Calendar.NYSE,
        tick=Decimal("0.01"),
        lot=Decimal(1),
        min_notional_usd=Decimal(10),
        half_spread_bps=half_spread_bps,
        slippage_bps=2.0,
    )


def _on_kraken(
    asset: Asset, form: InstrumentForm, symbol: str, steps: tuple[str, str], half_spread_bps: float
) -> InstrumentSettings:
    return InstrumentSettings(
        asset=asset,
        form=form,
        venue="kraken",
        venue_symbol=symbol,
        data_venue="kraken",
        calendar=Calendar.CONTINUOUS,
        tick=Decimal(steps[0]),
        lot=Decimal(steps[1]),
        min_notional_usd=Decimal(10),
        half_spread_bps=half_spread_bps,
        slippage_bps=2.0,
    )


KNOWN_INSTRUMENTS: dict[str, InstrumentSettings] = {
    "BTC-USD": _on_kraken(
        Asset.BITCOIN, InstrumentForm.CRYPTO_SPOT, "BTC/USD", ("0.1", "0.00001"), 1.0
    ),
    "XAU-USD": _metal(Asset.GOLD, "XAUUSD", "0.01", 1.0),
    "XAG-USD": _metal(Asset.SILVER, "XAGUSD", "0.001", 3.0),
    "PHYS-USD": _trust(Asset.GOLD, "PHYS", 2.0),
    "PSLV-USD": _trust(Asset.SILVER, "PSLV", 4.0),
    "PAXG-USD": _on_kraken(
        Asset.GOLD,
        InstrumentForm.TOKENISED_ALLOCATED_METAL,
        "PAXG/USD",
        ("0.01", "0.0001"),
        5.0,
    ),
}
