"""Secrets: from the environment, and nowhere else.

Refuses to show itself: no repr, dump, error or log line holds a value.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from engine.config.sources import OneSource


class Secrets(OneSource):
    """Keys and tokens of one run, each None where the environment has none.

    Examples
    --------
    >>> Secrets.variables()[0]
    'DISCORD_TOKEN'
    """

    source: ClassVar[Literal["given", "environment"]] = "environment"
    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True
    )

    discord_token: SecretStr | None = Field(None, description="Token of the Discord bot")
    kraken_api_key: SecretStr | None = Field(None, description="Kraken key, no withdrawal right")
    kraken_api_secret: SecretStr | None = Field(None, description="Secret of that key")
    coinbase_api_key: SecretStr | None = Field(None, description="Coinbase key, no transfers")
    coinbase_api_secret: SecretStr | None = Field(None, description="Secret of that key")
    deepseek_api_key: SecretStr | None = Field(None, description="Key of the analyzer's service")
    lm_studio_api_key: SecretStr | None = Field(None, description="Key of the scouts' server")

    @field_validator("*", mode="before")
    @classmethod
    def _blank_is_none(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @classmethod
    def variables(cls) -> tuple[str, ...]:
        """Names of the environment variables that are read."""
        return tuple(name.upper() for name in cls.model_fields)

    @property
    def present(self) -> tuple[str, ...]:
        """Names of the variables that hold something, never what they hold."""
        return tuple(name.upper() for name, value in self if value is not None)

    def revealed(self) -> tuple[str, ...]:
        """What the variables hold, for one use only: to mask it in logs."""
        return tuple(value.get_secret_value() for _, value in self if value is not None)

    def __repr__(self) -> str:
        return f"Secrets(present={', '.join(self.present) or 'none'})"

    __str__ = __repr__
