"""``/risk``: what the desk may do, how much of every limit is used, what has tripped, and when.

Refuses to reassure: what has tripped stands first, and what was not measured is said to be so.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, date_of, moment
from bot.ui.risk_words import against, event_words, foremost, level_sign, limit_words, use_of
from bot.ui.scan import ENTRIES
from bot.ui.text import clip, count, listed, money, plain
from engine.facade import (
    AccountView,
    BreakerRowView,
    DeskState,
    LimitLevel,
    RiskEventView,
    RiskView,
    RowState,
)

TONES = {DeskState.ACTIVE: Tone.GOOD, DeskState.REDUCING: Tone.WARN, DeskState.HALTED: Tone.BAD}
_STANDING = (RowState.TRIPPED, RowState.COOLING, RowState.BLOCKING)
_NEWEST = 25
_EXITS = {DeskState.ACTIVE: "", DeskState.REDUCING: " Exits always go.", DeskState.HALTED: ""}


def risk_card(view: RiskView, picture: Picture | None) -> Card:
    """State, limits as a picture, breakers with what resets them."""
    marked = banner(view.market) if view.market else ""
    card = Card(TONES[view.state]).lines(
        (
            f"## Risk · {view.state.value.upper()}",
            f"{ENTRIES[view.state].capitalize()}.{_EXITS[view.state]}",
            _halt(view),
            _kill_file(view),
            f"-# {marked}" if marked else "",
        )
    )
    if view.account is not None:
        card.lines(_account(view.account), essential=False)
    card.rule().picture(picture)
    card.lines(_limits(view), essential=False)
    card.rule().lines(_breakers(view.breakers), essential=False)
    return card.footer(
        f"{count(len(view.history), 'event')} in the history · equity {money(view.equity_usd)} · "
        f"{date_of(view.as_of)}"
    )


def history_card(history: Sequence[RiskEventView]) -> Card:
    """Trips, resets, halts and resumptions, newest first."""
    shown = history[:_NEWEST]
    card = Card(Tone.MUTED).text(
        f"## Risk · newest {len(shown)} of {count(len(history), 'event')}"
    )
    if not shown:
        return card.text("Nothing has tripped, and nobody has halted the desk.")
    return card.lines([_event(each) for each in shown], essential=False)


def _halt(view: RiskView) -> str:
    if view.halted_by is None or view.halted_at is None:
        return ""
    at = moment(view.halted_at, view.market) if view.market else date_of(view.halted_at)
    return (
        f"Halted by {plain(view.halted_by.name)} · {at}: "
        f"{clip(plain(view.halted_reason), 300)}. The owner ends it with /resume."
    )


def _kill_file(view: RiskView) -> str:
    switch = view.kill_switch
    if not switch.thrown:
        return ""
    return (
        f"**The kill file is there**: {clip(plain(switch.reason), 200)}. "
        f"To release it {plain(switch.mend)}; then /resume."
    )


def _account(account: AccountView) -> list[str]:
    """What differs each with its line; that record and account agree is one small line."""
    lines = [f"**DIFFERS** {clip(plain(each), 300)}" for each in account.differing]
    lines += [f"-# {clip(plain(each), 300)}" for each in account.owners]
    verdict = "record and account differ" if account.differing else "record and account agree"
    return [*lines, f"-# {verdict} since {date_of(account.at)} · {plain(account.compared)}"]


def _limits(view: RiskView) -> list[str]:
    """In words what is near its bound, and what the picture has no room for."""
    told = (LimitLevel.REACHED, LimitLevel.NEAR)
    lines = [
        f"{level_sign(level)} **{level.value.upper()}** {limit_words(each)} ({use_of(each)})"
        for level in told
        for each in view.limits
        if each.level is level
    ]
    if not view.limits:
        return ["The use of the limits is not known: the desk has no equity to measure it on."]
    shown = foremost(view.limits)
    rest = [limit_words(each) for each in view.limits if each not in shown]
    return [*lines, f"-# {' · '.join(rest)}" if rest else ""]


def _breakers(breakers: Sequence[BreakerRowView]) -> list[str]:
    """Those that stand in the way each with its number; the others are only counted."""
    lines = [_breaker(each) for each in breakers if each.state in _STANDING]
    rest = [
        f"{sum(each.state is state for each in breakers)} {state.value}"
        for state in (RowState.ARMED, RowState.NOT_MEASURED)
        if any(each.state is state for each in breakers)
    ]
    return [*lines, f"-# Breakers: {listed(rest, 'none armed')}"]


def _breaker(breaker: BreakerRowView) -> str:
    since = f" since {date_of(breaker.tripped_at)}" if breaker.tripped_at else ""
    at = f", tripped at {breaker.tripped_value}" if breaker.tripped_value else ""
    return clip(
        f"**{breaker.state.value.upper()}** {breaker.name}"
        f"{against(breaker.value, breaker.bound)}{at}{since}. {breaker.resets}",
        330,
    )


def _event(event: RiskEventView) -> str:
    return f"`#{event.seq}` {event.at:%m-%d %H:%M} {clip(plain(event_words(event)), 220)}"
