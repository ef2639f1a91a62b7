"""The trial log on disk: one JSON line an entry, appended under a lock, chained like the journal.

Refuses to edit, to continue what does not verify, and to lose an entry that was acknowledged;
half a line left by a killed process was never acknowledged and is taken away.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from engine.clock import Clock
from engine.errors import CorruptJournal, JournalError
from engine.journal.chain import Anchor, Finding, Record, check_chain, link_hash
from engine.journal.export import line_of, record_of
from engine.journal.sealing import EMPTY, instant_text
from engine.model.canonical import adapter_for, canonical_json, plain
from engine.research.trials.entries import Entry, LockOpening, Trial

STREAM = "trials"
_KINDS: dict[str, type[Entry]] = {"trial": Trial, "lock_opened": LockOpening}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_TAIL_BYTES = 65_536
_MEND = "keep the file, restore a backup"


class Logged(NamedTuple):
    """An entry and when it was recorded."""

    seq: int
    at: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class LogReport:
    """Whether a trial log verifies.

    Attributes
    ----------
    entries : int, >= 0
    findings : tuple of Finding
        Empty when every entry verifies.
    """

    path: Path
    entries: int
    head: Anchor
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """The result in one line."""
        if self.ok:
            return f"{self.path}: {self.entries} entries verify; head {self.head.hash}"
        first = self.findings[0]
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        what = f"entry {first.seq}: {first.what}"
        return f"{self.path}: does not verify: {what}{more}; {_MEND}"


class TrialLog:
    """The log at `path`; the file is made at the first entry.

    Parameters
    ----------
    path : Path
    clock : Clock
        When an entry is recorded.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock

    def append(self, entries: Sequence[Entry]) -> Anchor:
        """Record entries, durably, before this returns.

        Raises
        ------
        JournalError
            If the file cannot be written, or its end does not verify.
        """
        if not entries:
            return self.head()
        with self._held() as descriptor:
            head = self._mended_head(descriptor)
            text = ""
            for entry in entries:
                record = self._record(entry, head)
                head = Anchor(record.seq, record.hash)
                text += line_of(record) + "\n"
            _write(descriptor, text.encode())
            return head

    def entries(self) -> list[Logged]:
        """Everything recorded, oldest first; none where there is no file.

        Raises
        ------
        CorruptJournal
            If an entry is missing or was changed.
        """
        report, found = self._read(None)
        if not report.ok:
            raise CorruptJournal(report.sentence)
        return found

    def trials(self) -> list[Trial]:
        """Every trial recorded, repetitions too, oldest first; see `entries`."""
        return [each.entry for each in self.entries() if isinstance(each.entry, Trial)]

    def verify(self, anchor: Anchor | None = None) -> LogReport:
        """Recompute the chain.

        Parameters
        ----------
        anchor : Anchor, optional
            A head noted down elsewhere; only with it does a cut tail show.

        Raises
        ------
        JournalError
            If there is no such file, or it cannot be read.
        """
        if not self.path.is_file():
            raise JournalError(f"{self.path}: no such trial log; check --trials")
        return self._read(anchor)[0]

    def head(self) -> Anchor:
        """The newest entry's number and hash; number 0 where there is none."""
        return self._read(None)[0].head

    def _read(self, anchor: Anchor | None) -> tuple[LogReport, list[Logged]]:
        records, findings = self._records()
        findings += check_chain(records, anchor=anchor)
        found: list[Logged] = []
        for record in records:
            try:
                found.append(Logged(record.seq, record.at, _entry_of(record)))
            except CorruptJournal as fault:
                findings.append(Finding(record.seq, str(fault)))
        head = Anchor(records[-1].seq, records[-1].hash) if records else EMPTY
        findings.sort(key=lambda finding: finding.seq)
        return LogReport(self.path, len(records), head, tuple(findings)), found

    def _records(self) -> tuple[list[Record], list[Finding]]:
        """Whole lines only: half a line at the end was never acknowledged."""
        try:
            text = self.path.read_bytes().decode(errors="surrogateescape")
        except FileNotFoundError:
            return [], []
        except OSError as fault:
            raise _unreadable(self.path, fault) from fault
        records: list[Record] = []
        findings: list[Finding] = []
        for number, line in enumerate(text.split("\n")[:-1], start=1):
            try:
                records.append(record_of(line))
            except CorruptJournal as fault:
                findings.append(Finding(number, str(fault)))
        return records, findings

    def _record(self, entry: Entry, head: Anchor) -> Record:
        bare = Record(
            stream=STREAM,
            seq=head.seq + 1,
            at=instant_text(self._clock.now()),
            kind=_NAMES[type(entry)],
            version=1,
            cause=0,
            config_hash=entry.config_hash if isinstance(entry, Trial) else "",
            payload=canonical_json(plain(entry)),
            prev_hash=head.hash,
            hash="",
        )
        return replace(bare, hash=link_hash(bare))

    @contextmanager
    def _held(self) -> Iterator[int]:
        """The file, opened for writing and held by nobody else."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as fault:
            raise _unreadable(self.path, fault) from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _mended_head(self, descriptor: int) -> Anchor:
        """The newest entry, after half a line behind it is taken away."""
        size = os.fstat(descriptor).st_size
        whole, line = _last_line(descriptor, size)
        if whole < size:
            os.ftruncate(descriptor, whole)
        os.lseek(descriptor, whole, os.SEEK_SET)
        if not line:
            return EMPTY
        try:
            record = record_of(line.decode(errors="surrogateescape"))
        except CorruptJournal as fault:
            raise CorruptJournal(f"{self.path}: {fault}; {_MEND}") from None
        if link_hash(record) != record.hash:
            raise CorruptJournal(f"{self.path}: entry {record.seq} was changed; {_MEND}")
        return Anchor(record.seq, record.hash)


def _last_line(descriptor: int, size: int) -> tuple[int, bytes]:
    """Where the last whole line ends, and that line without its end."""
    tail, begin = b"", size
    while begin > 0:
        step = min(_TAIL_BYTES, begin)
        begin -= step
        tail = os.pread(descriptor, step, begin) + tail
        end = tail.rfind(b"\n")
        if end >= 0 and (begin == 0 or tail.rfind(b"\n", 0, end) >= 0):
            return begin + end + 1, tail[tail.rfind(b"\n", 0, end) + 1 : end]
    return 0, b""


def _write(descriptor: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    except OSError as fault:
        raise JournalError(f"the trial log could not be written: {fault.strerror}") from fault


def _entry_of(record: Record) -> Entry:
    kind = _KINDS.get(record.kind)
    if kind is None or record.version != 1:
        raise CorruptJournal(f"{record.kind} version {record.version} is unknown here; update")
    try:
        entry: Entry = adapter_for(kind).validate_json(record.payload)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CorruptJournal(f"{record.kind}: {where}: {first['msg']}") from None
    return entry


def _unreadable(path: Path, fault: OSError) -> JournalError:
    reason = fault.strerror or "not readable"
    return JournalError(f"{path}: the trial log cannot be used ({reason}); give another --trials")
