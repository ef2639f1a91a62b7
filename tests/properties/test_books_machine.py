"""The fold and the checks under random events, lawful and not."""

from __future__ import annotations

import pytest

from tests.properties.books_machine import STEPS, BooksMachine

LEAST_STEPS = 20_000
LEAST_OF_A_RULE = 20


@pytest.mark.timeout(900)
def test_no_sequence_of_fills_breaks_the_books() -> None:
    taken = STEPS.of_walks(BooksMachine, walks=420, length=60)
    assert sum(taken.values()) >= LEAST_STEPS, taken
    assert min(taken.values()) >= LEAST_OF_A_RULE, taken
