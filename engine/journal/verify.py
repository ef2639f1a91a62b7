"""Does a journal still say what was written? Finds any edit, and a cut tail where anchored.

Refuses to mend: it reads, and reports every event that does not verify.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import JournalError
from engine.journal.chain import Anchor, Finding, Record, check_chain
from engine.journal.codec import decode
from engine.journal.reading import records_of
from engine.journal.sealing import EMPTY


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found.

    Attributes
    ----------
    events : int, >= 0
        Number of events read.
    head_seq : int, >= 0
        Sequence number of the newest one.
    head_hash : str, 64 hexadecimal digits
        Its hash: compare it with the one posted to Discord.
    findings : tuple of Finding
        Empty when everything verifies.
    """

    path: Path
    stream: str
    events: int
    head_seq: int
    head_hash: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """The result in one line."""
        if self.ok:
            return f"{self.path}: {self.events} events verify; head {self.head_hash}"
        first = self.findings[0]
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        return f"{self.path}: does not verify: {first}{more}; keep the file, restore a backup"


class _Witness:
    """Passes records on, and remembers how many there were, the last, and the unreadable."""

    def __init__(self) -> None:
        self.events = 0
        self.head = EMPTY
        self.unreadable: list[Finding] = []

    def watch(self, records: Iterator[Record]) -> Iterator[Record]:
        try:
            for record in records:
                self.events += 1
                self.head = Anchor(record.seq, record.hash)
                self._read(record)
                yield record
        except JournalError as fault:
            self.unreadable.append(Finding(self.head.seq + 1, f"cannot be read: {fault}"))

    def _read(self, record: Record) -> None:
        try:
            decode(record.kind, record.version, record.payload)
        except JournalError as fault:
            self.unreadable.append(Finding(record.seq, str(fault)))


def verify(path: Path, anchor: Anchor | None = None, stream: str = "desk") -> VerifyReport:
    """Check every event of a journal against the chain and its type.

    Parameters
    ----------
    anchor : Anchor, optional
        A head known from outside the machine; only with it does a cut tail show.

    Raises
    ------
    JournalError
        If the file cannot be opened or is no journal.
    """
    witness = _Witness()
    with records_of(path, stream) as records:
        findings = list(check_chain(witness.watch(records), anchor=anchor))
    findings += witness.unreadable
    return VerifyReport(
        path=path,
        stream=stream,
        events=witness.events,
        head_seq=witness.head.seq,
        head_hash=witness.head.hash,
        findings=tuple(sorted(findings, key=lambda finding: finding.seq)),
    )
