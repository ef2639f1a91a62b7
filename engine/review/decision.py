"""The decision rule from paper to live, fixed before the first day.

Refuses to hurry: a go needs every gate known and passed; anything else stays on paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.model.reviews import Gate, Group, Verdict
from engine.review.evidence import Evidence
from engine.review.gates import gates


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with every gate that led to it.

    Attributes
    ----------
    reason : str
        One sentence.
    needs : tuple of str
        What it would take to go further; empty for a full go.
    """

    verdict: Verdict
    reason: str
    gates: tuple[Gate, ...]
    needs: tuple[str, ...]


def decide(evidence: Evidence, *, scheduled: bool) -> Decision:
    """Apply the pre-registered rule.

    Parameters
    ----------
    scheduled : bool
        Whether this is the one look at which a pilot may be granted. Evidence for full size may
        be looked at at any time, a pilot's may not.

    References
    ----------
    MATH.md section 5, "Decision rule".
    """
    found = gates(evidence)
    failed = [gate for gate in found if gate.group in _STOPPING and gate.passed is False]
    if failed:
        return _decision(Verdict.NO_GO, f"{_named(failed)} failed.", found, failed)
    early = _missing(found, Group.ENOUGH)
    if early:
        return _decision(Verdict.KEEP_PAPER, "It is too early for a go.", found, early)
    grounds = _missing(found, Group.INTEGRITY, Group.STOP)
    full, pilot = _missing(found, Group.FULL), _missing(found, Group.PILOT)
    if grounds:
        reason = f"{_named(grounds)} must be known first."
        return _decision(Verdict.KEEP_PAPER, reason, found, [*grounds, *full])
    if not full:
        return _decision(Verdict.GO_FULL, "Every gate is passed.", found, ())
    verdict, reason = _short_of_full(pilot, scheduled=scheduled)
    return _decision(verdict, reason, found, full)


def _short_of_full(pilot: list[Gate], *, scheduled: bool) -> tuple[Verdict, str]:
    if pilot:
        return Verdict.KEEP_PAPER, "The record does not show enough yet."
    if scheduled:
        return Verdict.GO_PILOT, "The gates of a pilot are passed: a tenth of the intended size."
    return Verdict.KEEP_PAPER, "A pilot is granted at the scheduled look only; this is not it."


_STOPPING = frozenset({Group.INTEGRITY, Group.STOP})


def _missing(found: Iterable[Gate], *groups: Group) -> list[Gate]:
    return [gate for gate in found if gate.group in groups and gate.passed is not True]


def _named(found: Iterable[Gate]) -> str:
    names = [gate.name for gate in found]
    told = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    return told[0].upper() + told[1:]


def _decision(
    verdict: Verdict, reason: str, found: tuple[Gate, ...], wanting: Iterable[Gate]
) -> Decision:
    needs = tuple(
        f"{gate.name}: {gate.value}, {gate.bound}. {gate.need}".rstrip() for gate in wanting
    )
    return Decision(verdict, reason, found, needs)
