from __future__ import annotations

import pytest

from bot.app import ExecutorBot
from bot.errors import NoOwner
from bot.registering import register_commands
from bot.settings import BotSettings
from tests.kit.bot_cards import words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World


async def test_bot_without_an_owner_does_not_start(live: LiveDesk) -> None:
    with pytest.raises(NoOwner, match=r"discord\.owner_id"):
        ExecutorBot(live.desk, BotSettings(owner_id=0))


async def test_bot_asks_for_no_privileged_intent(house: World) -> None:
    wanted = [name for name, on in house.bot.intents if on]
    assert wanted == ["guilds", "guild_messages"]


async def test_commands_are_registered_once_and_not_again_while_unchanged(house: World) -> None:
    puts = [each for each in house.env.http_requests if each.method == "PUT"]
    assert len([each for each in puts if each.path.endswith("/commands")]) == 1
    assert await register_commands(house.bot.tree, house.guild.id) is False


async def test_changed_command_is_registered_again(house: World) -> None:
    house.bot.tree.remove_command("scan", guild=house.bot.home())
    house.bot.tree.clear_commands(guild=None)
    assert await register_commands(house.bot.tree, house.guild.id) is True


async def test_restart_of_the_process_registers_nothing(house: World) -> None:
    cursor = len(house.env.http_requests)
    await house.restart()
    methods = {each.method for each in house.env.http_requests[cursor:]}
    assert methods <= {"GET"}


async def test_unexpected_fault_is_told_with_an_incident_and_logged(
    house: World, caplog: pytest.LogCaptureFixture
) -> None:
    await house.live.engine.aclose()
    answer = await house.owner.slash(house.lobby, "halt")
    said = words((answer.followups or [answer.response])[-1].components)
    incident = said.split("incident `")[1][:8]
    assert any(incident in each.message for each in caplog.records)
    assert "Traceback" not in said
