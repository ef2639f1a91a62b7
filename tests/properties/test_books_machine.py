"""The fold and the checks under random events, lawful and not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.books_machine import STEPS, BooksMachine

LEAST_STEPS = 17_000


@pytest.mark.timeout(900)
def test_no_sequence_of_fills_breaks_the_books() -> None:
    run_state_machine_as_test(
        BooksMachine,
        settings=settings(
            max_examples=300,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_books_took_their_steps() -> None:
    """With the desk's own (``test_desk_machine``), twenty thousand."""
    assert sum(STEPS.values()) >= LEAST_STEPS, STEPS
    assert min(n for name, n in STEPS.items()) >= 20, STEPS
