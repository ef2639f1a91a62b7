"""``executor risk``: limits, breakers and history as a person reads them in a terminal.

Refuses to compute: the engine measures, this prints.
"""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.ui.market import date_of
from bot.ui.risk_words import bound_of, event_words, level_sign, use_of, used_of
from bot.ui.text import count, money
from engine.facade import DeskState, LimitLevel, RiskView, RowState

_STATES = {DeskState.ACTIVE: "green", DeskState.REDUCING: "yellow", DeskState.HALTED: "red"}
_LEVELS = {
    LimitLevel.EASY: "green",
    LimitLevel.NEAR: "yellow",
    LimitLevel.REACHED: "red",
    LimitLevel.UNKNOWN: "dim",
}
_BREAKERS = {
    RowState.TRIPPED: "red",
    RowState.COOLING: "yellow",
    RowState.BLOCKING: "yellow",
    RowState.NOT_MEASURED: "dim",
    RowState.ARMED: "green",
}
_STANDING = (RowState.TRIPPED, RowState.COOLING, RowState.BLOCKING)
_NEWEST = 20
_BAR = 20


def print_risk(view: RiskView, console: Console) -> None:
    """State first, then limits, breakers and the newest of the history."""
    for line in _head(view):
        console.print(line)
    console.print(_limits(view))
    console.print(_breakers(view))
    if view.history:
        console.print(_history(view))
    console.print(
        f"[dim]{count(len(view.history), 'event')} ever stopped or freed entries · journal "
        f"#{view.journal_seq} {view.journal_hash[:12]}[/]"
    )


def _head(view: RiskView) -> list[str]:
    state = f"[bold {_STATES[view.state]}]{view.state.value.upper()}[/]"
    where = f"{escape(view.mode)} on {escape(view.market_name)}"
    equity = f"equity {money(view.equity_usd)} · as of {date_of(view.as_of)}"
    lines = [f"{state} · {where} · {equity}"]
    if view.halted_by is not None and view.halted_at is not None:
        lines.append(
            f"  [red]halted[/] by {escape(view.halted_by.name)} on {date_of(view.halted_at)}: "
            f"{escape(view.halted_reason)}"
        )
    switch = view.kill_switch
    if switch.thrown:
        mend = escape(switch.mend)
        lines.append(f"  [red]kill file[/] {escape(switch.reason)}; {mend}, then /resume")
    else:
        lines.append(f"  [dim]kill file, none there: {escape(', '.join(switch.places))}[/]")
    if view.account is not None:
        lines += [f"  [red]differs[/] {escape(each)}" for each in view.account.differing]
        lines += [f"  [dim]{escape(each)}[/]" for each in view.account.owners]
        verdict = "differ" if view.account.differing else "agree"
        lines.append(
            f"  [dim]record and account {verdict} since {date_of(view.account.at)}: "
            f"{escape(view.account.compared)}[/]"
        )
    lines += [f"  [red]contradiction[/] {escape(each)}" for each in view.contradictions]
    if view.market is None:
        lines.append("  [dim]read from the record: what needs a market is not measured[/]")
    if view.limits_hash != view.config_hash:
        lines.append(
            f"  [yellow]these limits are of settings {view.limits_hash[:12]}, the desk last ran "
            f"with {view.config_hash[:12] or 'others'}: give its --config[/]"
        )
    return lines


def _limits(view: RiskView) -> Table:
    table = Table(title="Limits", title_justify="left", expand=False)
    for name in ("limit", "used", "bound", "use", ""):
        table.add_column(name, justify="left" if name in ("limit", "") else "right")
    for each in view.limits:
        colour = _LEVELS[each.level]
        full = 0 if each.use_frac is None else min(_BAR, round(each.use_frac * _BAR))
        table.add_row(
            f"[{colour}]{level_sign(each.level)}[/] {escape(each.name)}",
            used_of(each),
            bound_of(each),
            use_of(each),
            f"[{colour}]{'█' * full}[/][dim]{'·' * (_BAR - full)}[/]",
        )
    return table


def _breakers(view: RiskView) -> Table:
    table = Table(title="Breakers", title_justify="left", expand=False)
    for name in ("breaker", "state", "measured", "trips at", "tripped", "resets"):
        table.add_column(name, overflow="fold")
    for each in view.breakers:
        tripped = f"{each.tripped_value} {date_of(each.tripped_at)}" if each.tripped_at else ""
        table.add_row(
            escape(each.name),
            f"[{_BREAKERS[each.state]}]{each.state.value}[/]",
            each.value,
            each.bound,
            tripped.strip(),
            escape(each.resets) if each.state in _STANDING else "",
        )
    return table


def _history(view: RiskView) -> Table:
    table = Table(title=f"Newest {_NEWEST} events", title_justify="left", expand=False)
    for name in ("seq", "when", "what"):
        table.add_column(name, overflow="fold", justify="right" if name == "seq" else "left")
    for each in view.history[:_NEWEST]:
        table.add_row(str(each.seq), date_of(each.at), escape(event_words(each)))
    return table
