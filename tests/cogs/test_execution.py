from __future__ import annotations

import asyncio

from engine.facade import ProposalStatus, ProposalView
from tests.kit.bot_cards import custom_ids, words
from tests.kit.bot_views import OWNER
from tests.kit.bot_world import World


def _proposal(house: World) -> ProposalView:
    return house.bot.desk.proposals(only_open=False)[0]


async def _ids(house: World) -> list[str]:
    return custom_ids(house.env.backend.get_message(*_where(house)).components)


def _where(house: World) -> tuple[int, int]:
    post = _proposal(house).post
    assert post is not None
    return int(post.channel_id), int(post.message_id)


async def test_card_is_posted_with_a_chart_and_four_buttons(house: World) -> None:
    message = await house.card()
    assert [each.filename for each in message.attachments] == ["chart.png"]
    assert [each.split(":")[1] for each in await _ids(house)] == [
        "approve",
        "halve",
        "reject",
        "breakdown",
    ]


async def test_owner_approves_by_button_and_the_card_loses_its_buttons(house: World) -> None:
    message = await house.card()
    answer = await house.owner.click(message, label="Approve")
    assert answer.ephemeral
    assert "approved" in words(answer.response.components)
    assert _proposal(house).status is ProposalStatus.APPROVED
    await house.post()
    stored = house.env.backend.get_message(*_where(house))
    assert custom_ids(stored.components) == []
    assert "by B" in words(stored.components)


async def test_halve_approves_half(house: World) -> None:
    await house.owner.click(await house.card(), label="Halve")
    view = _proposal(house)
    assert view.status is ProposalStatus.APPROVED
    assert view.decided_quantity <= view.terms.quantity / 2


async def test_reject_asks_for_a_reason_and_records_it(house: World) -> None:
    shown = await house.owner.click(await house.card(), label="Reject")
    assert shown.modal is not None
    assert _proposal(house).status is ProposalStatus.OPEN
    await house.owner.submit_modal(shown, {"text": "news in an hour"})
    assert _proposal(house).status is ProposalStatus.REJECTED
    assert "news in an hour" in _proposal(house).reason


async def test_breakdown_button_answers_privately_with_twelve_layers(house: World) -> None:
    answer = await house.overseer.click(await house.card(), label="Breakdown")
    assert answer.ephemeral
    assert "`L12`" in words(answer.response.components)


async def test_overseer_and_stranger_cannot_approve_by_button(house: World) -> None:
    message = await house.card()
    answer = await house.overseer.click(message, label="Approve")
    assert "Only the owner" in words(answer.response.components)
    assert _proposal(house).status is ProposalStatus.OPEN
    assert (await house.bot.desk.audit(1))[0].kind == "access_refused"


async def test_button_works_after_a_restart(house: World) -> None:
    message = await house.card()
    await house.restart()
    await house.owner.click(message, label="Approve")
    assert _proposal(house).status is ProposalStatus.APPROVED


async def test_second_click_is_told_that_it_is_decided(house: World) -> None:
    message = await house.card()
    await house.owner.click(message, label="Approve")
    before = house.bot.desk.orders()
    answer = await house.owner.click(message, label="Approve")
    assert "Refused" in words(answer.response.components)
    assert house.bot.desk.orders() == before


async def test_stale_click_takes_the_buttons_away(house: World) -> None:
    message = await house.card()
    view = _proposal(house)
    await house.bot.desk.reject(OWNER, view.terms.id, "elsewhere")
    answer = await house.owner.click(message, label="Approve")
    assert "Refused" in words(answer.response.components)
    assert await _ids(house) == []


async def test_two_clicks_at_once_buy_once(house: World) -> None:
    await house.card()
    view = _proposal(house)
    results = await asyncio.gather(
        *(house.bot.desk.approve(OWNER, view.terms.id, view.short_hash) for _ in range(3))
    )
    assert sum(isinstance(each, ProposalView) for each in results) == 1


async def test_approve_command_takes_the_present_terms(house: World) -> None:
    await house.card()
    view = _proposal(house)
    answer = await house.owner.slash(
        house.lobby, "approve", proposal=view.terms.id, note="as discussed"
    )
    assert answer.ephemeral
    assert "approved" in words(answer.response.components)
    assert _proposal(house).status is ProposalStatus.APPROVED


async def test_approve_of_an_unknown_proposal_says_where_to_look(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "approve", proposal="P-0000")
    assert "/proposals" in words(answer.response.components)


async def test_reject_command_records_the_reason(house: World) -> None:
    await house.card()
    view = _proposal(house)
    await house.owner.slash(house.lobby, "reject", proposal=view.terms.id, reason="no edge")
    assert _proposal(house).status is ProposalStatus.REJECTED


async def test_proposals_autocomplete_with_what_tells_them_apart(house: World) -> None:
    await house.card()
    choices = await house.owner.autocomplete(house.lobby, "approve", "proposal", "")
    assert len(choices) == 1
    assert choices[0]["value"] == _proposal(house).terms.id
    assert "BTC-USD" in choices[0]["name"]
    assert "expires" in choices[0]["name"]


async def test_propose_close_and_books_go_together(house: World) -> None:
    await house.owner.slash(house.lobby, "propose", instrument="BTC-USD")
    await house.owner.slash(house.lobby, "approve", proposal=_proposal(house).terms.id)
    await house.live.bars(1)
    held = house.bot.desk.positions()
    assert held, house.bot.desk.orders()
    position_id = held[0].position.id
    shown = await house.owner.slash(house.lobby, "positions")
    assert position_id in words(shown.response.components)
    choices = await house.owner.autocomplete(house.lobby, "close", "position", "")
    assert choices[0]["value"] == position_id
    await house.owner.slash(house.lobby, "close", position=position_id)
    await house.live.bars(1)
    assert not house.bot.desk.positions()
    shown = await house.owner.slash(house.lobby, "trades")
    assert position_id in words(shown.response.components)
    kinds = [type(each).__name__ for each in await house.post()]
    assert "FillNotice" in kinds
    assert "TradeNotice" in kinds


async def test_answers_are_public_in_our_channels_and_private_elsewhere(house: World) -> None:
    private = await house.owner.slash(house.lobby, "positions")
    public = await house.owner.slash(house.channel("trader-execution"), "positions")
    assert private.ephemeral
    assert not public.ephemeral
