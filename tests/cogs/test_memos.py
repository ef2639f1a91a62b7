"""Memos through the real bot: a line on the card that stands, and a new card for a new hash."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.model.memos import MemoVerdict
from tests.kit.analysts import WITNESS, ScriptedAnalyst, analysed_desk, memo
from tests.kit.bot_cards import words
from tests.kit.bot_desk import LiveDesk
from tests.kit.bot_world import World, world
from tests.kit.desk import DeskAtWork, desk_settings, swinging_file

SETTINGS = desk_settings(analyzer={"above_usd": 0})
WORDS = "The edge is *thin* @everyone"


def live_of(desk: DeskAtWork) -> LiveDesk:
    return LiveDesk(desk.desk, desk.engine, desk.journal, desk.events)  # type: ignore[arg-type]


def card_text(house: World, proposal_id: str) -> str:
    view = house.bot.desk.proposal(proposal_id)
    post: Any = view.post  # type: ignore[union-attr]
    channel = house.channel("trader-execution")
    stored = house.env.backend.get_message(channel.id, int(post.message_id))
    return words(stored.components)


async def raised(desk: DeskAtWork) -> str:
    while not desk.ledger.proposals:
        await desk.bars(1)
    return next(iter(desk.ledger.proposals))


async def test_a_memo_is_a_line_on_the_card_and_more_in_the_breakdown(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    analyst = ScriptedAnalyst(lambda brief: memo(MemoVerdict.AGREE, brief, WORDS))
    async with analysed_desk(file, SETTINGS, analyst) as desk, world(live_of(desk)) as house:
        name = await raised(desk)
        await house.post()
        assert "**Analyzer** is asked" in card_text(house, name)
        await desk.engine.analysing.look()
        await house.post()
        told = card_text(house, name)
        assert "**Analyzer** agrees: The edge is \\*thin\\*" in told
        assert "@everyone" not in told
        answer = await house.owner.slash(house.lobby, "breakdown", of=name)
        said = words(answer.response.components)
        assert "a risk" in said
        assert "p_mean" in said


async def test_a_doubt_withdraws_the_card_and_posts_another(tmp_path: Path) -> None:
    file = swinging_file(tmp_path, 390, half_life=20.0)
    analyst = ScriptedAnalyst(lambda brief: memo(MemoVerdict.DISAGREE, brief, WORDS))
    async with analysed_desk(file, SETTINGS, analyst) as desk, world(live_of(desk)) as house:
        for kind in ("reversion", "exhaustion"):
            for _ in range(9):
                for vote, hit in ((-1.0, False), (1.0, True)):
                    book = desk.engine._parts.pipeline.witnesses
                    book.learn({f"scout:{WITNESS}": vote}, kind, hit, 1.0)
        lowered: list[tuple[str, str]] = []
        while not lowered and await desk.bars(1):
            await desk.engine.analysing.look()
            lowered = [
                (old, new)
                for old, a in desk.ledger.memos.records.items()
                for new, b in desk.ledger.memos.records.items()
                if a is b and old != new
            ]
        ((old, new), *_) = lowered
        await house.post()
        before, after = card_text(house, old), card_text(house, new)
        assert "Withdrawn" in before
        assert "lowers the odds" in before
        assert "waits for the owner" in after
        assert "lowered the odds by" in after
        clicked = await house.owner.slash(house.lobby, "approve", proposal=old)
        assert "withdrawn" in words(clicked.response.components)
