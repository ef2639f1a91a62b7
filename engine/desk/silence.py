"""Who is silent, and why.

Refuses to leave anybody out: silence without a reason is a reason too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.journal.testimony import Testimony


def silence_of(testimony: Testimony, scout: str, instruments: Sequence[str], at: datetime) -> str:
    """Why no opinion of a scout on any of `instruments` stands at `at`; empty if one does."""
    newest = [testimony.newest(scout, instrument, at) for instrument in instruments]
    if any(kept is not None and at <= kept.given.valid_until for kept in newest):
        return ""
    last = testimony.silences.get(scout)
    spoke = max((kept.at for kept in newest if kept is not None), default=None)
    if last is not None and (spoke is None or spoke <= last.at):
        return last.reason
    return "not asked yet" if spoke is None else f"its word of {spoke:%H:%M} UTC ran out"


def silent_at(
    testimony: Testimony, scouts: Sequence[str], instruments: Sequence[str], at: datetime
) -> tuple[str, ...]:
    """Scouts of whom no word stands at `at`, each with the reason."""
    reasons = {name: silence_of(testimony, name, instruments, at) for name in scouts}
    return tuple(f"{name.capitalize()} ({why})" for name, why in reasons.items() if why)
