"""A dated headline: data for witnesses to read, never an instruction.

Refuses to be undated, empty, or long: what cannot be said when it was known is no headline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_TITLE = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline of one source.

    Attributes
    ----------
    at : datetime, aware UTC
        From when on it could be known; a source that gives only the day is known at its end.
    source : str
        Short name of who published it.
    title : str
        One line of at most `LONGEST_TITLE` characters, without control characters or markup.
    """

    at: datetime
    source: str
    title: str

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise ValueError(f"at must be aware UTC, was {self.at!r}")
        if not self.title or len(self.title) > LONGEST_TITLE:
            raise ValueError(
                f"title must have 1 to {LONGEST_TITLE} characters, had {len(self.title)}"
            )
