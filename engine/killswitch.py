"""The kill switch as a file: while it is there, no entry is made.

It needs neither Discord nor a running desk: ``touch`` throws it. Refuses to be reassured: what
cannot be looked at counts as thrown, and only removing the file releases it.
"""

from __future__ import annotations

import codecs
import os
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import ExecutorError
from engine.ports import Thrown

_MOST_BYTES = 2000
_MOST_CHARACTERS = 300
_NO_REASON = "no reason given"


class KillFileError(ExecutorError):
    """The kill file cannot be put there or taken away."""


def kill_path(journal: Path) -> Path:
    """The kill file of the desk whose record is `journal`; it lies beside it.

    Examples
    --------
    >>> kill_path(Path("/data/executor.sqlite")).name
    'executor.sqlite.halt'
    """
    real = journal.resolve()
    return real.with_name(real.name + ".halt")


class KillFile:
    """The `KillSwitch` port over files: any one of them halts.

    Parameters
    ----------
    *paths : Path
        Asked in this order at every look; the first that is there is told of.
    """

    def __init__(self, *paths: Path) -> None:
        self._paths = tuple(path.absolute() for path in paths)

    @property
    def places(self) -> tuple[str, ...]:
        """Paths of the files."""
        return tuple(str(path) for path in self._paths)

    def look(self) -> Thrown | None:
        """Whether a file is there, or cannot be told to be absent."""
        found = (_look_at(path) for path in self._paths)
        return next((thrown for thrown in found if thrown is not None), None)


def _look_at(path: Path) -> Thrown | None:
    mend = f"remove the file {path}"
    try:
        # Not `exists`, which takes a file that it may not see for none; a link counts by itself.
        status = path.lstat()
    except FileNotFoundError:
        if os.path.isdir(path.parent):  # noqa: PTH112  unlike Path.is_dir, it never raises
            return None
        return Thrown("its folder is gone", None, f"bring back the folder {path.parent}")
    except OSError as fault:
        told = f"it cannot be looked at ({fault.strerror or fault})"
        return Thrown(told, None, f"make {path} readable, or {mend}")
    return Thrown(_reason_in(path, status), _instant(status.st_mtime), mend)


def _reason_in(path: Path, status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return _NO_REASON
    try:
        with path.open("rb") as file:
            return sanitized(file.read(_MOST_BYTES)) or _NO_REASON
    except OSError as fault:
        return f"its text cannot be read ({fault.strerror or fault})"


def sanitized(content: bytes) -> str:
    r"""Somebody's bytes as one printable line of bounded length; empty if nothing is left.

    Examples
    --------
    >>> sanitized(b"\xef\xbb\xbfodd prices\r\n\x1b[31mlook")
    'odd prices [31mlook'
    """
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if wide else "utf-8-sig", errors="replace")
    kept = "".join(each if each.isprintable() else " " for each in text)
    line = " ".join(kept.split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[: _MOST_CHARACTERS - 1].rstrip()}…"


def _instant(seconds: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def throw(path: Path, reason: str) -> None:
    """Put the kill file at `path`, whole and on the disk before this returns.

    Where its text cannot be written, an empty file is put there: it halts as well.

    Raises
    ------
    KillFileError
        If not even that can be done; one line with what still helps.
    """
    try:
        _write_whole(path, sanitized(reason.encode("utf-8", errors="replace")))
    except OSError:
        try:
            path.touch()
        except OSError as fault:
            raise KillFileError(
                f"{path}: cannot be written: {fault.strerror or fault}; use /halt on Discord, "
                "or end the desk's process"
            ) from None


def _write_whole(path: Path, text: str) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)  # the desk may run under another name
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and a rename is durable enough
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def release(path: Path) -> bool:
    """Take the kill file away; False if there was none.

    Raises
    ------
    KillFileError
        If it is there and stays; one line with its mend.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as fault:
        raise KillFileError(
            f"{path}: cannot be removed: {fault.strerror or fault}; remove it with the rights of "
            "whoever put it there"
        ) from None
    return True
