"""What a check found, as values: the kinds, how grave each is, and a report that counts them.

Refuses to decide: a finding says what is wrong with an observation, the caller says what follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from engine.model.bars import Timeframe

KEPT_PER_KIND = 20
"""Findings of one kind kept in full in a report; all are counted."""


class Severity(IntEnum):
    """How grave a finding is; comparable."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class FindingKind(StrEnum):
    """What is wrong. The first nine reject a bar; the others leave it usable."""

    UNSORTED = "unsorted"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    MISALIGNED = "misaligned"
    NOT_FINITE = "not finite"
    NON_POSITIVE = "not positive"
    INCONSISTENT = "inconsistent"
    NEGATIVE_VOLUME = "negative volume"
    FUTURE = "future"
    GAP = "gap"
    STALE = "stale"
    SPIKE = "spike"
    UNREACHABLE = "unreachable"
    CLOCK = "clock"
    SHORT_SESSION = "short session"

    @property
    def severity(self) -> Severity:
        """Gravity of every finding of this kind."""
        if self in _USABLE:
            return Severity.WARNING
        return Severity.NOTE if self is FindingKind.SHORT_SESSION else Severity.ERROR


_USABLE = frozenset(
    {
        FindingKind.GAP,
        FindingKind.STALE,
        FindingKind.SPIKE,
        FindingKind.UNREACHABLE,
        FindingKind.CLOCK,
    }
)

STRUCTURAL = frozenset({FindingKind.UNSORTED, FindingKind.DUPLICATE, FindingKind.OVERLAP})
"""Faults of a file's order: no row of it can be trusted to be where it belongs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with an observation.

    Attributes
    ----------
    at : datetime, aware UTC
        Open time of the bar concerned.
    detail : str
        The reason with its numbers, fit for the owner.
    missing : int, >= 0
        Bars that should exist and do not; only gaps and short sessions have any.
    """

    kind: FindingKind
    instrument: str
    at: datetime
    detail: str
    missing: int = 0

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.kind.severity

    @property
    def rejects(self) -> bool:
        """Whether the bar must not reach the pipeline."""
        return self.severity is Severity.ERROR

    @property
    def line(self) -> str:
        """One line for logs and posts."""
        return f"{self.instrument} {self.at:%Y-%m-%d %H:%M}Z {self.kind}: {self.detail}"


@dataclass(frozen=True, slots=True)
class DataReport:
    """What the checks found in a run of bars.

    Attributes
    ----------
    rows : int, >= 0
    findings : tuple of Finding, by row
        At most `KEPT_PER_KIND` of each kind.
    counts : mapping of FindingKind to int, > 0
        Every finding, kept or not.
    missing_bars : int, >= 0
        Bars missing in gaps; the calendar's pauses and short sessions are not gaps.
    """

    instrument: str
    timeframe: Timeframe
    rows: int
    findings: tuple[Finding, ...] = ()
    counts: Mapping[FindingKind, int] = field(default_factory=dict)
    missing_bars: int = 0

    @classmethod
    def of(
        cls, instrument: str, timeframe: Timeframe, rows: int, found: Iterable[Finding]
    ) -> DataReport:
        """A report that counts all of `found` and keeps the first of each kind."""
        counts: Counter[FindingKind] = Counter()
        kept: list[Finding] = []
        missing = 0
        for finding in found:
            counts[finding.kind] += 1
            missing += finding.missing if finding.kind is FindingKind.GAP else 0
            if counts[finding.kind] <= KEPT_PER_KIND:
                kept.append(finding)
        kept.sort(key=lambda finding: finding.at)
        return cls(instrument, timeframe, rows, tuple(kept), dict(counts), missing)

    @property
    def worst(self) -> Severity | None:
        """Gravest finding, or None where all is well."""
        return max((kind.severity for kind in self.counts), default=None)

    @property
    def line(self) -> str:
        """One line for humans: how many bars, and how many findings of each kind."""
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(self.counts.items()))
        return f"{self.instrument} {self.timeframe}: {self.rows:,} bars, {found or 'no findings'}"
