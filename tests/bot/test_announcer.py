"""Posts go out once, in order, whatever Discord does."""

from __future__ import annotations

from typing import Any

from engine.facade import DecisionNotice, DeskNotice, ProposalNotice, ScanNotice
from tests.kit.bot_cards import custom_ids, words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_views import OVERSEER, OWNER
from tests.kit.bot_world import World, owed, world

EXECUTION, RESEARCH = "trader-execution", "research-trader"


def _texts(house: World, channel: str) -> list[str]:
    handle = house.channel(channel)
    stored = (house.env.backend.get_message(handle.id, each.id) for each in handle.history())
    return [words(each.components) for each in stored]


def _posts(house: World) -> list[Any]:
    return [
        each
        for each in house.env.http_requests
        if each.method == "POST" and each.path.endswith("/messages")
    ]


async def test_scan_and_opening_are_posted_in_their_places(house: World) -> None:
    await house.post()
    assert any("Scan" in text for text in _texts(house, RESEARCH))
    assert any("open" in text for text in _texts(house, EXECUTION))
    assert owed(house.live) == []


async def test_every_post_carries_a_nonce_and_mentions_nobody(house: World) -> None:
    await house.post()
    assert _posts(house)
    for each in _posts(house):
        assert len(each.json["nonce"]) == 12
        assert each.json["enforce_nonce"] is True
        assert each.json["allowed_mentions"]["parse"] == []


async def test_crash_between_post_and_journal_does_not_post_again(house: World) -> None:
    await house.live.desk.halt(OWNER, "testing")
    told = owed(house.live)
    halt = next(each for each in told if isinstance(each, DeskNotice) and not each.good)
    channel = house.channel(EXECUTION)
    await _post_without_journal(house, halt)
    before = len(channel.history())
    await house.restart()
    await house.post()
    halts = [text for text in _texts(house, EXECUTION) if "Entries are halted" in text]
    assert len(halts) == 1
    assert len(channel.history()) > before
    assert owed(house.live) == []


async def _post_without_journal(house: World, notice: DeskNotice) -> None:
    # What a process does that dies right after Discord has the post.
    from bot.posting import tag_of

    card = await house.bot.renderer.card(notice)
    tag = tag_of(notice.seq, notice.at.isoformat(), type(notice).__name__)
    await house.bot.poster.send(notice.place, card, tag, maybe_sent=False)


async def test_same_notice_has_the_same_nonce_in_every_process(house: World) -> None:
    await house.live.desk.halt(OWNER, "testing")
    house.env.inject_error("POST", "/channels/*/messages", status=400, times=None)
    await house.post()
    first = {each.json["nonce"] for each in _posts(house)}
    cursor = len(_posts(house))
    await house.restart()
    await house.post()
    assert first <= {each.json["nonce"] for each in _posts(house)[cursor:]}


async def test_notice_that_fails_does_not_hold_up_a_halt(house: World) -> None:
    await house.live.desk.halt(OVERSEER, "odd prices")
    house.env.inject_error("POST", "/channels/*/messages", status=400, times=1)
    await house.post()
    assert any("odd prices" in text for text in _texts(house, EXECUTION))
    assert len(owed(house.live)) == 1


async def test_notice_that_failed_is_tried_again_later(live: LiveDesk) -> None:
    clock = _Hand()
    async with world(live) as house:
        _use(house, clock)
        house.env.inject_error("POST", "/channels/*/messages", status=400, times=1)
        await house.post()
        assert len(owed(live)) == 1
        assert await house.bot.announcer.post_due() == 1.0
        clock.at += 1.0
        assert await house.bot.announcer.post_due() is None
        assert owed(live) == []


async def test_back_off_doubles_to_a_minute_while_discord_is_away(live: LiveDesk) -> None:
    clock, pauses = _Hand(), []
    async with world(live) as house:
        _use(house, clock)
        house.env.inject_error("POST", "/channels/*/messages", status=500, times=None)
        for notice in owed(live):
            house.bot.announcer.take(notice)
        for _ in range(8):
            pause = await house.bot.announcer.post_due()
            assert pause is not None
            pauses.append(pause)
            clock.at += pause
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


async def test_card_that_cannot_be_shown_goes_out_plainly_in_the_end(live: LiveDesk) -> None:
    clock = _Hand()
    async with world(live) as house:
        _use(house, clock)
        await live.desk.halt(OWNER, "testing")
        halt = next(n for n in owed(live) if isinstance(n, DeskNotice) and not n.good)
        house.env.inject_error("POST", "/channels/*/messages", status=400, times=2)
        house.bot.announcer.take(halt)
        for _ in range(3):
            clock.at += await house.bot.announcer.post_due() or 0.0
        assert any("could not be shown in full" in text for text in _texts(house, EXECUTION))


async def test_only_the_newest_scan_is_posted_and_not_too_often(live: LiveDesk) -> None:
    clock = _Hand()
    async with world(live) as house:
        _use(house, clock, gap=60.0)
        await house.post()
        await live.bars(1)
        await house.post()
        await live.bars(1)
        told = await house.post()
        assert len([each for each in told if isinstance(each, ScanNotice)]) == 1
        assert len(_texts(house, RESEARCH)) == 1
        clock.at += 60.0
        await house.bot.announcer.post_due()
        assert len(_texts(house, RESEARCH)) == 2
        assert owed(live) == []


async def test_decision_edits_the_card_in_its_place(house: World) -> None:
    message = await house.card()
    posted = len(house.channel(EXECUTION).history())
    view = house.bot.desk.proposals()[0]
    await house.bot.desk.reject(OWNER, view.terms.id, "no edge")
    told = await house.post()
    assert any(isinstance(each, DecisionNotice) for each in told)
    stored = house.env.backend.get_message(message.channel.id, message.id)
    assert "rejected" in words(stored.components)
    assert custom_ids(stored.components) == []
    assert len(house.channel(EXECUTION).history()) == posted
    assert [each["filename"] for each in stored.attachments] == ["chart.png"]


async def test_decision_whose_card_was_deleted_is_posted_anew(house: World) -> None:
    message = await house.card()
    await message.delete()
    view = house.bot.desk.proposals()[0]
    await house.bot.desk.reject(OWNER, view.terms.id, "no edge")
    await house.post()
    assert any(view.terms.id in text and "rejected" in text for text in _texts(house, EXECUTION))
    assert owed(house.live) == []


async def test_decision_whose_card_was_never_posted_posts_it_once(house: World) -> None:
    view = await house.live.proposal()
    await house.bot.desk.reject(OWNER, view.terms.id, "no edge")
    told = owed(house.live)
    late = [each for each in told if isinstance(each, ProposalNotice)]
    for notice in [*(each for each in told if each not in late), *late]:
        house.bot.announcer.take(notice)
    await house.bot.announcer.post_due()
    cards = [text for text in _texts(house, EXECUTION) if view.terms.id in text]
    assert len(cards) == 1
    assert owed(house.live) == []


async def test_posts_wait_for_the_channels_to_exist(live: LiveDesk) -> None:
    clock = _Hand()
    async with world(live, set_up=False) as house:
        _use(house, clock)
        await house.post()
        assert owed(live)
        await house.owner.slash(house.lobby, "setup")
        clock.at += 60.0
        await house.bot.announcer.post_due()
        assert owed(live) == []


class _Hand:
    """Monotonic seconds, moved by the test."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def _use(house: World, clock: _Hand, gap: float = 0.0) -> None:
    from bot.announcer import Announcer

    house.bot.announcer = Announcer(
        house.bot.desk, house.bot.poster, house.bot.renderer, gap, monotonic=clock
    )
