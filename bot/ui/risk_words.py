"""Numbers and events of the risk view in words: one place for card, picture and terminal.

Refuses to say that what was not measured is within its bound.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.text import share
from engine.facade import LimitLevel, LimitUseView, RiskEventView

_ROOM = 7
_NARROW_FRAC = 0.02
_UNKNOWN_USE = 0.75  # not known ranks with what is near
_SIGNS = {
    LimitLevel.EASY: "●",
    LimitLevel.NEAR: "▲",
    LimitLevel.REACHED: "■",
    LimitLevel.UNKNOWN: "?",
}


def level_sign(level: LimitLevel) -> str:
    """A level as a shape, for those who cannot tell the colours apart."""
    return _SIGNS[level]


def used_of(limit: LimitUseView) -> str:
    """What is used of a limit, with its unit."""
    if limit.used is None:
        return "unknown"
    # Only a loss falls below zero: there is none then, however large the profit.
    return "none" if limit.used < 0.0 else _amount(limit.used, limit)


def bound_of(limit: LimitUseView) -> str:
    """The limit itself, with its unit."""
    return _amount(limit.bound, limit)


def use_of(limit: LimitUseView) -> str:
    """Share of the limit that is used."""
    return "" if limit.use_frac is None else f"{limit.use_frac:.0%}".replace("%", " %")


def foremost(limits: Sequence[LimitUseView]) -> tuple[LimitUseView, ...]:
    """The limits that a phone has room for, the most used first; not known ranks as near."""
    by_use = sorted(
        limits, key=lambda limit: -_UNKNOWN_USE if limit.use_frac is None else -limit.use_frac
    )
    return tuple(by_use[:_ROOM])


def limit_numbers(limit: LimitUseView) -> str:
    """What is used of what may be."""
    if limit.used is None:
        return f"not known, bound {bound_of(limit)}"
    return f"{used_of(limit)} of {bound_of(limit)}"


def limit_words(limit: LimitUseView) -> str:
    """One limit in words, for those who cannot see the picture."""
    return f"{limit.name} {limit_numbers(limit)}"


def _amount(value: float, limit: LimitUseView) -> str:
    if not limit.unit.startswith("fraction"):
        return f"{value:.0f}"
    # With one decimal, a narrow limit and what is used of it read the same.
    return share(value, 2 if limit.bound < _NARROW_FRAC else 1)


def against(value: str, bound: str) -> str:
    """A breaker's number against its bound; nothing where it can only be yes or no.

    Examples
    --------
    >>> against("2.10 %", "2.00 %"), against("1", "1")
    (': 2.10 % of 2.00 %', '')
    """
    return "" if value == bound == "1" else f": {value} of {bound}"


def event_words(event: RiskEventView) -> str:
    """A line of the history: what, the number against its bound, by whom, why.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from engine.facade import Actor, Role
    >>> owner, at = Actor("1", "B", Role.OWNER), datetime(2026, 1, 1, tzinfo=UTC)
    >>> event_words(RiskEventView(7, at, "resumed", "halt", owner, "", "", "all is well"))
    'resumed by B: all is well'
    """
    if event.what == "tripped":
        return f"{event.name}: tripped{against(event.value, event.bound)}. {event.reason}"
    named = "" if event.name == "halt" else f"{event.name}: "
    return f"{named}{event.what} by {event.by.name}: {event.reason}"
