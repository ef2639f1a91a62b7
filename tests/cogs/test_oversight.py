from __future__ import annotations

from engine.facade import DeskState
from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def test_halt_asks_for_nothing_and_is_posted(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "halt")
    assert "HALTED" in words(answer.response.components)
    await house.post()
    posted = house.channel("trader-execution").last_message
    stored = house.env.backend.get_message(posted.channel.id, posted.id)
    assert "halted" in words(stored.components)


async def test_risk_shows_state_picture_and_breakers(house: World) -> None:
    answer = await house.owner.slash(house.channel("trader-execution"), "risk")
    said = words(answer.response.components)
    for expected in ("Risk · ACTIVE", "Breakers:", "armed", "drawdown"):
        assert expected in said
    assert [each.filename for each in answer.response.attachments] == ["limits.png"]


async def test_risk_history_is_shown_to_the_one_who_clicks(house: World) -> None:
    await house.owner.slash(house.lobby, "halt", reason="odd prices")
    shown = await house.owner.slash(house.channel("trader-execution"), "risk")
    assert "Halted by B" in words(shown.response.components)
    answer = await house.overseer.click(shown.response, custom_id="risk:history")
    assert answer.ephemeral
    assert "halted by B: odd prices" in words(answer.response.components)


async def test_resume_with_a_reason_allows_entries_again(house: World) -> None:
    await house.owner.slash(house.lobby, "halt")
    await house.owner.slash(house.lobby, "resume", reason="looked into it")
    assert house.bot.desk.status().state is DeskState.ACTIVE


async def test_flatten_does_nothing_without_the_word(house: World) -> None:
    shown = await house.owner.slash(house.lobby, "flatten")
    answer = await house.owner.submit_modal(shown, {"text": "FLATTER"})
    assert "nothing was sold" in words(answer.response.components)
    assert house.bot.desk.status().state is DeskState.ACTIVE


async def test_flatten_with_the_word_halts_and_withdraws(house: World) -> None:
    await house.card()
    shown = await house.owner.slash(house.lobby, "flatten", reason="leaving")
    await house.owner.submit_modal(shown, {"text": "flatten"})
    assert house.bot.desk.status().state is DeskState.HALTED
    assert house.bot.desk.proposals() == ()


async def test_verify_and_audit_show_the_record(house: World) -> None:
    checked = await house.owner.slash(house.lobby, "verify")
    assert "verifies" in words(checked.response.components)
    shown = await house.owner.slash(house.lobby, "audit", n=3)
    assert words(shown.response.components).count("`#") == 3


async def test_a_review_note_goes_into_the_record(house: World) -> None:
    text = "Too many entries after losses; I lower the count."
    await house.owner.slash(house.lobby, "breaker note", text=text)
    newest = await house.live.desk.audit(1)
    assert text in newest[0].sentence


async def test_reset_of_an_unknown_breaker_is_told_plainly(house: World) -> None:
    answer = await house.owner.slash(
        house.lobby, "breaker reset", name="nonsense", reason="trying it"
    )
    assert "Refused" in words(answer.response.components)


async def test_costs_say_honestly_that_no_model_was_used(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "costs")
    said = words(answer.response.components)
    assert "No model was used this month." in said
    assert "kWh" in said
    assert "Fees of trades" in said
