from __future__ import annotations

from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def test_the_invariants_and_the_open_questions_are_shown(house: World) -> None:
    shown = words((await house.owner.slash(house.lobby, "sharia")).response.components)
    assert "all hold" in shown
    assert "possession before sale" in shown
    assert "What a scholar must still rule on" in shown
    assert "CA-ON" in shown


async def test_what_was_given_is_noted_and_moves_nothing(house: World) -> None:
    before = house.bot.desk.portfolio().cash_usd
    await house.owner.slash(house.lobby, "given note", amount_usd=2.5, reason="to the poor")
    shown = words((await house.owner.slash(house.lobby, "purification")).response.components)
    assert "given away $2.50" in shown
    assert "to the poor" in shown
    assert house.bot.desk.portfolio().cash_usd == before


async def test_zakat_says_what_it_lacks_or_that_it_decides_nothing(house: World) -> None:
    shown = words((await house.owner.slash(house.lobby, "zakat")).response.components)
    assert "ounce of gold" in shown or "a qualified scholar decides" in shown


async def test_nobody_names_a_line_that_the_venue_never_booked(house: World) -> None:
    answer = await house.owner.slash(
        house.lobby,
        "ledger classify",
        kind="kraken:gift",
        meaning="ordinary",
        reason="asked the venue",
    )
    assert "no unknown line" in words(answer.response.components)
