"""Results of points on disk, one file each under the hash of what decides them.

Refuses half a file: each is written beside its place, under a name of the process's own, and moved
there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine.errors import ResearchError
from engine.model.canonical import adapter_for, canonical_json, digest, plain
from engine.research.folders import whole_files
from engine.research.sweeping.software import fingerprint
from engine.research.trials import Trial


@dataclass(frozen=True, slots=True)
class PointStore:
    """A folder of results."""

    folder: Path

    def key_of(self, identity: str) -> str:
        """Name of the result of a trial computed by this source."""
        return digest((identity, fingerprint()))

    def read(self, key: str) -> Trial | None:
        """The result of a point; None where there is none yet.

        Raises
        ------
        ResearchError
            If its file is damaged, or cannot be read.
        """
        path = self._path(key)
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as fault:
            reason = fault.strerror or "not readable"
            raise ResearchError(f"{path} cannot be read ({reason}): give another --out") from fault
        except UnicodeDecodeError:
            raise _damaged(path) from None
        try:
            found: Trial = adapter_for(Trial).validate_python(json.loads(text))
        except (ValidationError, ValueError):
            raise _damaged(path) from None
        return found

    def write(self, key: str, trial: Trial) -> None:
        """Keep the result of a point.

        Raises
        ------
        ConfigError
            If the folder cannot be written.
        """
        with whole_files(self.folder) as beside:
            told = canonical_json(plain(trial)) + "\n"
            beside(self._path(key).name).write_text(told, encoding="utf-8")

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def _damaged(path: Path) -> ResearchError:
    return ResearchError(f"{path} is damaged: delete it, and the point is run again")
