from __future__ import annotations

import discord

from tests.kit.bot_cards import words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World, world


async def test_setup_creates_the_category_and_both_channels(live: LiveDesk) -> None:
    async with world(live, set_up=False) as house:
        answer = await house.owner.slash(house.lobby, "setup")
        said = words(answer.response.components)
        assert "created the category **Executor**" in said
        assert "created #research-trader" in said
        assert "created #trader-execution" in said


async def test_setup_a_second_time_changes_nothing(house: World) -> None:
    before = set(house.guild.channels)
    answer = await house.owner.slash(house.lobby, "setup")
    said = words(answer.response.components)
    assert "created" not in said
    assert "#trader-execution stands as it should" in said
    assert set(house.guild.channels) == before


async def test_setup_mends_a_channel_that_was_opened_to_everyone(house: World) -> None:
    guild = house.bot.home()
    assert guild is not None
    channel = discord.utils.get(guild.text_channels, name="trader-execution")
    assert channel is not None
    opened = discord.PermissionOverwrite(view_channel=True)
    await channel.set_permissions(guild.default_role, overwrite=opened)
    answer = await house.owner.slash(house.lobby, "setup")
    assert "corrected who may see" in words(answer.response.components)
    assert channel.overwrites_for(guild.default_role).view_channel is False


async def test_channels_are_closed_to_strangers_and_open_to_whoever_may_halt(house: World) -> None:
    guild = house.bot.home()
    assert guild is not None
    for name in ("research-trader", "trader-execution"):
        channel = discord.utils.get(guild.text_channels, name=name)
        assert channel is not None
        assert channel.overwrites_for(guild.default_role).view_channel is False
        assert channel.overwrites_for(discord.Object(house.owner.id)).send_messages is True
        assert channel.overwrites_for(discord.Object(house.overseer.id)).send_messages is True


async def test_setup_names_a_missing_right_with_its_mend(live: LiveDesk) -> None:
    async with world(live, set_up=False) as house:
        me = house.bot.home().me  # type: ignore[union-attr]
        role = next(each for each in me.roles if each.permissions.manage_channels)
        fewer = discord.Permissions(role.permissions.value)
        fewer.manage_channels = False
        house.env.backend.edit_role(house.guild.id, role.id, {"permissions": fewer.value})
        await house.env.settle()
        answer = await house.owner.slash(house.lobby, "setup")
        said = words(answer.response.components)
        assert "Manage Channels" in said
        assert "Server Settings" in said


async def test_help_shows_each_only_what_they_may_use(house: World) -> None:
    owner = await house.owner.slash(house.lobby, "help")
    overseer = await house.overseer.slash(house.lobby, "help")
    assert "`/approve <proposal> [note]`" in words(owner.response.components)
    assert "/approve" not in words(overseer.response.components)
    assert "/halt" in words(overseer.response.components)
