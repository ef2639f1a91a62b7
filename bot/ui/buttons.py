"""The proposal card's buttons, which carry the terms' hash and outlive every restart.

Refuses to remember anything: who clicks is checked at the click, and the desk alone knows
whether a yes still counts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import discord
from discord import ui

from bot.access import admit
from bot.answers import answer
from bot.errors import report
from bot.host import Host
from bot.pictures import waterfall_of
from bot.ui.breakdown import breakdown_card
from bot.ui.card import Tone
from bot.ui.desk import done_card
from bot.ui.modals import RejectModal
from bot.ui.outcome import decided_sentence
from engine.facade import Permission, ProposalStatus, Refused

_Interaction = discord.Interaction[Host]


_LOOK = {
    "approve": ("Approve", discord.ButtonStyle.success),
    "halve": ("Halve", discord.ButtonStyle.primary),
    "reject": ("Reject", discord.ButtonStyle.danger),
    "breakdown": ("Breakdown", discord.ButtonStyle.secondary),
}


class ProposalButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"proposal:(?P<action>[a-z]+):(?P<id>[A-Za-z0-9-]+):(?P<hash>[0-9a-f]{12})",
):
    """One button of one proposal; rebuilt from its custom id at every click.

    Parameters
    ----------
    action : str
        ``approve``, ``halve``, ``reject`` or ``breakdown``.
    proposal_id : str
    short_hash : str, 12 hexadecimal digits
        Of the terms that the card shows.
    """

    def __init__(self, action: str, proposal_id: str, short_hash: str) -> None:
        label, style = _LOOK[action]
        custom_id = f"proposal:{action}:{proposal_id}:{short_hash}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self._action, self._proposal_id, self._short_hash = action, proposal_id, short_hash

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction, _item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Rebuild the button that was clicked, whichever process sent it."""
        return cls(match["action"], match["id"], match["hash"])

    # Our own bot is the only client there is, which discord.py cannot know.
    async def callback(self, interaction: _Interaction) -> None:  # type: ignore[override]
        """Check who clicks, then put the question to the desk once."""
        act: dict[str, Callable[[_Interaction], Awaitable[None]]] = {
            "approve": self._approve,
            "halve": self._halve,
            "reject": self._reject,
            "breakdown": self._breakdown,
        }
        # discord.py only logs what a dynamic item raises: the user is told here.
        try:
            await act[self._action](interaction)
        except Exception as error:  # noqa: BLE001 - the last handler: report() tells and logs
            await report(interaction, error)

    async def _approve(self, interaction: _Interaction) -> None:
        await self._say_yes(interaction, portion=1.0)

    async def _halve(self, interaction: _Interaction) -> None:
        await self._say_yes(interaction, portion=0.5)

    async def _say_yes(self, interaction: _Interaction, *, portion: float) -> None:
        actor = await self._admit(interaction, Permission.DECIDE)
        await interaction.response.defer(ephemeral=True, thinking=True)
        result = await interaction.client.desk.approve(
            actor, self._proposal_id, self._short_hash, portion=portion
        )
        if isinstance(result, Refused):
            await answer(interaction, done_card(result.sentence, Tone.WARN), private=True)
            await self._correct_stale_card(interaction)
            return
        await answer(interaction, done_card(decided_sentence(result)), private=True)

    async def _reject(self, interaction: _Interaction) -> None:
        await self._admit(interaction, Permission.DECIDE)
        found = interaction.client.desk.proposal(self._proposal_id)
        if isinstance(found, Refused):
            await answer(interaction, done_card(found.sentence, Tone.WARN), private=True)
            return
        await interaction.response.send_modal(RejectModal(self._proposal_id))

    async def _breakdown(self, interaction: _Interaction) -> None:
        await self._admit(interaction, Permission.READ)
        await interaction.response.defer(ephemeral=True, thinking=True)
        result = interaction.client.desk.breakdown(self._proposal_id)
        if isinstance(result, Refused):
            await answer(interaction, done_card(result.sentence, Tone.WARN), private=True)
            return
        picture = await waterfall_of(result)
        await answer(interaction, breakdown_card(result, picture), private=True)

    async def _admit(self, interaction: _Interaction, permission: Permission) -> Any:
        return await admit(interaction, permission, f"{self._action} {self._proposal_id}")

    async def _correct_stale_card(self, interaction: _Interaction) -> None:
        found = interaction.client.desk.proposal(self._proposal_id)
        if isinstance(found, Refused) or found.status is ProposalStatus.OPEN:
            return
        if interaction.message is not None:
            await interaction.client.redraw(interaction.message, found)


def buttons_for(proposal_id: str, short_hash: str) -> list[ProposalButton]:
    """The row of a card that waits for its owner."""
    return [ProposalButton(action, proposal_id, short_hash) for action in _LOOK]
