"""The count of steps by itself: what it counts, and that a rule that never runs is seen."""

from __future__ import annotations

from hypothesis.stateful import RuleBasedStateMachine, precondition

from tests.properties.walking import Steps

STEPS = Steps()


class Walker(RuleBasedStateMachine):
    """One rule that runs, one that it calls, one that never may."""

    calls = 0

    @STEPS.rule()
    def outer(self) -> None:
        self.inner()

    @precondition(lambda _: False)
    @STEPS.rule()
    def inner(self) -> None:
        Walker.calls += 1


def test_a_step_is_what_was_drawn_and_a_rule_that_never_ran_counts_zero() -> None:
    taken = STEPS.of_walks(Walker, walks=3, length=5)
    assert taken["inner"] == 0
    assert taken["outer"] == Walker.calls > 0


def test_each_count_begins_anew() -> None:
    first = STEPS.of_walks(Walker, walks=1, length=5)
    assert STEPS.of_walks(Walker, walks=1, length=5)["outer"] <= 5
    assert first["outer"] <= 5
