"""Who is silent, and why.

Refuses to leave anybody out: silence without a reason is a reason too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.journal.testimony import Testimony


def silent_at(
    testimony: Testimony, scouts: Sequence[str], instruments: Sequence[str], at: datetime
) -> tuple[str, ...]:
    """Scouts of whom no opinion on any of `instruments` stands at `at`, each with the reason."""
    silent = []
    for name in scouts:
        newest = [testimony.newest(name, instrument, at) for instrument in instruments]
        if any(kept is not None and kept.given.valid_until >= at for kept in newest):
            continue
        last = testimony.silences.get(name)
        spoke = max((kept.at for kept in newest if kept is not None), default=None)
        if last is not None and (spoke is None or last.at >= spoke):
            why = last.reason
        else:
            why = "not asked yet" if spoke is None else f"its word of {spoke:%H:%M} UTC ran out"
        silent.append(f"{name.capitalize()} ({why})")
    return tuple(silent)
