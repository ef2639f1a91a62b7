from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ui.card import Card, Picture
from tests.kit.bot_cards import components, text_of

PARAGRAPHS = st.lists(st.tuples(st.text(min_size=1, max_size=2500), st.booleans()), max_size=60)


@given(PARAGRAPHS, st.booleans())
def test_card_of_any_texts_stays_within_discords_limits(
    paragraphs: list[tuple[str, bool]], pictured: bool
) -> None:
    card = Card()
    for content, essential in paragraphs:
        card.rule().text(content, essential=essential)
    card.picture(Picture("a.png", b"png", "a") if pictured else None).footer("tag")
    assert len(list(components(card))) <= 40
    assert len(text_of(card).replace("\n", "")) <= 4000


def test_card_shortens_what_is_not_essential_first() -> None:
    card = Card().text("essential " * 100).text("line\n" * 1000, essential=False)
    said = text_of(card)
    assert "essential " * 100 in said
    assert "shortened to fit" in said


def test_card_closes_a_code_block_that_it_cuts() -> None:
    card = Card().text("```\n" + "row of a table\n" * 400 + "```", essential=False)
    assert text_of(card).count("```") == 2


def test_card_that_fits_is_left_alone() -> None:
    assert "shortened" not in text_of(Card().text("short"))


def test_card_leaves_out_a_rule_at_its_edges() -> None:
    kinds = [each["type"] for each in components(Card().rule().text("only").rule())]
    assert kinds == [17, 10]


def test_card_gives_fresh_files_at_each_call() -> None:
    card = Card().picture(Picture("a.png", b"png", "what it shows"))
    first, second = card.files(), card.files()
    assert first[0] is not second[0]
    assert second[0].fp.read() == b"png"


@pytest.mark.parametrize("count", [1, 50])
def test_card_shows_every_short_text_however_many(count: int) -> None:
    card = Card()
    for i in range(count):
        card.rule().text(f"line {i}.")
    assert all(f"line {i}." in text_of(card) for i in range(count))
