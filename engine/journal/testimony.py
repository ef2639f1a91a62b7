"""What the journal adds up to about witnesses: opinions that stand, work done, votes to be judged.

Refuses to weigh anybody: layer 10 does, from the same labels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from engine.model.events import OpinionGiven
from engine.model.witnesses import Opinion

OPINIONS_KEPT = 8
"""Of one scout on one instrument: bars that come late hear what stood when they closed."""
CONFIDENCE_BINS = 5


@dataclass(frozen=True, slots=True)
class KeptOpinion:
    """An opinion with its place in the journal."""

    seq: int
    at: datetime
    given: OpinionGiven


@dataclass(frozen=True, slots=True)
class Silent:
    """The newest abstention of a witness.

    Attributes
    ----------
    reason : str
        Kind and detail in one clause.
    """

    at: datetime
    reason: str


@dataclass(slots=True)
class Work:
    """What one witness has done.

    Attributes
    ----------
    opinions : int
    seconds : float, real seconds
        All its answers together, the unusable ones included.
    answers : int
        How many took those seconds.
    abstentions : dict of str to int
        By kind of reason.
    asked_at : datetime or None
        When it was last asked.
    """

    opinions: int = 0
    seconds: float = 0.0
    answers: int = 0
    abstentions: dict[str, int] = field(default_factory=dict)
    asked_at: datetime | None = None

    def took(self, seconds: float, at: datetime) -> None:
        """Count one answer."""
        self.answers += 1
        self.seconds += seconds
        self.asked_at = at


@dataclass(slots=True)
class ConfidenceBin:
    """Closed votes whose confidence lay in one fifth of [0, 1].

    Attributes
    ----------
    votes, right : int
        `right` counts yes before a target and no before anything else.
    confidence : float
        Sum over the votes.
    """

    votes: int = 0
    right: int = 0
    confidence: float = 0.0


@dataclass(slots=True)
class Testimony:
    """All witnesses of one desk.

    Attributes
    ----------
    opinions : dict of (witness, instrument) to list of KeptOpinion
        The newest `OPINIONS_KEPT`, oldest first.
    silences : dict of str to Silent
        Newest abstention of each witness.
    work : dict of str to Work
        By name of the witness.
    heard : dict of (instrument, instant) to tuple of Opinion
        What candidates that are still open have heard.
    confidence : dict of str to list of ConfidenceBin
        By key of the voter.
    day, day_tokens : date and int, tokens
        What scouts took on the newest UTC day on which they took any.
    """

    opinions: dict[tuple[str, str], list[KeptOpinion]] = field(default_factory=dict)
    silences: dict[str, Silent] = field(default_factory=dict)
    work: dict[str, Work] = field(default_factory=dict)
    heard: dict[tuple[str, datetime], tuple[Opinion, ...]] = field(default_factory=dict)
    confidence: dict[str, list[ConfidenceBin]] = field(default_factory=dict)
    day: date | None = None
    day_tokens: int = 0

    def of(self, witness: str) -> Work:
        """The work of a witness, begun if it is new; for the fold alone."""
        return self.work.setdefault(witness, Work())

    def done_by(self, witness: str) -> Work:
        """What a witness has done so far, for those who only read."""
        return self.work.get(witness, Work())

    def newest(self, witness: str, instrument: str, at: datetime) -> KeptOpinion | None:
        """The newest opinion that had been journaled at `at`."""
        kept = self.opinions.get((witness, instrument), [])
        return next((each for each in reversed(kept) if each.at <= at), None)

    def standing(self, instrument: str, at: datetime) -> tuple[Opinion, ...]:
        """The newest unexpired opinion of every scout on `instrument`, as it stood at `at`.

        What was given after `at` could have seen more than a candidate of then, and what was
        given in a replay may come from a model that has read the past: neither stands.
        """
        found = []
        for scout, about in sorted(self.opinions):
            kept = self.newest(scout, about, at) if about == instrument else None
            if kept is not None and kept.given.counts and at <= kept.given.valid_until:
                found.append(kept.given.opinion)
        return tuple(found)

    def hear(self, instrument: str, opened_at: datetime) -> None:
        """Keep what a candidate that begins has heard, until it closes."""
        opinions = self.standing(instrument, opened_at)
        if opinions:
            self.heard[instrument, opened_at] = opinions

    def judge(self, instrument: str, opened_at: datetime, *, hit: bool) -> None:
        """Hold what a closed candidate had heard to what happened."""
        for opinion in self.heard.pop((instrument, opened_at), ()):
            bins = self.confidence.setdefault(
                opinion.voter.key, [ConfidenceBin() for _ in range(CONFIDENCE_BINS)]
            )
            at = bins[min(int(opinion.confidence * CONFIDENCE_BINS), CONFIDENCE_BINS - 1)]
            at.votes += 1
            at.right += opinion.yes == hit
            at.confidence += opinion.confidence

    def spend(self, day: date, tokens: int) -> None:
        """Count tokens of one call."""
        self.day_tokens = self.tokens_on(day) + tokens
        self.day = day

    def tokens_on(self, day: date) -> int:
        """Tokens that scouts took on `day`."""
        return self.day_tokens if self.day == day else 0
