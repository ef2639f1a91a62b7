"""Halting a desk by its kill file, and waiting until its record shows the halt.

Refuses to wait for ever, and to call a desk halted that has not said so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from engine.config import Settings
from engine.errors import CorruptJournal, JournalError
from engine.journal.codec import decode
from engine.journal.lock import holder_of
from engine.journal.reading import newest_of
from engine.killswitch import KillFile, kill_path, release, throw
from engine.model.actors import KILL_FILE
from engine.model.events import Halted

_POLL_SECONDS = 0.1
_HEADER = b"SQLite format 3\0"
_HALTS = ("halted", "resumed")


@dataclass(frozen=True, slots=True)
class OutsideHalt:
    """What became of a halt that was thrown from outside.

    Attributes
    ----------
    path : Path
        The kill file, which is there now.
    process : str
        Id of the process that runs the desk; empty if none does, ``unknown`` if it cannot be told.
    seq : int
        Journal entry that shows the halt; 0 if none does yet.
    """

    path: Path
    process: str
    seq: int

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: the halt shows, or no desk runs."""
        return self.seq > 0 or not self.process

    @property
    def sentence(self) -> str:
        """What happened, and what is left to do."""
        if self.process and self.seq:
            return f"halted at seq {self.seq} by the kill file {self.path}; exits go on"
        if self.process:
            return (
                f"the kill file {self.path} is there, but the desk (process {self.process}) has "
                "not journaled the halt yet; it sends no entry past that file, and if it stays "
                f"silent it hangs: end it with kill {self.process}"
            )
        shown = f", halted already at seq {self.seq}" if self.seq else ""
        return f"no desk runs{shown}; the kill file {self.path} is there: the next start is halted"


@dataclass(frozen=True, slots=True)
class OutsideRelease:
    """What became of taking the kill file away.

    Attributes
    ----------
    still : str
        What else still halts; empty if nothing does.
    """

    path: Path
    removed: bool
    still: str

    @property
    def sentence(self) -> str:
        """What happened, and what is left to do."""
        gone = f"{self.path} is removed" if self.removed else f"there was no {self.path}"
        if self.still:
            return f"{gone}, but the desk stays halted: {self.still}"
        return f"{gone}; the desk stays halted until its owner gives /resume with a reason"


async def halt_from_outside(journal: Path, reason: str, within: timedelta) -> OutsideHalt:
    """Throw the kill file of the desk whose record is `journal`, and wait for its answer.

    Parameters
    ----------
    within : timedelta
        How long a running desk may take until its journal shows the halt.

    Raises
    ------
    JournalError
        If there is no journal at that path: nothing was done then.
    KillFileError
        If the file cannot be put there.
    """
    _require_journal(journal)
    path = kill_path(journal)
    throw(path, reason)
    seq = 0
    try:
        async with asyncio.timeout(within.total_seconds()):
            # Another process's file tells of no change by itself: it must be asked.
            while not (seq := await asyncio.to_thread(_shown, journal)) and holder_of(journal):  # noqa: ASYNC110
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        pass  # what is known then is told: the file is there, the halt is not yet on record
    return OutsideHalt(path, holder_of(journal), seq)


def release_from_outside(journal: Path, settings: Settings | None) -> OutsideRelease:
    """Take the kill file of the desk whose record is `journal` away.

    Parameters
    ----------
    settings : Settings or None
        Where another kill file may be named.

    Raises
    ------
    JournalError
        If there is no journal at that path.
    KillFileError
        If the file is there and cannot be removed.
    """
    _require_journal(journal)
    path = kill_path(journal)
    removed = release(path)
    other = settings.journal.kill_file if settings else ""
    left = KillFile(path, *([Path(other)] if other else [])).look()
    return OutsideRelease(path, removed, f"{left.mend} too" if left else "")


def _require_journal(journal: Path) -> None:
    """Refuse a path that is no journal, by its first bytes alone: a locked one must not matter."""
    if holder_of(journal):
        return
    try:
        with journal.open("rb") as file:
            header = file.read(len(_HEADER))
    except FileNotFoundError:
        raise JournalError(f"{journal}: no such journal; check --db") from None
    except OSError as fault:
        raise JournalError(
            f"{journal}: cannot be read: {fault.strerror or fault}; check --db"
        ) from None
    if header != _HEADER:
        raise JournalError(f"{journal}: is no journal; check --db")


def _shown(journal: Path) -> int:
    """Entry by which the kill file halted the desk; 0 unless that halt stands."""
    try:
        newest = newest_of(journal, _HALTS)
        if newest is None:
            return 0
        event = decode(newest.kind, newest.version, newest.payload)
    except CorruptJournal:
        raise
    except JournalError:
        return 0  # locked, or just being born: it is asked again
    by_file = isinstance(event, Halted) and event.by == KILL_FILE
    return newest.seq if by_file else 0
