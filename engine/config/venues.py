"""How live venues are traded; live trading is locked, only tests and rehearsals use it.

Refuses keys: they come from the environment only.
"""

from __future__ import annotations

from pydantic import Field

from engine.config.fields import Section
from engine.config.ibkr import IbkrSettings


class BrokersSettings(Section):
    """Live venues, one table each."""

    ibkr: IbkrSettings = Field(default_factory=IbkrSettings)
