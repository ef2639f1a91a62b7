"""A folder of results: tried before the work, and filled with whole files or with none.

Refuses to write half a file in place of a whole one: each is written beside and moved.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from engine.errors import ConfigError


def require_folder(folder: Path) -> None:
    """Make the folder and try it before hours are spent on what would go there.

    Raises
    ------
    ConfigError
        If it cannot be made, or takes no file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise unwritable(folder, fault) from fault


@contextmanager
def whole_files(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Give a path beside each named file of `folder`; all are moved into place at the end.

    They are on the disk before they move. After a fault none is moved, and what was written beside
    them is taken away.

    Raises
    ------
    ConfigError
        If the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_files(folder) as beside:
    ...     _ = beside("sweep.json").write_text("{}")
    >>> [each.name for each in folder.iterdir()]
    ['sweep.json']
    """
    begun: dict[Path, Path] = {}

    def beside(name: str) -> Path:
        return begun.setdefault(folder / name, folder / f".{name}.{os.getpid()}.part")

    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield beside
        for part in begun.values():
            with part.open("rb+") as written:
                os.fsync(written.fileno())
        for file, part in begun.items():
            part.replace(file)
    except OSError as fault:
        raise unwritable(folder, fault) from fault
    finally:
        for part in begun.values():
            if part.exists():
                part.unlink()


def unwritable(folder: Path, fault: OSError) -> ConfigError:
    """What to tell of a folder that takes no file."""
    reason = fault.strerror or "not writable"
    return ConfigError(f"{folder} cannot be written ({reason}): give another --out")
