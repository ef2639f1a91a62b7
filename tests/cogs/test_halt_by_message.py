"""A halt by plain message: only that word, only there, only from those who may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from bot.app import ExecutorBot
from bot.hearing import halt_in
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World, world

EXECUTION = "trader-execution"


@pytest_asyncio.fixture
async def reading(live: LiveDesk) -> AsyncIterator[World]:
    """The bot at home, with the right to read what does not name it."""
    async with world(live) as made:
        settings = replace(made.bot.settings, read_halt_messages=True)
        made.bot = ExecutorBot(made.live.desk, settings, background=False)
        await made.env.restart_bot(made.bot)
        yield made


def halt_of(house: World) -> tuple[str, str] | None:
    halt = house.live.engine.ledger.halt
    return None if halt is None else (halt.by.name, halt.reason)


async def test_overseer_halts_by_naming_the_bot_without_any_privileged_intent(
    house: World,
) -> None:
    assert house.bot.user is not None
    assert not house.bot.intents.message_content
    said = f"<@{house.bot.user.id}> halt odd prices"
    await house.overseer.send(house.channel(EXECUTION), said)
    assert halt_of(house) == ("Arki", "odd prices")


async def test_bare_word_is_not_heard_without_the_intent(house: World) -> None:
    await house.overseer.send(house.channel(EXECUTION), "halt")
    assert halt_of(house) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("halt", "no reason given"),
        (" Halt ", "no reason given"),
        ("!halt odd prices", "odd prices"),
    ],
)
async def test_bare_word_halts_where_messages_are_read(
    reading: World, said: str, reason: str
) -> None:
    await reading.overseer.send(reading.channel(EXECUTION), said)
    assert halt_of(reading) == ("Arki", reason)


async def test_overseer_that_is_a_bot_halts(reading: World) -> None:
    other = reading.guild.add_member(reading.env.create_user("Watcher", bot=True))
    settings = reading.bot.settings
    settings = replace(settings, overseer_ids=settings.overseer_ids | {other.id})
    reading.bot = ExecutorBot(reading.live.desk, settings, background=False)
    await reading.env.restart_bot(reading.bot)
    await reading.owner.slash(reading.lobby, "setup")
    await other.send(reading.channel(EXECUTION), "!halt feed differs by 3 %")
    assert halt_of(reading) == ("Watcher", "feed differs by 3 %")


async def test_strangers_other_channels_and_other_words_do_nothing(reading: World) -> None:
    before = reading.live.engine.ledger.seq
    await reading.stranger.send(reading.lobby, "halt")
    await reading.overseer.send(reading.lobby, "halt")
    for said in (
        "halt it",
        "please halt",
        "halt!",
        "!halted",
        "resume",
        "!resume now",
        "**halt**",
    ):
        await reading.overseer.send(reading.channel(EXECUTION), said)
    assert halt_of(reading) is None
    assert reading.live.engine.ledger.seq == before


async def test_a_loop_of_halts_is_journaled_once_and_nothing_said_resumes(
    reading: World,
) -> None:
    channel = reading.channel(EXECUTION)
    await reading.overseer.send(channel, "halt")
    before = reading.live.engine.ledger.seq
    for said in ("halt", "!halt again", "resume", "!resume all is well"):
        await reading.owner.send(channel, said)
    assert reading.live.engine.ledger.seq == before
    assert halt_of(reading) == ("Arki", "no reason given")


def test_another_bots_name_is_not_ours() -> None:
    assert halt_in("<@8> halt", 7, bare=True) is None
    assert halt_in("<@!7>  !halt\nodd\nprices", 7, bare=False) == "odd prices"
    assert halt_in("<@7>", 7, bare=True) is None


def test_reason_is_bounded() -> None:
    reason = halt_in("!halt " + "x" * 5000, 7, bare=True)
    assert reason is not None
    assert len(reason) <= 400
