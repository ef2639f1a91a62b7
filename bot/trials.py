"""``executor trials``: the trial log as tables a person can read, and as JSON.

Refuses to compute: the engine deflates, this prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.tables import make_room
from engine.facade.research import (
    LockOpening,
    Logged,
    LogReport,
    Trial,
    grid_knobs,
    search_as_json,
    search_of,
)

_SHOWN = 30
"""Newest trials in the table; all are counted."""


def trials_as_json(
    report: LogReport, entries: Sequence[Logged], search: str | None
) -> dict[str, Any]:
    """What `print_trials` prints, as plain data; returns are left out, their moments are not."""
    found = search_of(_chosen(entries, search))
    return {
        "path": str(report.path),
        "ok": report.ok,
        "entries": report.entries,
        "head_seq": report.head.seq,
        "head_hash": report.head.hash,
        "findings": [{"seq": each.seq, "what": each.what} for each in report.findings],
        "openings": [
            asdict(each.entry) | {"at": each.at}
            for each in entries
            if isinstance(each.entry, LockOpening)
        ],
        "searches": {
            name: sum(each.search == name for each in _chosen(entries, None))
            for name in sorted({each.search for each in _chosen(entries, None)})
        },
        "search": search_as_json(found),
    }


def print_trials(
    report: LogReport, entries: Sequence[Logged], search: str | None, console: Console
) -> None:
    """The newest trials, the openings of the last fifth, and what the best is worth."""
    make_room(console)
    console.print(("[green]✓[/] " if report.ok else "[red]✗[/] ") + escape(report.sentence))
    if not report.ok:
        for finding in report.findings[1:]:
            console.print(f"  entry {finding.seq}: {escape(finding.what)}")
        return
    chosen = [
        each
        for each in entries
        if isinstance(each.entry, Trial) and search in (None, each.entry.search)
    ]
    if chosen:
        console.print(_table(chosen))
    for each in entries:
        if isinstance(opening := each.entry, LockOpening):
            why = f": {opening.reason}" if opening.reason else ""
            console.print(
                f"  [yellow]last fifth opened[/] {each.at[:16]}Z by {escape(opening.by)}, "
                f"{escape(', '.join(opening.symbols))} from {opening.since:%Y-%m-%d}, "
                f"number {opening.ordinal}{escape(why)}"
            )
    console.print(f"  {escape(search_of(_chosen(entries, search)).sentence)}")


def _table(chosen: Sequence[Logged]) -> Table:
    shown = chosen[-_SHOWN:]
    title = f"{len(chosen)} trial(s), Sharpe ratios of a period"
    if len(shown) < len(chosen):
        title += f", the newest {len(shown)}"
    table = Table(title=title, title_justify="left", expand=False)
    for name in ("recorded", "search", "data", "from", "to", "fifth"):
        table.add_column(name, no_wrap=name in ("recorded", "from", "to"))
    table.add_column("Sharpe", justify="right", no_wrap=True)
    table.add_column("knobs", overflow="fold")
    for each in shown:
        trial = each.entry
        if not isinstance(trial, Trial):
            continue
        moments = trial.moments
        table.add_row(
            each.at[:10],
            escape(trial.search),
            escape(", ".join(used.symbol for used in trial.data)),
            f"{trial.first_at:%Y-%m-%d}",
            f"{trial.last_at:%Y-%m-%d}",
            "opened" if trial.opened_lock else "locked",
            "" if moments is None else f"{moments.sharpe:+.4f}",
            escape(", ".join(f"{name}={value}" for name, value in grid_knobs(trial).items())),
        )
    return table


def _chosen(entries: Sequence[Logged], search: str | None) -> list[Trial]:
    return [
        each.entry
        for each in entries
        if isinstance(each.entry, Trial) and search in (None, each.entry.search)
    ]
