from __future__ import annotations

from datetime import timedelta

from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def _asked(house: World, command: str, **options: object) -> str:
    answer = await house.owner.slash(house.lobby, command, **options)
    return words(answer.response.components)


async def test_review_shows_every_gate_with_its_bound_and_since_when(house: World) -> None:
    said = await _asked(house, "review")
    registered = house.live.engine.ledger.registration
    assert registered is not None
    for gate in registered.event.plan.gates:
        assert gate.name in said
        assert gate.bound in said
    assert f"Clock since {registered.at:%d %b %Y}" in said
    assert "KEEP-PAPER" in said
    assert "What it would take" in said
    assert "SIMULATED" in said


async def test_asking_for_the_review_puts_no_verdict_on_record(house: World) -> None:
    await _asked(house, "review")
    assert house.live.engine.ledger.looks == []


async def test_performance_covers_the_clock_or_the_days_asked_for(house: World) -> None:
    await house.live.bars(30)
    assert "Performance" in await _asked(house, "performance")
    yesterday = house.bot.desk.now() - timedelta(days=1)
    assert f"{yesterday:%d %b %Y} to" in await _asked(house, "performance", days=1)


async def test_goal_says_that_it_is_tracked_and_decides_nothing(house: World) -> None:
    said = await _asked(house, "goal")
    assert "1–2 % a day" in said
    assert "Tracked, not targeted" in said
    assert "too few to say anything" in said


async def test_calibration_shows_what_is_not_known_as_unknown(house: World) -> None:
    said = await _asked(house, "calibration")
    assert "Calibration" in said
    assert "unknown" in said


async def test_weekly_review_is_posted_and_held_once_a_slot(house: World) -> None:
    await house.live.bars(6 * 24)
    await house.bot.jobs.run_due()
    await house.bot.jobs.run_due()
    posted = house.channel("trader-execution").history()
    cards = [words([dict(each.to_dict()) for each in post.components]) for post in posted]
    assert sum("## Review" in card for card in cards) == 1
    assert house.live.engine.ledger.looks == [], "the first look goes on record after six weeks"
