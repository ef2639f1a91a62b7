"""Proof, on the very data at hand, that odds do not know the future.

Refuses to take the order of learning on trust: every outcome that was unknown at an instant is
turned round, and the odds given up to that instant must not move by one bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine.model.setups import Outcome
from engine.probability.batch import Case, judge
from engine.probability.settings import PipelineSettings
from engine.research.calibration.rows import judgement_of

_TURNED = {
    Outcome.TARGET: Outcome.STOP,
    Outcome.STOP: Outcome.TARGET,
    Outcome.TIMEOUT: Outcome.TARGET,
}


def count_moved(
    cases: Sequence[Case], settings: PipelineSettings, order: Mapping[str, int], at: int
) -> tuple[int, int]:
    """Odds given by `at`, and how many move when what came later turns out otherwise.

    `at` is in seconds since 1970. A label that closes at the very instant was unknown when its
    odds were given, so it is turned round too.
    """
    copies = [_turned(case, at) for case in cases]
    judge(settings, copies, order)
    given = [
        (before, after)
        for before, after in zip(cases, copies, strict=True)
        if before.opened_at <= at
    ]
    moved = sum(
        (judgement_of(a).p_mean, judgement_of(a).p_low)
        != (judgement_of(b).p_mean, judgement_of(b).p_low)
        for a, b in given
    )
    return len(given), moved


def _turned(case: Case, at: int) -> Case:
    if case.outcome is None or case.closed_at < at:
        return replace(case)
    return replace(
        case,
        outcome=_TURNED[case.outcome],
        gross_frac=-7.0 * case.gross_frac,
        uniqueness=1.0,
    )
