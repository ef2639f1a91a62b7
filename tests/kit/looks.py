"""What scouts are shown in tests: small true charts, and a painter that draws nothing."""

from __future__ import annotations

from collections.abc import Mapping

from engine.engine.consulting import look_of
from engine.model.bars import Bar, Candles, Timeframe
from engine.ports import Look
from tests.kit.desk import BTC, swings

PNG = b"\x89PNG\r\n\x1a\n"


def hours(count: int, instrument: str = BTC) -> tuple[Bar, ...]:
    """Closed hours of a price that swings."""
    found = swings(count, instrument=instrument)
    return tuple(found.bar(k) for k in range(count))


def look(count: int = 400, instrument: str = BTC) -> Look:
    """What can be shown of an instrument after `count` hours."""
    shown = look_of(instrument, hours(count, instrument), Timeframe.H4, None)
    numbers: Mapping[str, float] = {"exhaustion rsi": 31.0}
    return Look(instrument, shown.fast, shown.slow, numbers)


def paint(candles: Candles) -> bytes:
    """A picture of nothing: models in tests do not look."""
    return PNG
