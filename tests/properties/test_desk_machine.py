"""Section 7 under thousands of random sequences of actions on a real desk."""

from __future__ import annotations

import pytest

from tests.properties.desk_machine import STEPS, DeskMachine

LEAST_STEPS = 3_000
"""Beside the twenty thousand of the books: each is a whole desk's work."""


@pytest.mark.timeout(900)
def test_no_sequence_of_actions_breaks_an_invariant() -> None:
    taken = STEPS.of_walks(DeskMachine, walks=65, length=85)
    assert sum(taken.values()) >= LEAST_STEPS, taken
    assert min(taken.values()) >= 1, taken
