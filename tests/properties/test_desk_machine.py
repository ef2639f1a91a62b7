"""Section 7 under thousands of random sequences of actions on a real desk."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.desk_machine import STEPS, DeskMachine

LEAST_STEPS = 3_000


@pytest.mark.timeout(900)
def test_no_sequence_of_actions_breaks_an_invariant() -> None:
    run_state_machine_as_test(
        DeskMachine,
        settings=settings(
            max_examples=65,
            stateful_step_count=85,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_desk_took_its_steps() -> None:
    """With the books' own, more than the twenty thousand that are asked for."""
    assert sum(STEPS.values()) >= LEAST_STEPS, STEPS
    assert min(STEPS.values()) >= 1, STEPS
