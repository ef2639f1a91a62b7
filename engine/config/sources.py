"""Where a value may come from: one source each, so that nothing slips in from elsewhere.

Refuses .env files and secret folders.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class OneSource(BaseSettings):
    """Settings that are read from what is given to them, or from the environment, never both."""

    source: ClassVar[Literal["given", "environment"]]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the hook's signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only the source that the class names."""
        return (init_settings if cls.source == "given" else env_settings,)
