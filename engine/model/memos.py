"""What the analyzer says of a proposal: a verdict, risks, and facts that are held to the data.

Refuses to be more than testimony: a memo holds no size, no order and no limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.headlines import Headline


class MemoVerdict(StrEnum):
    """What the analyzer makes of a proposal."""

    AGREE = "agree"
    DISAGREE = "disagree"
    ABSTAIN = "abstain"


class MemoEffect(StrEnum):
    """What a memo may do: nothing, leave it to the owner, lower the odds; never more."""

    NONE = "none"
    OWNER = "needs the owner"
    LOWERED = "lowered"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that a memo relies on, by the name under which it was given.

    Attributes
    ----------
    value : float
        As the memo has it; within the tolerance of what was given.
    """

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Memo:
    """What the analyzer said; every fact in it holds.

    Attributes
    ----------
    witness : str
        Under which its record is kept: prompt and model.
    summary : str
        One sentence.
    """

    witness: str
    verdict: MemoVerdict
    summary: str
    risks: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """There is no memo that may be used, and why.

    Attributes
    ----------
    silence : str
        Kind of reason, one of a closed list.
    detail : str
        One clause.
    """

    silence: str
    detail: str

    @property
    def reason(self) -> str:
        """Kind and detail in one clause."""
        return f"{self.silence}: {self.detail}" if self.detail else self.silence


@dataclass(frozen=True, slots=True)
class Brief:
    """Everything that the analyzer is given of one proposal.

    Attributes
    ----------
    numbers : mapping of str to float
        By the names that a fact may use.
    words : mapping of str to str
        Such as the kind of setup.
    layers : tuple of (title, nats, reason)
        Which layers moved the odds, by how much, in their words.
    """

    proposal_id: str
    numbers: Mapping[str, float]
    words: Mapping[str, str] = field(default_factory=dict)
    layers: tuple[tuple[str, float, str], ...] = ()
    headlines: tuple[Headline, ...] = ()
