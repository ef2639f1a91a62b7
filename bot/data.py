"""``executor data``: progress while it fetches, and findings that a person can act on.

Refuses to judge: the engine checks, this prints.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine.facade import SystemClock
from engine.facade.research import (
    DATA_MENDS,
    Fetched,
    FetchPlan,
    Inspection,
    fetch_file,
)

_SHOWN = 5
"""Findings of one kind that are printed; all are counted."""


async def fetch_with_progress(
    venue: str, plan: FetchPlan, path: Path, url: str | None, console: Console
) -> Fetched:
    """Fetch, with a progress bar over the time that is asked for."""
    clock = SystemClock()
    end = plan.end_at or clock.now()
    total = (end - plan.begin_at).total_seconds()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"{plan.symbol} {plan.timeframe}", total=max(total, 1.0))

        def tell(reached_at: datetime, bars: int) -> None:
            done = (reached_at - plan.begin_at).total_seconds()
            words = (
                f"{plan.symbol} {plan.timeframe}: {bars:,} bars to {reached_at:%Y-%m-%d %H:%M}Z"
            )
            progress.update(task, completed=done, description=words)

        try:
            return await fetch_file(venue, plan, path, clock, tell, url)
        except asyncio.CancelledError:
            console.print(
                f"stopped: what has come is in {escape(str(path))}; the same call goes on"
            )
            raise


def print_fetched(fetched: Fetched, console: Console) -> None:
    """What the file holds now."""
    stored, report = fetched.stored, fetched.report
    console.print(
        f"[green]✓[/] {escape(str(fetched.path))}: {report.rows:,} bars, {fetched.added:,} of "
        f"them new, {stored.begin_at:%Y-%m-%d %H:%M}Z to {stored.reached_at:%Y-%m-%d %H:%M}Z, "
        f"{stored.symbol} {stored.timeframe} from {stored.venue}'s {stored.source}"
    )
    if fetched.left_out:
        console.print(f"  {fetched.left_out} bars contradict themselves and were left out")
    if report.missing_bars:
        console.print(
            f"  {report.missing_bars:,} bars are missing where nothing traded or the venue has a "
            f"hole; look with executor data check {escape(str(fetched.path))}"
        )


def print_inspection(seen: Inspection, console: Console) -> None:
    """Counts, mends and the first findings of each kind."""
    mark = "[green]✓[/]" if seen.clean else "[yellow]![/]" if seen.usable else "[red]✗[/]"
    report = seen.report
    console.print(f"{mark} {escape(str(seen.path))} ({report.instrument}, {seen.calendar})")
    console.print(f"  {escape(seen.sentence)}")
    for kind, count in sorted(report.counts.items(), key=lambda item: -item[0].severity):
        missing = f", {report.missing_bars:,} bars in all" if kind == "gap" else ""
        console.print(f"  [bold]{count:,} × {kind.value}[/]{missing}: {escape(DATA_MENDS[kind])}")
        of_kind = [each for each in report.findings if each.kind is kind]
        for each in of_kind[:_SHOWN]:
            console.print(f"    {each.at:%Y-%m-%d %H:%M}Z  {escape(each.detail)}")
        if count > min(len(of_kind), _SHOWN):
            console.print(f"    … and {count - min(len(of_kind), _SHOWN):,} more")
