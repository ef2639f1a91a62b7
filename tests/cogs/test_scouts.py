"""The scouts through the real bot: asked for, and posted when one is sure."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from engine.model.events import OpinionGiven
from engine.model.witnesses import Opinion, Pattern, Stance, Voter
from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def test_without_a_server_the_scouts_say_how_to_get_one(house: World) -> None:
    answer = await house.overseer.slash(house.lobby, "scouts")
    said = words(answer.response.components)
    assert "scouts.base_url" in said
    assert "silent: no model server" in said


async def test_an_opinion_on_record_is_shown_with_its_record(house: World) -> None:
    desk = house.live.desk
    now = desk.now()
    voter = Voter("alpha", "1", "qwen")
    opinion = Opinion(voter, "BTC-USD", now, Stance.LONG, 0.7, Pattern.HAMMER, "A *hammer*.")
    until = now + timedelta(days=9)
    given = OpinionGiven(opinion, until, counts=True, alert=False, seconds=2.0)
    engine = desk._engine
    await engine._turns.take(partial(engine._recorder.record, given))
    said = words((await house.owner.slash(house.lobby, "scouts")).response.components)
    assert "**long**, confidence 70 %, sees hammer" in said
    assert "\\*hammer\\*" in said
    assert "no closed vote yet: weighs nothing" in said
