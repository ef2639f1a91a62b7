"""What every card says of the market it speaks of: whether it is real, and what time it is there.

Refuses to show virtual time as the reader's own: a replay has dates, not "in 5 minutes".
"""

from __future__ import annotations

from datetime import datetime

from engine.facade import MarketView


def banner(market: MarketView) -> str:
    """The line that must stand on every post about a market that is not live; else empty."""
    if market.rehearsal:
        return "**REHEARSAL** of the live path: the venue plays on this machine, nothing is real"
    if market.simulated:
        return "**SIMULATED** market: no price here is real"
    if market.paced:
        return "**REPLAY** of recorded history: time here is virtual"
    return ""


def label(market: MarketView) -> str:
    """The same in one word, for pictures; empty for a live market."""
    if market.rehearsal:
        return "REHEARSAL"
    return "SIMULATED" if market.simulated else "REPLAY" if market.paced else ""


def date_of(at: datetime) -> str:
    """An instant as an absolute UTC date."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def moment(at: datetime, market: MarketView) -> str:
    """An instant in the reader's own zone; in virtual time the date it has there."""
    if market.paced:
        return f"{date_of(at)} ({'replay' if not market.simulated else 'virtual'})"
    return f"<t:{int(at.timestamp())}:f>"


def relative(at: datetime, market: MarketView) -> str:
    """An instant told from now, which Discord keeps current; in virtual time its date."""
    return moment(at, market) if market.paced else f"<t:{int(at.timestamp())}:R>"
