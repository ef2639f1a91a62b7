"""Sentences of the live path, as a person reads them."""

from __future__ import annotations

from decimal import Decimal

from engine.desk.words import sentence
from engine.model.events import ModeChanged


def test_what_is_set_aside_is_told_without_what_is_empty_and_without_trailing_zeros() -> None:
    aside = {
        "BTC": Decimal("0.2500000000"),
        "PAXG": Decimal("100.0000"),
        "USD": Decimal("0.0000000000"),
    }
    told = sentence(ModeChanged("rehearsal", Decimal(10_000), aside, "the settled dollars"))
    assert told.endswith("The owner's, and not touched: 0.25 BTC, 100 PAXG.")


def test_where_nothing_is_set_aside_the_owner_is_not_mentioned() -> None:
    told = sentence(ModeChanged("live", Decimal(100), {"USD": Decimal("0.00")}, "the dollars"))
    assert "owner" not in told
