"""Which source computes: results of different source are never taken for one another.

Refuses to trust a version number alone: a working copy changes without it.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]


@cache
def fingerprint() -> str:
    """SHA-256 over every source file of the engine, 64 hexadecimal digits."""
    told = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        told.update(str(path.relative_to(_PACKAGE)).encode())
        told.update(path.read_bytes())
    return told.hexdigest()
