"""The root of every event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Root of every event; `version` counts the shapes its payload has had."""

    version: ClassVar[int] = 1
