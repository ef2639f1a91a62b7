"""Outside calls through the real bot: commands, messages, and everything that is no call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_asyncio

from bot.app import ExecutorBot
from engine.facade import Place
from tests.kit.bot_cards import words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World, world
from tests.kit.injections import CALL, INJECTIONS

RESEARCH, EXECUTION = "research-trader", "trader-execution"


@pytest_asyncio.fixture
async def hearing(live: LiveDesk) -> AsyncIterator[tuple[World, Any]]:
    """The bot at home, and a bot whose calls are heard there."""
    async with world(live) as made:
        voice = made.guild.add_member(made.env.create_user("Layla", bot=True))
        settings = replace(made.bot.settings, read_signals=True, signal_ids=frozenset({voice.id}))
        made.bot = ExecutorBot(made.live.desk, settings, background=False)
        await made.env.restart_bot(made.bot)
        await made.owner.slash(made.lobby, "setup")
        yield made, voice


def said(answer: Any) -> str:
    return words(answer.response.components)


async def test_owner_puts_a_call_on_record_and_sees_it_weigh_nothing(house: World) -> None:
    options = {"who": "@LaylaEleira", "instrument": "BTC-USD", "side": "long", "horizon": "3d"}
    told = said(await house.owner.slash(house.lobby, "signal add", **options))
    assert "S-1" in told
    assert "laylaeleira" in told
    assert "S-1" in said(await house.owner.slash(house.lobby, "signal list"))
    sources = said(await house.overseer.slash(house.lobby, "signal sources"))
    assert "laylaeleira" in sources
    assert "weighs nothing" in sources
    (notice,) = [n for n in await house.post() if "Signal" in getattr(n, "title", "")]
    assert notice.seq in house.live.engine.ledger.posts
    assert notice.place == Place.RESEARCH


async def test_known_sources_are_offered_while_typing(house: World) -> None:
    options = {"who": "layla", "instrument": "BTC-USD", "side": "long", "horizon": "3d"}
    await house.owner.slash(house.lobby, "signal add", **options)
    offered = await house.owner.autocomplete(house.lobby, "signal add", "who", "lay")
    assert [each["value"] for each in offered] == ["layla"]


async def test_no_text_as_a_source_gets_through(house: World) -> None:
    before = house.live.engine.ledger.seq
    for text in (each for each in INJECTIONS if 2 <= len(each) <= 33):
        options = {"who": text, "instrument": "BTC-USD", "side": "long", "horizon": "3d"}
        await house.owner.slash(house.lobby, "signal add", **options)
    heard = [each.signal.who for each in house.live.engine.ledger.signals.values()]
    assert set(heard) == {"signal", "yes", "resume"}  # plain words are handles, and no more
    assert house.live.engine.ledger.seq - before == len(heard)


async def test_an_allow_listed_bots_call_goes_on_record(hearing: tuple[World, Any]) -> None:
    house, voice = hearing
    await voice.send(house.channel(RESEARCH), CALL)
    (record,) = house.live.engine.ledger.signals.values()
    assert record.signal.who == f"discord:{voice.id}"
    assert house.bot.overheard.heard == 1


async def test_nothing_else_that_it_says_changes_anything(hearing: tuple[World, Any]) -> None:
    house, voice = hearing
    view = await house.live.proposal()
    before, posts = house.live.engine.ledger.seq, len(house.channel(RESEARCH).history())
    texts = [text for text in INJECTIONS if text.strip()]
    texts += [f"/approve {view.terms.id} {view.short_hash}", f"approve {view.terms.id}"]
    for text in texts:
        await voice.send(house.channel(RESEARCH), text)
    ledger = house.live.engine.ledger
    assert ledger.seq == before
    assert ledger.proposals[view.terms.id].status == "open"
    assert house.bot.overheard.passed_over == len(texts)
    # Only what was sent stands there: nobody was answered.
    assert len(house.channel(RESEARCH).history()) == posts + len(texts)
    told = said(await house.owner.slash(house.lobby, "signal sources"))
    assert f"{len(texts)} that were no call" in told


async def test_strangers_and_other_channels_are_not_heard(hearing: tuple[World, Any]) -> None:
    house, voice = hearing
    before = house.live.engine.ledger.seq
    await house.owner.send(house.channel(RESEARCH), CALL)
    await house.overseer.send(house.channel(RESEARCH), CALL)
    await house.stranger.send(house.lobby, CALL)
    await voice.send(house.lobby, CALL)
    assert house.live.engine.ledger.seq == before
    assert house.bot.overheard.passed_over == 0


async def test_nothing_is_read_unless_the_owner_has_turned_it_on(house: World) -> None:
    assert not house.bot.intents.message_content
    before = house.live.engine.ledger.seq
    await house.overseer.send(house.channel(RESEARCH), CALL)
    assert house.live.engine.ledger.seq == before


async def test_a_call_that_makes_no_sense_is_not_answered(hearing: tuple[World, Any]) -> None:
    house, voice = hearing
    await voice.send(house.channel(RESEARCH), "SIGNAL DOGE-USD long 3d")
    assert house.bot.overheard.refused == 1
    assert not house.live.engine.ledger.signals
