"""``executor rehearse``: the live path against a venue that plays on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.commands.frame import ConfigOption, JsonOption, app, print_json, screen, told
from bot.logs import write_logs


@app.command()
def rehearse(
    drill: Annotated[
        bool, typer.Option("--drill", help="Play it through without a page, and tell each step.")
    ] = False,
    as_json: JsonOption = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the sandbox page. Default 8787.")
    ] = None,
    db: Annotated[
        Path | None,
        typer.Option("--db", help="File of the record, a new one; default a temporary one."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Rehearse live trading, from the yes to the settled lot; no real venue is ever reached."""

    def action() -> int:
        journal = db or Path(tempfile.mkdtemp(prefix="executor-rehearsal-"), "rehearsal.sqlite")
        if drill or as_json:
            return _drill(config, journal, as_json=as_json)
        from bot.running import Plan, rehearse_on_page

        plan = Plan(config=config, sandbox=True, port=port, db=journal)
        asyncio.run(rehearse_on_page(plan, say=screen.print))
        return 0

    told(action)


def _drill(config: Path | None, journal: Path, *, as_json: bool) -> int:
    from engine.facade import drill, drill_as_json, load_settings

    write_logs("error", as_json=False)  # a lost answer is part of the play
    report = asyncio.run(drill(load_settings(config), journal))
    if as_json:
        print_json(drill_as_json(report))
        return 0 if report.ok else 1
    screen.print("  [bold]REHEARSAL[/]: the venue plays on this machine, nothing here is real\n")
    for step in report.steps:
        sign = "[green]✓[/]" if step.done else "[red]✗[/]"
        screen.print(f"  {sign} {escape(step.name)}: {escape(step.told)}")
    verdict = "[green]every step was done[/]" if report.ok else "[red]it ended there[/]"
    screen.print(f"\n  {verdict}; {report.requests} requests · record {escape(report.journal)}")
    return 0 if report.ok else 1
