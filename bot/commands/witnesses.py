"""``executor scouts``: one round of the scouts over recorded history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.commands.frame import (
    ConfigOption,
    DataOption,
    JsonOption,
    app,
    err,
    parse_data,
    print_json,
    screen,
    told,
)
from bot.logs import write_logs

if TYPE_CHECKING:
    from engine.facade import Consultation


@app.command()
def scouts(
    data: DataOption = None,
    base_url: Annotated[
        str, typer.Option("--base-url", help="Model server with its /v1; default config.toml.")
    ] = "",
    headlines: Annotated[
        Path | None, typer.Option("--headlines", help="Recorded headlines (Parquet) for Gamma.")
    ] = None,
    config: ConfigOption = None,
    bars: Annotated[
        int, typer.Option(min=200, help="Closed bars from which the numbers are computed.")
    ] = 1000,
    as_json: JsonOption = False,
) -> None:
    """Ask the scouts once about the last closed bars; nothing is journaled and nobody votes."""
    files = parse_data(data)
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")

    def action() -> None:
        from bot.pictures import paint
        from engine.facade import Secrets, consult_files, load_settings, statement_as_json

        write_logs("error", as_json=False)
        settings, secrets = load_settings(config), Secrets()
        err.print("[dim]asking the scouts, model by model[/]")
        found = asyncio.run(
            consult_files(
                settings,
                files,
                bars=bars,
                base_url=base_url,
                headlines=headlines,
                secrets=secrets,
                painter=paint,
            )
        )
        if as_json:
            print_json([statement_as_json(each) for each in found.statements])
        else:
            _print(found)

    told(action)


def _print(found: Consultation) -> None:
    from engine.facade import Opinion

    screen.print(f"[bold]Scouts[/] at {escape(found.base_url)}")
    for statement in found.statements:
        said, used = statement.said, statement.used
        into, out = sum(u.tokens_in for u in used), sum(u.tokens_out for u in used)
        about = said.instrument or "all instruments"
        tokens = f"{into} + {out} tokens" if used else "no tokens"
        who = f"{said.voter.name.capitalize()} on {about}"
        took = f"[dim]{statement.seconds:.1f} s, {tokens}, {escape(said.voter.model) or '–'}[/]"
        if not isinstance(said, Opinion):
            screen.print(f"  [yellow]abstains[/] {escape(who)}: {escape(said.reason)}  {took}")
            continue
        screen.print(
            f"  [bold]{said.stance.replace('_', ' ')}[/] {escape(who)}: confidence "
            f"{said.confidence:.0%}, {said.pattern.replace('_', ' ')}  {took}"
        )
        for line in (said.reason, *said.evidence):
            screen.print(f"    {escape(line)}")
