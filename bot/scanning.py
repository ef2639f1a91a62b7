"""``executor scan``: progress while it learns, then a table a person can read.

Refuses to compute: the engine assesses, this prints.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.facade import FileScan, load_settings, scan_files


def scan_with_progress(
    config: Path | None, files: dict[str, Path], bars: int, console: Console
) -> tuple[FileScan, ...]:
    """Assess the last bar of each file, with a progress bar on `console`."""
    settings = load_settings(config)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("learning from closed bars", total=None)

        def tell(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        return asyncio.run(scan_files(settings, files, bars, tell))


def print_scans(scans: tuple[FileScan, ...], console: Console) -> None:
    """One table an instrument: twelve layers, then the odds and the verdict."""
    for scan in scans:
        console.print(_table(scan))
        odds = scan.assessment.odds
        if odds is not None:
            console.print(
                f"  prior {odds.p_prior:.1%} → posterior {odds.p_mean:.1%} "
                f"(lower bound {odds.p_low:.1%}), break-even {odds.break_even:.1%}"
            )
        kind = scan.card.kind.value if scan.card.kind else "no setup"
        console.print(f"  [bold]{kind}[/]: {scan.card.sentence}")
        console.print(f"  learnt from {scan.labels} closed setups\n")


def _table(scan: FileScan) -> Table:
    seen = scan.assessment
    title = f"{scan.instrument}  {seen.price:,.2f}  {seen.at:%Y-%m-%d %H:%M} UTC"
    table = Table(title=title, title_justify="left", expand=False)
    for name in ("layer", "role", "nats", "weight"):
        table.add_column(name, justify="right" if name in ("nats", "weight") else "left")
    table.add_column("says", overflow="fold")
    for layer in scan.layers:
        said = layer.reading
        table.add_row(
            f"{layer.number:>2} {layer.title}",
            layer.role.value,
            f"{said.llr:+.3f}" if said.valid else "0",
            f"{said.weight:.2f}" if said.valid else "",
            escape(said.reason) if said.valid else f"[dim]neutral: {escape(said.reason)}[/]",
        )
    return table
