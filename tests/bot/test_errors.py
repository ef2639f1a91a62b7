from __future__ import annotations

import discord
import pytest
from discord import app_commands

from bot.errors import AccessDenied, NoPlace, Unusable, explain


@pytest.mark.parametrize(
    "error", [AccessDenied("Only B may."), Unusable("Only B may."), NoPlace("Only B may.")]
)
def test_faults_raised_on_purpose_speak_for_themselves(error: Exception) -> None:
    assert explain(error) == "Only B may."


@pytest.mark.parametrize(
    "error",
    [app_commands.NoPrivateMessage(), app_commands.CommandNotFound("scan", [])],
)
def test_discords_own_faults_say_what_to_do(error: Exception) -> None:
    assert explain(error)


def test_unexpected_fault_has_no_ready_sentence() -> None:
    assert explain(KeyError("x")) is None
    assert explain(discord.DiscordException("x")) is None
