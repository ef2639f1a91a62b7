"""Discord's ids: 64-bit numbers that carry their time and never repeat.

Uniqueness does not depend on the clock moving: two ids of one frozen instant still differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

DISCORD_EPOCH_MS = 1_420_070_400_000


def stable_id(name: str) -> str:
    """Return the same id for the same name, on every machine and in every run.

    It is dated in the first months of 2015, before any id made from a clock.

    Examples
    --------
    >>> stable_id("owner") == stable_id("owner")
    True
    """
    digest = hashlib.sha256(name.encode()).digest()
    return str((1 << 54) | (int.from_bytes(digest[:6], "big") << 6))


class Snowflakes:
    """Makes ids that rise strictly.

    Parameters
    ----------
    now : callable returning an aware datetime
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        """Return a new id, above every id returned or observed before."""
        milliseconds = int(self._now().timestamp() * 1000) - DISCORD_EPOCH_MS
        self._last = max(self._last + 1, milliseconds << 22)
        return str(self._last)

    def observe(self, known: str) -> None:
        """Take note of an id from the store, so that the next one is above it."""
        self._last = max(self._last, int(known))
