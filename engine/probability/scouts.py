"""Layer 10: witnesses, weighed by nothing but their own record.

Refuses backtested votes and late ones; a new witness weighs exactly nothing, and witnesses of one
family do not count as independent.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.setups import LayerRole
from engine.probability.evidence import Evidence, witness_llr
from engine.probability.layer import LayerSpec

SPEC = LayerSpec(
    name="scouts",
    number=10,
    role=LayerRole.EVIDENCE,
    title="Scouts",
    summary="Weighs the votes of the scouts by their own closed record; no record, no weight.",
    needs="votes, and a closed record of the one who votes",
)
PREFIX = "scout:"
"""A vote travels in a candidate's scores as ``scout:<name>``: 1 yes, -1 no."""
SIGNAL = "signal:"
"""Outside voices are named ``signal:<who>`` among the scouts; all of them are one family."""
_MAX_TOTAL = math.log(4.0)
_ASSUMED_CORRELATION = 0.5


@dataclass(slots=True)
class Record:
    """Closed votes of one scout on one kind of setup, uniqueness-weighted.

    Attributes
    ----------
    tp, fn, fp, tn : float, >= 0
        Yes and no on setups that reached the target; yes and no on those that did not.
    """

    tp: float = 0.0
    fn: float = 0.0
    fp: float = 0.0
    tn: float = 0.0

    def learn(self, vote: bool, hit: bool, weight: float) -> None:
        """Add one closed vote."""
        name = {(True, True): "tp", (False, True): "fn", (True, False): "fp"}.get(
            (vote, hit), "tn"
        )
        setattr(self, name, getattr(self, name) + weight)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a scout's record on one kind of setup makes of its votes.

    Attributes
    ----------
    tp, fn, fp, tn : float, effective votes, >= 0
        As in `Record`.
    yes_nats, no_nats : float, nats
        What its next yes or no would weigh alone; exactly 0 without a record that says more.
    """

    kind: str
    tp: float
    fn: float
    fp: float
    tn: float
    yes_nats: float
    no_nats: float


@dataclass(slots=True)
class ScoutBook:
    """Records of all scouts, by scout and kind of setup."""

    records: dict[tuple[str, str], Record] = field(default_factory=dict)

    def learn(self, scores: Mapping[str, float], kind: str, hit: bool, weight: float) -> None:
        """Take in the votes that a closed candidate carried."""
        for scout, vote in votes_in(scores).items():
            self.records.setdefault((scout, kind), Record()).learn(vote, hit, weight)

    def standings(self, scout: str) -> tuple[Standing, ...]:
        """What a scout's votes are worth by now, one a kind of setup on which it has a record."""
        found = []
        for (name, kind), record in sorted(self.records.items()):
            if name == scout:
                counts = record.tp, record.fn, record.fp, record.tn
                yes, no = (witness_llr(*counts, vote)[2] for vote in ("yes", "no"))
                found.append(Standing(kind, *counts, yes_nats=yes, no_nats=no))
        return tuple(found)

    def evidence(
        self, scores: Mapping[str, float], kind: str, families: Mapping[str, str]
    ) -> Evidence | None:
        """What the votes of a candidate are worth together; None when it is nothing.

        Parameters
        ----------
        families : mapping of scout to family
            Scouts of one model family (or prompt) share what they know; a scout that is not
            named is of the family of its model, or of its own; outside voices, who read one
            another, are one family.
        """
        votes = votes_in(scores)
        if not votes:
            return None
        groups: dict[str, list[tuple[float, float, float]]] = {}
        for scout, vote in votes.items():
            record = self.records.get((scout, kind), Record())
            mean, sd, used = witness_llr(record.tp, record.fn, record.fp, record.tn, vote)
            count = record.tp + record.fn + record.fp + record.tn
            del mean
            family = families.get(scout, _family_of(scout))
            groups.setdefault(family, []).append((used, sd * sd, count))
        total = math.fsum(_family(group)[0] for group in groups.values())
        if total == 0.0:
            return None  # weightless votes must not even dilute the other layers
        variance = math.fsum(_family(group)[1] for group in groups.values() if _speaks(group))
        n_eff = math.fsum(row[2] for group in groups.values() for row in group)
        return Evidence(min(max(total, -_MAX_TOTAL), _MAX_TOTAL), variance, n_eff)


def _family_of(scout: str) -> str:
    """Who shares what it knows: outside voices with one another, scouts with those of their model.

    The part of a name after ``/`` is the model.
    """
    return SIGNAL if scout.startswith(SIGNAL) else scout.rpartition("/")[2]


def as_scores(votes: Mapping[str, bool | str]) -> dict[str, float]:
    """Votes in the form in which a candidate carries them; abstentions leave no trace.

    Raises
    ------
    ValueError
        If a vote is not yes, no or abstain.
    """
    found = {}
    for scout, vote in votes.items():
        if vote not in (True, False, "yes", "no", "abstain"):
            raise ValueError(f"vote of {scout} must be yes, no or abstain, was {vote!r}")
        if vote != "abstain":
            found[PREFIX + scout] = 1.0 if vote in (True, "yes") else -1.0
    return found


def votes_in(scores: Mapping[str, float]) -> dict[str, bool]:
    """Votes that a candidate's scores carry.

    Examples
    --------
    >>> votes_in({"scout:alpha": 1.0, "mean_reversion": 0.3})
    {'alpha': True}
    """
    votes = sorted(name for name in scores if name.startswith(PREFIX))
    return {name.removeprefix(PREFIX): scores[name] > 0.0 for name in votes}


def _family(group: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Mean of a family's ratios, times what so many equally correlated voices are worth."""
    m = len(group)
    factor = m / (1.0 + (m - 1) * _ASSUMED_CORRELATION)
    return factor * sum(row[0] for row in group) / m, factor * sum(row[1] for row in group) / m


def _speaks(group: list[tuple[float, float, float]]) -> bool:
    return any(row[0] != 0.0 for row in group)
