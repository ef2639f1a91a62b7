"""Breakers on what the desk has lost: of a day, a week, from its peak, and in a row.

Refuses a number that is missing, and a fall that is measured from nothing.
"""

from __future__ import annotations

from datetime import timedelta

from engine.risk.breaker import COUNT, OWNER_RESETS, Breaker, Scope, at_once
from engine.risk.picture import Look, TrippedBreaker, fall
from engine.risk.readings import Reading, known


def daily_loss(look: Look) -> Reading:
    """Loss since 00:00 UTC over equity at that instant."""
    return fall(look.picture.day_open_equity_usd, look.picture.equity_usd)


def weekly_loss(look: Look) -> Reading:
    """Loss since Monday 00:00 UTC over equity at that instant."""
    return fall(look.picture.week_open_equity_usd, look.picture.equity_usd)


def drawdown_since_kill(look: Look) -> Reading:
    """Fall from the highest equity since the owner last reset the kill."""
    return fall(look.picture.kill_high_water_usd, look.picture.equity_usd)


def drawdown_since_halt(look: Look) -> Reading:
    """Fall from the highest equity since the owner last reset the halt."""
    return fall(look.picture.halt_high_water_usd, look.picture.equity_usd)


def losses_in_a_row(look: Look) -> Reading:
    """Losing trades since the last win."""
    count = known(look.picture.consecutive_losses)
    return count if count is not None and count >= 0 else None


def recent_losses_in_a_row(look: Look) -> Reading:
    """Losing trades since the last win, 0 once the newest is old enough or the owner let it go."""
    count = losses_in_a_row(look)
    if not count:
        return count
    if look.picture.last_loss_at is None:
        return None
    ended = look.picture.pause_ended_at
    if ended is not None and look.picture.last_loss_at <= ended:
        return 0.0
    waited = look.picture.now - look.picture.last_loss_at
    return 0.0 if waited >= look.limits.losses_pause_for else count


def _next_day(look: Look, tripped: TrippedBreaker) -> bool:
    trips = look.picture.daily_loss_trips
    later = look.picture.now.date() > tripped.at.date()
    return later and trips is not None and trips <= look.limits.daily_trips_count


def _next_week(look: Look, tripped: TrippedBreaker) -> bool:
    now, noted = look.picture.now, look.picture.review_note_at
    monday = tripped.at.date() - timedelta(days=tripped.at.weekday())
    later = now.date() >= monday + timedelta(days=7)
    return later and noted is not None and tripped.at <= noted <= now


LOSSES: tuple[Breaker, ...] = (
    Breaker(
        "drawdown kill",
        Scope.DESK,
        drawdown_since_kill,
        lambda look: look.limits.drawdown_kill_frac,
        why="The desk has lost more from its peak than its method allows for.",
        resets="The owner resets it with a reason; the desk goes back to paper.",
        rebased=True,
        to_paper=True,
    ),
    Breaker(
        "drawdown halt",
        Scope.DESK,
        drawdown_since_halt,
        lambda look: look.limits.drawdown_halt_frac,
        why="The desk has fallen far from its peak.",
        resets=OWNER_RESETS,
        rebased=True,
    ),
    Breaker(
        "weekly loss",
        Scope.DESK,
        weekly_loss,
        lambda look: look.limits.weekly_loss_frac,
        why="The desk has lost a week's worth of risk since Monday.",
        resets="It resets next Monday 00:00 UTC once the owner has written /breaker note.",
        may_reset=_next_week,
    ),
    Breaker(
        "daily loss",
        Scope.DESK,
        daily_loss,
        lambda look: look.limits.daily_loss_frac,
        why="The desk has lost a day's worth of risk since 00:00 UTC.",
        resets="It resets at the next 00:00 UTC; after too many trips a week the owner resets it.",
        may_reset=_next_day,
    ),
    Breaker(
        "losses in a row, halt",
        Scope.DESK,
        losses_in_a_row,
        lambda look: look.limits.losses_halt_count,
        why="So many losses in a row ask whether the edge is still there.",
        resets=OWNER_RESETS,
        shown=COUNT,
        rebased=True,
    ),
    Breaker(
        "losses in a row, pause",
        Scope.DESK,
        recent_losses_in_a_row,
        lambda look: look.limits.losses_pause_count,
        why="A run of losses calls for a pause; it is no verdict.",
        resets="It resets once the pause since the last loss is over.",
        shown=COUNT,
        may_reset=at_once,
        rebased=True,
    ),
)
