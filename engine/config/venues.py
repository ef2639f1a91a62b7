"""How live venues are traded, once the gates of docs/howto/live.md are passed; and in rehearsals.

Refuses keys: they come from the environment only.
"""

from __future__ import annotations

from pydantic import Field

from engine.config.fields import Section, number
from engine.config.ibkr import IbkrSettings
from engine.errors import ConfigError


class ExchangeSettings(Section):
    """How one exchange is traded, live (docs/howto/live.md) and in a rehearsal."""

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

    def exchange(self, venue: str) -> ExchangeSettings:
        """The table of one exchange.

        Raises
        ------
        ConfigError
            If there is no such exchange.
        """
        if venue not in ("kraken", "coinbase"):
            raise ConfigError(f"there is no exchange {venue!r}: it must be kraken or coinbase")
        return self.kraken if venue == "kraken" else self.coinbase
