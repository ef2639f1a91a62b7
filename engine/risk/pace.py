"""What may stop an entry without ever being tripped: halts, counts, spacing, what is held.

Refuses anew each time it is asked; nothing here is journaled or reset.
"""

from __future__ import annotations

from datetime import timedelta

from engine.risk.breaker import COUNT, Breaker, Scope
from engine.risk.picture import Look
from engine.risk.readings import Reading


def halted(look: Look) -> Reading:
    """1 while somebody has halted the desk, else 0."""
    return None if look.picture.halted is None else float(bool(look.picture.halted))


def live_after_kill(look: Look) -> Reading:
    """1 while the desk is live though a kill has sent it back to paper, else 0."""
    live = look.picture.live_after_kill
    return None if live is None else float(live)


def entries_today(look: Look) -> Reading:
    """Entries of the present UTC day, in all instruments."""
    if look.picture.entries is None:
        return None
    today = look.picture.now.date()
    return float(sum(entry.at.date() == today for entry in look.picture.entries))


def instrument_entries_today(look: Look) -> Reading:
    """Entries of the present UTC day in one instrument."""
    if look.picture.entries is None:
        return None
    today = look.picture.now.date()
    return float(
        sum(e.instrument == look.instrument and e.at.date() == today for e in look.picture.entries)
    )


def spacing_missing(look: Look) -> Reading:
    """Minutes still missing since the last entry in one instrument, 0 if none are."""
    if look.picture.entries is None:
        return None
    times = [entry.at for entry in look.picture.entries if entry.instrument == look.instrument]
    if not times:
        return 0.0
    missing = look.limits.entry_spacing_for - (look.picture.now - max(times))
    return max(0.0, missing / timedelta(minutes=1))


def positions_held(look: Look) -> Reading:
    """Open positions and working buys in one instrument."""
    if look.picture.exposures is None:
        return None
    return float(sum(e.instrument == look.instrument for e in look.picture.exposures))


HALTS: tuple[Breaker, ...] = (
    Breaker(
        "halt",
        Scope.DESK,
        halted,
        lambda _look: 1.0,
        why="Somebody has halted the desk.",
        resets="The owner resumes with /resume and a reason.",
        shown=COUNT,
        latched=False,
    ),
    Breaker(
        "back to paper",
        Scope.DESK,
        live_after_kill,
        lambda _look: 1.0,
        why="A drawdown kill has sent the desk back to paper.",
        resets="The desk is opened anew on paper.",
        shown=COUNT,
        words="a drawdown kill has sent this desk back to paper",
        latched=False,
    ),
)

PACE: tuple[Breaker, ...] = (
    Breaker(
        "entries today",
        Scope.DESK,
        entries_today,
        lambda look: look.limits.day_entries_count,
        why="The day's entries are used up.",
        resets="Entries resume at 00:00 UTC.",
        shown=COUNT,
        latched=False,
    ),
    Breaker(
        "entries today in",
        Scope.INSTRUMENT,
        instrument_entries_today,
        lambda look: look.limits.instrument_entries_count,
        why="The instrument's entries of the day are used up.",
        resets="Entries resume at 00:00 UTC.",
        shown=COUNT,
        latched=False,
    ),
    Breaker(
        "time since the last entry in",
        Scope.INSTRUMENT,
        spacing_missing,
        lambda _look: 0.0,
        why="The last entry is too recent.",
        resets="Wait until the spacing has passed.",
        shown="{:.0f} min missing",
        at_bound=False,
        latched=False,
    ),
    Breaker(
        "one position in",
        Scope.INSTRUMENT,
        positions_held,
        lambda _look: 1.0,
        why="One position an instrument.",
        resets="Close the position, or cancel the buy, first.",
        shown=COUNT,
        words="one is held or being bought already",
        latched=False,
    ),
)
