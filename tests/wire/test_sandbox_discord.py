"""The real discord.py against the local Discord, over sockets."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import discord
import pytest
import pytest_asyncio

from bot.sandbox import RatePolicy, SandboxError, SandboxPortInUse, SandboxServer
from bot.sandbox.connect import point_discord_at
from bot.sandbox.errors import PersonError
from bot.sandbox.permissions import Permission
from tests.kit.desk_bot import PICTURE, Card, DeskBot
from tests.kit.sandbox_tools import SteppingClock, connected, until, wrong_bodies

Overwrites = dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]
pytest_plugins = ("tests.kit.loopback_discord",)


@pytest_asyncio.fixture
async def bot(loopback_discord: SandboxServer) -> AsyncIterator[DeskBot]:
    client = DeskBot(loopback_discord)
    async with connected(loopback_discord, client):
        yield client


def contents(server: SandboxServer, channel_id: str | None = None) -> list[str]:
    found = server.world.messages.latest(
        channel_id or server.general_id, limit=100, user_id=server.user_id("owner")
    )
    return [message["content"] for message in reversed(found)]


async def post_card(bot: DeskBot) -> str:
    message = await bot.general.send(view=Card("7"), file=Card.file())
    return str(message.id)


# ---- login and guild ---------------------------------------------------------------------


async def test_login_shows_guild_people_and_general(bot: DeskBot) -> None:
    guild = bot.guilds[0]
    assert guild.name == "Executor desk"
    assert guild.owner_id == int(bot.server.user_id("owner"))
    names = {member.display_name for member in guild.members}
    assert names == {"B", "Arki", "a stranger", "Executor"}
    assert [channel.name for channel in guild.text_channels] == ["general"]


async def test_login_refuses_wrong_token(loopback_discord: SandboxServer) -> None:
    client = DeskBot(loopback_discord)
    with point_discord_at(loopback_discord), pytest.raises(discord.LoginFailure):
        await client.login("not-the-token")
    await client.close()


async def test_pointing_is_undone(loopback_discord: SandboxServer) -> None:
    before = discord.http.Route.BASE
    with point_discord_at(loopback_discord):
        assert loopback_discord.api_url == discord.http.Route.BASE
    assert before == discord.http.Route.BASE


async def test_members_are_chunked_by_query(bot: DeskBot) -> None:
    found = await bot.guilds[0].query_members("arki")
    assert [member.display_name for member in found] == ["Arki"]


async def test_setup_makes_channels_with_overwrites(bot: DeskBot) -> None:
    guild = bot.guilds[0]
    hidden: Overwrites = {
        guild.default_role: discord.PermissionOverwrite(view_channel=False),
        guild.me: discord.PermissionOverwrite(view_channel=True, send_messages=True),
    }
    category = await guild.create_category("Executor", overwrites=hidden)
    channel = await category.create_text_channel("audit", topic="who did what")
    allows, key = bot.server.world.guild.allows, bot.server.user_id("stranger")
    assert not allows(key, str(channel.id), Permission.VIEW_CHANNEL)
    stranger = guild.get_member(int(key))
    assert stranger is not None
    await channel.set_permissions(stranger, view_channel=True)
    assert allows(key, str(channel.id), Permission.VIEW_CHANNEL)
    await channel.edit(topic="changed")
    await channel.send("first")
    await channel.delete()
    assert str(channel.id) not in bot.server.world.guild.channels


async def test_channel_closed_to_the_bot_is_missing_access(bot: DeskBot) -> None:
    guild = bot.guilds[0]
    shut: Overwrites = {guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    channel = await guild.create_text_channel("shut", overwrites=shut)
    with pytest.raises(discord.Forbidden) as refused:
        await channel.send("hello")
    assert refused.value.code == 50001


# ---- messages ----------------------------------------------------------------------------


async def test_uploaded_bytes_are_read_back(bot: DeskBot) -> None:
    sent = await bot.general.send("a file", file=discord.File(io.BytesIO(PICTURE), "x.png"))
    assert sent.attachments[0].content_type == "image/png"
    assert sent.attachments[0].width == 48
    assert await sent.attachments[0].read() == PICTURE


async def test_message_life_edits_pins_reacts_lists_deletes(bot: DeskBot) -> None:
    first = await bot.general.send("one")
    second = await bot.general.send("two")
    await first.edit(content="one!")
    await first.pin()
    await first.add_reaction("✅")
    again = await bot.general.fetch_message(first.id)
    assert (again.content, again.pinned) == ("one!", True)
    assert again.edited_at is not None
    assert again.reactions[0].me
    assert [each.id async for each in bot.general.pins()] == [first.id]
    assert [each.id async for each in bot.general.history(limit=5)] == [second.id, first.id]
    after = [each.id async for each in bot.general.history(after=first)]
    assert after == [second.id]
    await bot.general.delete_messages([first, second])
    with pytest.raises(discord.NotFound) as gone:
        await bot.general.fetch_message(first.id)
    assert gone.value.code == 10008


async def test_said_by_a_person_is_heard_by_the_bot(bot: DeskBot) -> None:
    server = bot.server
    waiting = bot.wait_for("message", timeout=5)  # listens from here on
    server.acting.say(server.person("overseer"), server.general_id, "good morning")
    heard = await waiting
    assert (heard.content, heard.author.display_name) == ("good morning", "Arki")


async def test_same_nonce_is_posted_once(bot: DeskBot) -> None:
    http, general = bot.http, bot.general.id
    body = {"content": "once", "nonce": "n-1", "enforce_nonce": True}
    route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=general)
    first = await http.request(route, json=body)
    second = await http.request(route, json=body)
    assert first["id"] == second["id"]
    assert contents(bot.server) == ["once"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": ""}, 50006),
        ({"content": "x" * 2001}, 50035),
        ({"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "y"}]}, 50035),
        ({"flags": 1 << 15, "components": [{"type": 10, "content": "y"}] * 41}, 50035),
        (
            {"flags": 1 << 15, "components": [{"type": 13, "file": {"url": "attachment://n"}}]},
            50035,
        ),
        ({"components": [{"type": 10, "content": "not a row"}]}, 50035),
    ],
    ids=["empty", "long", "v2-with-content", "too-many", "no-such-file", "v2-without-flag"],
)
async def test_wrong_message_is_refused(bot: DeskBot, body: dict[str, object], code: int) -> None:
    route = discord.http.Route(
        "POST", "/channels/{channel_id}/messages", channel_id=bot.general.id
    )
    with pytest.raises(discord.HTTPException) as refused:
        await bot.http.request(route, json=body)
    assert refused.value.code == code
    assert contents(bot.server) == []


# ---- interactions ------------------------------------------------------------------------


async def test_slash_passes_typed_options(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    options = {"market": "BTC/USD", "bars": "50", "quiet": "false"}
    outcome = await server.acting.slash(owner, server.general_id, "scan", options)
    assert outcome.kind == "message"
    assert contents(server) == ["BTC/USD 50 False"]


async def test_slash_refuses_value_out_of_bounds(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    options = {"market": "BTC/USD", "bars": 5}
    with pytest.raises(PersonError, match="at least 10"):
        await server.acting.slash(owner, server.general_id, "scan", options)


async def test_subcommand_resolves_member(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    options = {"who": server.user_id("overseer")}
    await server.acting.slash(owner, server.general_id, "schedule show", options)
    assert contents(server) == ["jobs of Arki"]


async def test_autocomplete_comes_from_the_bot(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    outcome = await server.acting.autocomplete(
        owner, server.general_id, "scan", {"market": "gol"}, "market"
    )
    assert [choice["value"] for choice in outcome.choices] == ["PAXG/USD"]


async def test_deferred_answer_is_edited_and_private(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    outcome = await server.acting.slash(owner, server.general_id, "report", {})
    assert (outcome.kind, outcome.message_id is not None) == ("thinking", True)
    await until(server, lambda: contents(server) == ["done"])
    message = server.world.messages.get(outcome.message_id or "")
    assert message["attachments"][0]["filename"] == "report.csv"
    assert not server.world.messages.visible_to(message["id"], server.user_id("stranger"))


async def test_button_edits_its_card_and_follows_up(bot: DeskBot) -> None:
    server = bot.server
    card = await post_card(bot)
    outcome = await server.acting.component(server.person("owner"), card, "decide:approve:7")
    assert (outcome.kind, outcome.message_id) == ("updated", card)
    await until(server, lambda: "journaled" in contents(server))
    shown = str(server.world.messages.get(card)["components"])
    assert "card 7 by B" in shown
    assert "decide:" not in shown


async def test_card_files_become_addresses(bot: DeskBot) -> None:
    card = bot.server.world.messages.get(await post_card(bot))
    address = card["components"][0]["components"][0]["accessory"]["media"]["url"]
    async with aiohttp.ClientSession() as session, session.get(address) as response:
        assert await response.read() == PICTURE
    async with aiohttp.ClientSession() as session, session.get(address[:-3]) as response:
        assert response.status == 404


async def test_select_passes_its_value(bot: DeskBot) -> None:
    server = bot.server
    card = await post_card(bot)
    await server.acting.component(server.person("owner"), card, "timeframe", ["4h"])
    assert contents(server)[-1] == "chart 4h"


async def test_modal_is_shown_checked_and_submitted(bot: DeskBot) -> None:
    server, owner = bot.server, bot.server.person("owner")
    card = await post_card(bot)
    outcome = await server.acting.component(owner, card, "decide:reject:7")
    assert outcome.modal is not None
    assert outcome.modal["title"] == "Why not?"
    with pytest.raises(PersonError, match="3 to 50"):
        await server.acting.submit_modal(
            owner, server.general_id, "reason", {"why": "no", "kind": ["size"]}
        )
    await server.acting.submit_modal(
        owner, server.general_id, "reason", {"why": "spread", "kind": ["size"]}
    )
    assert contents(server)[-1] == "because spread (size)"


async def test_late_answer_is_unknown_interaction() -> None:
    async with SandboxServer(now=SteppingClock(), answer_within_s=0.1) as server:
        bot = DeskBot(server)
        async with connected(server, bot):
            card = await post_card(bot)
            waiting = bot.wait_for("interaction", timeout=5)
            owner = server.person("owner")
            outcome = await server.acting.component(owner, card, "decide:silent:7")
            assert outcome.kind == "failed"
            interaction = await waiting
            with pytest.raises(discord.NotFound) as late:
                await interaction.response.send_message("too late")
            assert late.value.code == 10062


async def test_second_answer_is_already_acknowledged(bot: DeskBot) -> None:
    server = bot.server
    card = await post_card(bot)
    waiting = bot.wait_for("interaction", timeout=5)
    await server.acting.component(server.person("owner"), card, "decide:foreign:7")
    first = await waiting
    route = discord.http.Route("POST", f"/interactions/{first.id}/{first.token}/callback")
    with pytest.raises(discord.HTTPException) as second:
        await bot.http.request(route, json={"type": 4, "data": {"content": "again"}})
    assert second.value.code == 40060


async def test_unknown_webhook_token_is_refused(bot: DeskBot) -> None:
    route = discord.http.Route(
        "POST", "/webhooks/{webhook_id}/nonsense", webhook_id=int(bot.server.application_id)
    )
    with pytest.raises(discord.HTTPException) as refused:
        await bot.http.request(route, json={"content": "x"})
    assert (refused.value.status, refused.value.code) == (401, 50027)


# ---- bad weather -------------------------------------------------------------------------


async def test_dropped_gateway_resumes_and_misses_nothing(bot: DeskBot) -> None:
    server = bot.server
    assert await server.drop_gateway() == 1
    server.acting.say(server.person("owner"), server.general_id, "said while away")
    await asyncio.wait_for(bot.resumed.wait(), 10)
    assert bot.heard == ["said while away"]


async def test_429_is_retried(bot: DeskBot) -> None:
    bot.server.faults.once("POST", "/messages", status=429)
    await bot.general.send("through")
    assert [each.status for each in bot.server.requests][-2:] == [429, 200]


async def test_500_is_retried(bot: DeskBot) -> None:
    bot.server.faults.once("POST", "/messages", status=500)
    await bot.general.send("through")
    assert contents(bot.server) == ["through"]


async def test_rate_limit_holds_back_but_loses_nothing() -> None:
    rate = RatePolicy(requests=2, per_s=0.2)
    async with SandboxServer(now=SteppingClock(), rate=rate) as server:
        bot = DeskBot(server)
        async with connected(server, bot):
            await asyncio.gather(*(bot.general.send(f"m{i}") for i in range(6)))
            assert sorted(contents(server)) == [f"m{i}" for i in range(6)]


async def test_rate_limit_refuses_who_does_not_wait() -> None:
    rate = RatePolicy(requests=1, per_s=30)
    async with (
        SandboxServer(now=SteppingClock(), rate=rate) as server,
        aiohttp.ClientSession(headers={"Authorization": f"Bot {server.bot_token}"}) as session,
    ):
        url = f"{server.api_url}/channels/{server.general_id}"
        async with session.get(url) as first:
            assert first.headers["X-RateLimit-Remaining"] == "0"
        async with session.get(url) as second:
            body = await second.json()
            assert (second.status, second.headers["Via"]) == (429, "1.1 sandbox")
            assert 0 < body["retry_after"] <= 31


# ---- life --------------------------------------------------------------------------------


async def test_occupied_port_is_named() -> None:
    async with SandboxServer(now=SteppingClock()) as server:
        second = SandboxServer(now=SteppingClock(), port=server.port)
        with pytest.raises(SandboxPortInUse, match=f"Port {server.port} .* choose another"):
            await second.start()


async def test_stop_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    server = SandboxServer(now=SteppingClock())
    await server.start()
    async with connected(server, DeskBot(server)):
        pass
    await server.stop()
    assert asyncio.all_tasks() - before == set()
    with pytest.raises(SandboxError, match="not running"):
        _ = server.port


def left_by_a_kill(store: Path, left: Path) -> None:
    for file in store.parent.glob("guild.sqlite*"):
        shutil.copy(file, left.parent / file.name)


async def test_old_button_works_after_a_kill(tmp_path: Path) -> None:
    store, left = tmp_path / "guild.sqlite", tmp_path / "left" / "guild.sqlite"
    left.parent.mkdir()
    async with SandboxServer(now=SteppingClock(), store=store) as server:
        bot = DeskBot(server)
        async with connected(server, bot):
            channel = await bot.guilds[0].create_text_channel("cards")
            card = str((await channel.send(view=Card("9"), file=Card.file())).id)
            # What lies on disk now is all that a SIGKILL at this moment would leave.
            left_by_a_kill(store, left)
    async with SandboxServer(now=SteppingClock(), store=left) as server:
        bot = DeskBot(server)
        async with connected(server, bot):
            assert {c.name for c in bot.guilds[0].text_channels} == {"general", "cards"}
            kept = await bot.get_channel(channel.id).fetch_message(int(card))  # type: ignore[union-attr]
            assert await kept.attachments[0].read() == PICTURE
            outcome = await server.acting.component(
                server.person("owner"), card, "decide:approve:9"
            )
            assert outcome.kind == "updated"
        assert wrong_bodies(server.requests) == []


async def test_every_body_fits_discords_description(bot: DeskBot, needs_openapi: None) -> None:
    await post_card(bot)
    await bot.general.send(embed=discord.Embed(title="t", description="d"))
    assert len(bot.server.requests) > 3
    assert wrong_bodies(bot.server.requests) == []
