"""One desk, one journal: an advisory lock beside the file, let go by the system when we die.

Refuses a second holder at once; SQLite's own locks guard single writes only. POSIX systems.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.errors import JournalError


def lock_path(journal: Path) -> Path:
    """The lock file of `journal`; it stays when the lock is let go.

    Examples
    --------
    >>> lock_path(Path("/data/executor.sqlite")).name
    'executor.sqlite.lock'
    """
    real = journal.resolve()
    return real.with_name(real.name + ".lock")


class FileLock:
    """An exclusive hold on a journal until `release` or the end of the process."""

    def __init__(self, journal: Path) -> None:
        """Take the lock.

        Raises
        ------
        JournalError
            If another process has it, or the lock file cannot be made.
        """
        self._descriptor = _open(journal)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise JournalError(
                f"{journal}: in use by another Executor{f' (process {holder})' if holder else ''}"
                "; stop that one, or give another --db"
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go; once is enough, twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def is_held(journal: Path) -> bool:
    """Whether some process holds `journal` now; creates nothing."""
    return bool(holder_of(journal))


def holder_of(journal: Path) -> str:
    """Id of the process that holds `journal` now, ``unknown`` if it cannot be told; else empty.

    Creates nothing. A lock of another user's, which may not be looked at, counts as held.
    """
    try:
        descriptor = os.open(lock_path(journal), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except PermissionError:
        return "unknown"
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return ""


def _open(journal: Path) -> int:
    try:
        return os.open(lock_path(journal), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        raise JournalError(
            f"{journal}: no folder {journal.parent}; create it, or give another --db"
        ) from None
    except OSError as fault:
        raise JournalError(
            f"{journal}: cannot be written: {fault.strerror}; make the folder {journal.parent} "
            "writable, or give another --db"
        ) from None
