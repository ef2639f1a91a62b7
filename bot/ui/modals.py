"""Modals: the reason for a no, the confirmation of a flatten, the phrase that unlocks live.

Refuses to act on an empty reason, and checks who submits as if no button had been seen.
"""

from __future__ import annotations

from typing import Any, cast

import discord
from discord import ui

from bot.access import admit
from bot.answers import answer
from bot.errors import report
from bot.host import Host
from bot.ui.card import Tone
from bot.ui.desk import done_card
from bot.ui.live import live_card
from bot.ui.outcome import decided_sentence
from bot.ui.text import count
from engine.facade import Permission, Refused

_Interaction = discord.Interaction[Host]


SHORTEST_REASON = 3
LONGEST_REASON = 400
FLATTEN_WORD = "FLATTEN"


class _Asking(ui.Modal):
    """A modal with one text that reports its own faults."""

    def __init__(self, title: str, custom_id: str, label: str, what: str, **text: Any) -> None:
        super().__init__(title=title, custom_id=custom_id)
        self._text: ui.TextInput[Any] = ui.TextInput(custom_id="text", **text)
        self.add_item(ui.Label(text=label, description=what, component=self._text))

    @property
    def given(self) -> str:
        """What was typed."""
        return self._text.value.strip()

    # discord.py's own Modal narrows its base class in the same way.
    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction, error: Exception
    ) -> None:
        """Tell the user instead of only the log."""
        await report(interaction, error)


class RejectModal(_Asking):
    """Asks why a proposal is turned down; the reason goes into the record."""

    def __init__(self, proposal_id: str) -> None:
        super().__init__(
            f"Reject {proposal_id}"[:45],
            f"reject:{proposal_id}",
            "Reason",
            "It goes into the journal beside the odds that were given.",
            min_length=SHORTEST_REASON,
            max_length=LONGEST_REASON,
            style=discord.TextStyle.paragraph,
        )
        self._proposal_id = proposal_id

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Put the no to the desk, once."""
        await _reject(_hosted(interaction), self._proposal_id, self.given)


class FlattenModal(_Asking):
    """Asks for the word before everything is sold."""

    def __init__(self, positions: int, reason: str) -> None:
        super().__init__(
            "Sell everything and halt",
            "flatten",
            f"Type {FLATTEN_WORD} to go on",
            f"Sells {count(positions, 'position')} at the market, withdraws proposals, halts.",
            min_length=len(FLATTEN_WORD),
            max_length=len(FLATTEN_WORD),
            placeholder=FLATTEN_WORD,
        )
        self._reason = reason

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Flatten if the word was typed; anything else is a no."""
        if self.given.upper() != FLATTEN_WORD:
            said = f"You typed something other than {FLATTEN_WORD}: nothing was sold."
            await answer(_hosted(interaction), done_card(said, Tone.MUTED), private=True)
            return
        await _flatten(_hosted(interaction), self._reason)


class GoLiveModal(_Asking):
    """Asks the owner to type the phrase that unlocks live."""

    def __init__(self, phrase: str) -> None:
        super().__init__(
            "Trade real money from the next start on",
            "golive",
            "Type the phrase to unlock live",
            phrase,
            min_length=1,
            max_length=100,
        )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Put the owner's word on record, if it is word by word the phrase."""
        await _go_live(_hosted(interaction), self.given)


def _hosted(interaction: discord.Interaction) -> _Interaction:
    """The interaction with our own bot as its client, which discord.py does not know."""
    return cast("_Interaction", interaction)


async def _reject(interaction: _Interaction, proposal_id: str, reason: str) -> None:
    actor = await admit(interaction, Permission.DECIDE, f"reject {proposal_id}")
    await interaction.response.defer(ephemeral=True, thinking=True)
    result = await interaction.client.desk.reject(actor, proposal_id, reason)
    if isinstance(result, Refused):
        await answer(interaction, done_card(result.sentence, Tone.WARN), private=True)
        return
    await answer(interaction, done_card(decided_sentence(result)), private=True)


async def _go_live(interaction: _Interaction, phrase: str) -> None:
    actor = await admit(interaction, Permission.DECIDE, "/golive")
    desk = interaction.client.desk
    await interaction.response.defer(ephemeral=True, thinking=True)
    result = await desk.live.unlock(actor, phrase)
    if isinstance(result, Refused):
        await answer(interaction, done_card(result.sentence, Tone.WARN), private=True)
        return
    await answer(interaction, live_card(result, desk.market, unlocked=True), private=True)


async def _flatten(interaction: _Interaction, reason: str) -> None:
    actor = await admit(interaction, Permission.DECIDE, "/flatten")
    await interaction.response.defer(ephemeral=True, thinking=True)
    result = await interaction.client.desk.flatten(actor, reason)
    if isinstance(result, Refused):
        await answer(interaction, done_card(result.sentence, Tone.WARN), private=True)
        return
    sold = count(len(result), "position")
    said = f"Halted; {sold} being sold at the market. /resume allows entries again."
    await answer(interaction, done_card(said), private=True)
