"""What each breaker measures, as a number that grows with danger.

Refuses to guess: every function answers None where an input is missing, NaN or senseless.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from engine.risk.picture import Look, known


def halted(look: Look) -> float | None:
    """1 while somebody has halted the desk, else 0."""
    return None if look.picture.halted is None else float(bool(look.picture.halted))


def invariant_attempts(look: Look) -> float | None:
    """Attempts at what may never happen, since the owner last reset their breaker."""
    count = known(look.picture.invariant_attempts)
    return count if count is not None and count >= 0 else None


def daily_loss(look: Look) -> float | None:
    """Loss since 00:00 UTC over equity at that instant."""
    return _fall(look.picture.day_open_equity_usd, look.picture.equity_usd)


def weekly_loss(look: Look) -> float | None:
    """Loss since Monday 00:00 UTC over equity at that instant."""
    return _fall(look.picture.week_open_equity_usd, look.picture.equity_usd)


def drawdown(look: Look) -> float | None:
    """Fall from the highest equity ever."""
    return _fall(look.picture.high_water_usd, look.picture.equity_usd)


def drawdown_since_reset(look: Look) -> float | None:
    """Fall from the highest equity since the owner last reset the halt."""
    return _fall(look.picture.halt_high_water_usd, look.picture.equity_usd)


def losses_in_a_row(look: Look) -> float | None:
    """Losing trades since the last win."""
    count = known(look.picture.consecutive_losses)
    return count if count is not None and count >= 0 else None


def recent_losses_in_a_row(look: Look) -> float | None:
    """Losing trades since the last win, 0 once the newest of them is old enough."""
    count = losses_in_a_row(look)
    if not count:
        return count
    if look.picture.last_loss_at is None:
        return None
    waited = look.picture.now - look.picture.last_loss_at
    return 0.0 if waited >= look.limits.losses_pause_for else count


def entries_today(look: Look) -> float | None:
    """Entries of the present UTC day, in all instruments."""
    if look.picture.entries is None:
        return None
    today = look.picture.now.date()
    return float(sum(entry.at.date() == today for entry in look.picture.entries))


def instrument_entries_today(look: Look) -> float | None:
    """Entries of the present UTC day in one instrument."""
    if look.picture.entries is None:
        return None
    today = look.picture.now.date()
    return float(
        sum(e.instrument == look.instrument and e.at.date() == today for e in look.picture.entries)
    )


def spacing_missing(look: Look) -> float | None:
    """Minutes still missing since the last entry in one instrument, 0 if none are."""
    if look.picture.entries is None:
        return None
    times = [entry.at for entry in look.picture.entries if entry.instrument == look.instrument]
    if not times:
        return 0.0
    missing = look.limits.entry_spacing_for - (look.picture.now - max(times))
    return max(0.0, missing / timedelta(minutes=1))


def positions_held(look: Look) -> float | None:
    """Open positions and working buys in one instrument."""
    if look.picture.exposures is None:
        return None
    return float(sum(e.instrument == look.instrument for e in look.picture.exposures))


def market_closed(look: Look) -> float | None:
    """1 while the instrument's calendar has it closed, else 0."""
    market = look.market
    return None if market is None or market.open is None else float(not market.open)


def bar_age(look: Look) -> float | None:
    """Age of the newest bar in bar lengths; 0 while the market rests."""
    market = look.market
    if market is None or market.open is None:
        return None
    if not market.open:
        return 0.0
    if market.bar_age_for is None or market.bar_age_for < timedelta(0):
        return None
    return market.bar_age_for / market.bar_length_for


def volatility_rank(look: Look) -> float | None:
    """Percentile of the volatility forecast within its trailing year."""
    market = look.market
    rank = known(market.volatility_rank_frac) if market else None
    return rank if rank is not None and 0.0 <= rank <= 1.0 else None


def last_move(look: Look) -> float | None:
    """Absolute return of the last bar over its forecast."""
    market = look.market
    move = known(market.move_sigmas) if market else None
    return abs(move) if move is not None else None


def _fall(start: Decimal | None, present: Decimal | None) -> float | None:
    """Fraction by which `present` is below a positive `start`; negative above it."""
    before, after = known(start), known(present)
    if before is None or after is None or before <= 0.0:
        return None
    return (before - after) / before
