"""Every setting in one frozen value, with the hash that goes into the journal.

Refuses environment variables, .env files and secrets: settings come from config.toml and the
command line only, so that the hash tells what the desk really ran with.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

from engine.compliance.jurisdiction import Jurisdiction
from engine.config.analyzer import AnalyzerSettings
from engine.config.fields import numbers_only, over_known
from engine.config.instruments import KNOWN_INSTRUMENTS, InstrumentSettings, Symbol
from engine.config.law import (
    KNOWN_JURISDICTIONS,
    ComplianceSettings,
    JurisdictionSettings,
    ZakatSettings,
)
from engine.config.metering import MeterSettings
from engine.config.places import (
    DiscordSettings,
    JournalSettings,
    LogSettings,
    ReviewSettings,
    ScheduleSettings,
)
from engine.config.sources import OneSource
from engine.config.trading import (
    ApprovalSettings,
    CostSettings,
    DeskSettings,
    ExploratorySettings,
    MarketSettings,
    PaperSettings,
    RiskSettings,
    SizingSettings,
)
from engine.config.venues import BrokersSettings
from engine.config.voices import NewsSettings, SignalSettings
from engine.config.witnesses import ScoutsSettings
from engine.errors import ConfigError
from engine.model.canonical import canonical_json
from engine.model.instruments import Instrument
from engine.probability.settings import PipelineSettings

PLACES = frozenset({"meter", "discord", "schedule", "journal", "log", "zakat", "review"})
"""Sections that decide no trade and are left out of the hash."""


class Settings(OneSource):
    """All settings of one run; ``Settings()`` is the defaults, without reading anything.

    Examples
    --------
    >>> Settings().risk.daily_loss_frac
    0.02
    """

    source: ClassVar[Literal["given", "environment"]] = "given"
    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False
    )

    desk: DeskSettings = Field(default_factory=DeskSettings)
    instruments: dict[Symbol, InstrumentSettings] = Field(
        default_factory=lambda: dict(KNOWN_INSTRUMENTS)
    )
    market: MarketSettings = Field(default_factory=MarketSettings)
    pipeline: Annotated[PipelineSettings, BeforeValidator(numbers_only)] = Field(
        default_factory=PipelineSettings
    )
    sizing: SizingSettings = Field(default_factory=SizingSettings)
    risk: RiskSettings = Field(default_factory=RiskSettings)
    costs: CostSettings = Field(default_factory=CostSettings)
    brokers: BrokersSettings = Field(default_factory=BrokersSettings)
    approval: ApprovalSettings = Field(default_factory=ApprovalSettings)
    exploratory: ExploratorySettings = Field(default_factory=ExploratorySettings)
    scouts: ScoutsSettings = Field(default_factory=ScoutsSettings)
    analyzer: AnalyzerSettings = Field(default_factory=AnalyzerSettings)
    paper: PaperSettings = Field(default_factory=PaperSettings)
    signals: SignalSettings = Field(default_factory=SignalSettings)
    news: NewsSettings = Field(default_factory=NewsSettings)
    meter: MeterSettings = Field(default_factory=MeterSettings)
    compliance: ComplianceSettings = Field(default_factory=ComplianceSettings)
    jurisdictions: dict[str, JurisdictionSettings] = Field(
        default_factory=lambda: dict(KNOWN_JURISDICTIONS)
    )
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    review: ReviewSettings = Field(default_factory=ReviewSettings)
    journal: JournalSettings = Field(default_factory=JournalSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    zakat: ZakatSettings = Field(default_factory=ZakatSettings)

    @field_validator("costs", "instruments", "jurisdictions", mode="before")
    @classmethod
    def _complete_known_tables(cls, tables: object, info: Any) -> object:
        known = {
            "instruments": KNOWN_INSTRUMENTS,
            "costs": dict(CostSettings()),
            "jurisdictions": KNOWN_JURISDICTIONS,
        }
        return over_known(known[info.field_name], tables)

    @model_validator(mode="after")
    def _watch_known_instruments(self) -> Settings:
        for symbol in self.desk.watch:
            if symbol not in self.instruments:
                known = ", ".join(self.instruments)
                raise ValueError(
                    f"desk.watch names {symbol}, which is none of {known}; add its table"
                )
        return self

    @model_validator(mode="after")
    def _live_in_a_known_place(self) -> Settings:
        chosen = self.compliance.jurisdiction
        if chosen and chosen not in self.jurisdictions:
            known = ", ".join(self.jurisdictions)
            raise ValueError(
                f"compliance.jurisdiction is {chosen}, which is none of {known}; add "
                f"[jurisdictions.{chosen}], or leave it empty"
            )
        return self

    @property
    def law(self) -> Jurisdiction | None:
        """Law of the place where the owner lives; None where none is chosen."""
        chosen = self.compliance.jurisdiction
        return self.jurisdictions[chosen].law(chosen, self.compliance) if chosen else None

    def instrument(self, symbol: str) -> Instrument:
        """The instrument named `symbol`.

        Raises
        ------
        ConfigError
            If config.toml has no such table.

        Examples
        --------
        >>> Settings().instrument("BTC-USD").venue
        'kraken'
        """
        if symbol not in self.instruments:
            known = ", ".join(self.instruments)
            raise ConfigError(
                f"no instrument {symbol}: it is none of {known}; add [instruments.{symbol}]"
            )
        return self.instruments[symbol].instrument(symbol)

    @property
    def watched(self) -> tuple[Instrument, ...]:
        """Instruments of ``desk.watch``, in its order."""
        return tuple(self.instrument(symbol) for symbol in self.desk.watch)

    @property
    def hash(self) -> str:
        """SHA-256 of every setting outside `PLACES`, 64 hexadecimal digits."""
        return hashlib.sha256(canonical_json(self.trading()).encode()).hexdigest()

    def trading(self) -> dict[str, Any]:
        """Settings that the hash covers, as plain JSON data with one text a value."""
        dumped: dict[str, Any] = _one_text(self.model_dump(exclude=set(PLACES)))
        return dumped


def _one_text(value: Any) -> Any:
    """Plain data in which equal settings look equal: 10000, 10000.0 and 1E+4 are one number."""
    if isinstance(value, dict):
        return {str(key): _one_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_one_text(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str | int | float | None) else str(value)
