"""The button below ``/risk``: its history, for whoever may read.

Refuses to trust the card: who clicks is admitted again.
"""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.access import admit
from bot.answers import answer
from bot.errors import report
from bot.host import Host
from bot.ui.risk import history_card
from engine.facade import Permission

_Interaction = discord.Interaction[Host]


class RiskHistoryButton(ui.DynamicItem[ui.Button[Any]], template=r"risk:history"):
    """Shows every trip, reset, halt and resumption; works after a restart too."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label="History", custom_id="risk:history"))

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: ui.Item[Any], _match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was clicked, whichever process sent it."""
        return cls()

    # Our own bot is the only client there is, which discord.py cannot know.
    async def callback(self, interaction: _Interaction) -> None:  # type: ignore[override]
        """Check who clicks, then show the history to them alone."""
        # discord.py only logs what a dynamic item raises: the user is told here.
        try:
            await admit(interaction, Permission.READ, "risk history")
            card = history_card(interaction.client.desk.risk().history)
            await answer(interaction, card, private=True)
        except Exception as error:  # noqa: BLE001 - the last handler: report() tells and logs
            await report(interaction, error)
