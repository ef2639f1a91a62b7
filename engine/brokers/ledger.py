"""The paper venue's own books: settled cash and what is held, moved by fills alone.

Refuses to go below zero: there is no credit and no short here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.model.instruments import Instrument
from engine.model.orders import Fill, Side

_NOTHING = Decimal(0)


class PaperLedger:
    """Balances of a paper account.

    Parameters
    ----------
    cash_usd : Decimal, US dollars, >= 0
    holdings : mapping of base asset to Decimal, base units, >= 0

    Raises
    ------
    ValueError
        If a balance is negative or not a number.
    """

    def __init__(self, cash_usd: Decimal, holdings: Mapping[str, Decimal]) -> None:
        for name, amount in {"cash_usd": cash_usd, **holdings}.items():
            if not (amount.is_finite() and amount >= _NOTHING):
                raise ValueError(f"{name} must be >= 0, was {amount}")
        self.cash_usd = cash_usd
        self._held = dict(holdings)

    def held(self, instrument: Instrument) -> Decimal:
        """Base units held of the instrument's base asset."""
        return self._held.get(instrument.base, _NOTHING)

    def balances(self) -> dict[str, Decimal]:
        """Cash and holdings, each in its own units."""
        return {"USD": self.cash_usd, **self._held}

    def book(self, fill: Fill, side: Side, instrument: Instrument) -> None:
        """Move cash and holding by one fill.

        Raises
        ------
        ValueError
            If the fill is not covered; the caller has checked, so this is a defect.
        """
        notional = fill.price * fill.quantity
        sign = 1 if side is Side.BUY else -1
        cash = self.cash_usd - sign * notional - fill.fee_usd
        held = self.held(instrument) + sign * fill.quantity
        if cash < _NOTHING or held < _NOTHING:
            raise ValueError(f"fill {fill.fill_id} must be covered, left {cash} USD and {held}")
        self.cash_usd = cash
        self._held[instrument.base] = held
