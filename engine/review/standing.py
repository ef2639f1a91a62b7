"""What a journal says of the review: the newest verdict on record, and whether it is a go.

Refuses to judge anew: it reads what was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.review.decision import Verdict

GO = frozenset({Verdict.GO_FULL.value, Verdict.GO_PILOT.value})
"""Verdicts after which the owner may unlock live."""
PILOT = Verdict.GO_PILOT.value
"""The verdict after which a tenth of the size is traded."""
STOPS = frozenset({Verdict.NO_GO.value})
"""Verdicts that take an unlocking back."""


class Reviewed(Protocol):
    """A review as a ledger keeps it."""

    @property
    def verdict(self) -> str:
        """``GO-FULL``, ``GO-PILOT``, ``KEEP-PAPER`` or ``NO-GO``."""
        ...

    @property
    def config_hash(self) -> str:
        """Of the settings that were reviewed."""
        ...

    @property
    def at(self) -> datetime:
        """When it was concluded."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the review stands.

    Attributes
    ----------
    verdict : Verdict or None
        None where no review is on record.
    config_hash : str
        Of the settings that were reviewed; empty without a review.
    """

    verdict: Verdict | None
    config_hash: str = ""
    at: datetime | None = None

    @property
    def goes(self) -> bool:
        """Whether the owner may unlock live over it."""
        return self.verdict is not None and self.verdict.value in GO

    @property
    def pilot(self) -> bool:
        """Whether it goes with a tenth of the size."""
        return self.verdict is not None and self.verdict.value == PILOT


def standing_of(review: Reviewed | None) -> Standing:
    """The standing of a record whose newest review is `review`.

    Examples
    --------
    >>> standing_of(None).goes
    False
    """
    if review is None:
        return Standing(None)
    return Standing(Verdict(review.verdict), review.config_hash, review.at)
