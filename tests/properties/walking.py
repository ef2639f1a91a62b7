"""Walks of a state machine, and the steps that they really took.

Refuses to count what a rule does within itself: a step is one choice of hypothesis.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from hypothesis import HealthCheck, settings, stateful
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

Rule = Callable[..., None]


class Steps:
    """Steps taken by each rule of one machine, over all examples.

    Attributes
    ----------
    taken : Counter of rule names
        Holds every rule from the first, also one that never ran.
    """

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self._within = False

    def rule(self, **drawn: Any) -> Callable[[Rule], Any]:
        """``hypothesis.stateful.rule``, counted."""

        def declare(step: Rule) -> Any:
            self.taken[step.__name__] = 0

            @wraps(step)
            def counted(*given: Any, **values: Any) -> None:
                if self._within:
                    step(*given, **values)
                    return
                self.taken[step.__name__] += 1
                self._within = True
                try:
                    step(*given, **values)
                finally:
                    self._within = False

            made: Any = stateful.rule(**drawn)
            return made(counted)

        return declare

    def of_walks(
        self, machine: type[RuleBasedStateMachine], walks: int, length: int
    ) -> Counter[str]:
        """Steps of so many walks of `machine`; what it finds on the way is raised."""
        self.taken = Counter(dict.fromkeys(self.taken, 0))
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=walks,
                stateful_step_count=length,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        return self.taken.copy()
