"""When the last fifth of a history may be looked at: once, and the log says so before the look.

Refuses a second look that gives no reason. The same trial on the same files may be repeated: it
shows nothing new. Any other look at an overlapping stretch of the same asset needs a reason, is
recorded with its number, and is no longer a test on data that nobody has seen.
"""

from __future__ import annotations

from dataclasses import replace

from engine.errors import LockedFifth
from engine.research.trials.entries import LockOpening
from engine.research.trials.log import TrialLog


def open_lock(log: TrialLog, opening: LockOpening) -> LockOpening:
    """Record that the last fifth is about to be opened.

    Parameters
    ----------
    opening : LockOpening
        Its ordinal is counted here; its reason is needed from the second time on.

    Returns
    -------
    LockOpening
        As recorded, with its ordinal.

    Raises
    ------
    LockedFifth
        If it was opened before by another trial, and no reason is given.
    JournalError
        If the log does not verify, or cannot be written: then nothing may be opened.
    """
    earlier = [
        each
        for logged in log.entries()
        if isinstance(each := logged.entry, LockOpening) and _overlap(each, opening)
    ]
    known = any(each.identity == opening.identity for each in earlier)
    if earlier and not known and not opening.reason.strip():
        first = earlier[0]
        raise LockedFifth(
            f"the last fifth of {', '.join(first.symbols)} from {first.since:%Y-%m-%d} was opened "
            f"by {first.by} before ({len(earlier)} time(s), see {log.path}): a second look is no "
            "test on unseen data; judge on the first four fifths, or give --again REASON, "
            "which is recorded"
        )
    recorded = replace(opening, ordinal=len(earlier) + 1)
    log.append([recorded])
    return recorded


def opening_sentence(opening: LockOpening) -> str:
    """What every output that saw a last fifth must say."""
    if opening.ordinal == 1:
        return "the last fifth is OPENED, for the first time; the trial log holds it"
    why = f": {opening.reason}" if opening.reason else " by the same trial"
    return (
        f"the last fifth is OPENED, {opening.ordinal} times by now{why}; "
        "this is no longer a test on unseen data"
    )


def _overlap(one: LockOpening, other: LockOpening) -> bool:
    assets = {symbol.partition("-")[0] for symbol in one.symbols}
    shared = assets & {symbol.partition("-")[0] for symbol in other.symbols}
    return bool(shared) and one.since < other.until and other.since < one.until
