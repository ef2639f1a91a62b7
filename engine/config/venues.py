"""How live venues are traded; live trading is locked, only tests and rehearsals use it.

Refuses keys: they come from the environment only.
"""

from __future__ import annotations

from pydantic import Field

from engine.config.fields import Section, number
from engine.config.ibkr import IbkrSettings


class ExchangeSettings(Section):
    """How one exchange is traded; live trading is locked, only tests and rehearsals use it."""

    timeout_seconds: float = number(
        10.0, "How long one answer is waited for; after that its outcome is unknown", "seconds",
        ge=1, le=60,
    )  # fmt: skip
    deadline_seconds: float = number(
        10.0, "How long after it was sent the venue may still act on an order", "seconds",
        ge=2, le=60,
    )  # fmt: skip
    post_only_entries: bool = number(
        False,
        "Whether an entry rests at the bid and may only make liquidity, instead of buying at the "
        "market; on paper too",
        "true or false",
    )
    collar_frac: float = number(
        0.005,
        "How far past the ask a buy at the market may pay, and past its trigger a stop may sell, "
        "where the venue has no plain orders of these kinds (Coinbase)",
        "fraction of price",
        ge=0,
        le=0.05,
    )
    dead_man_seconds: float = number(
        0.0,
        "After how long without a sign of life the venue cancels what rests; armed only while "
        "nothing but entries rests there, 0 never (Kraken)",
        "seconds",
        ge=0,
        le=3600,
    )


class BrokersSettings(Section):
    """Live venues, one table each."""

    kraken: ExchangeSettings = Field(default_factory=ExchangeSettings)
    coinbase: ExchangeSettings = Field(default_factory=ExchangeSettings)
    ibkr: IbkrSettings = Field(default_factory=IbkrSettings)
