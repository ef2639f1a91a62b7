"""``executor``, ``executor run`` and ``executor doctor``: the desk at work and its health."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.frame import (
    BooksOption,
    ConfigOption,
    DataOption,
    JsonOption,
    app,
    instant_of,
    parse_data,
    print_json,
    screen,
    told,
)
from bot.logs import write_logs


@app.callback(invoke_without_command=True)
def _default(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.")
    ] = False,
) -> None:
    """A Discord-controlled spot trading desk that asks before it buys.

    Without a subcommand it runs: on Discord if DISCORD_TOKEN is set, else in a local sandbox.
    """
    if show_version:
        typer.echo(f"executor {version('executor')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        run()


@app.command()
def run(
    config: ConfigOption = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Use the local Discord even if a token is set.")
    ] = False,
    data: DataOption = None,
    books: BooksOption = None,
    market: Annotated[
        str,
        typer.Option(help="auto, simulated, kraken or coinbase; --data replays files."),
    ] = "auto",
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            help="Virtual seconds a real second, for a replay or a simulation. Default 600.",
        ),
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="Begin of a replay, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="End of a replay, UTC.")] = None,
    hold: Annotated[
        float,
        typer.Option(
            min=0, max=3600, help="Real seconds a replay waits while you are being asked."
        ),
    ] = 90.0,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the sandbox page. Default 8787.")
    ] = None,
    db: Annotated[
        Path | None, typer.Option("--db", help="File of the journal; default from config.toml.")
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask to trade real money; says what is missing.")
    ] = False,
) -> None:
    """Run the desk and its bot, here or on Discord."""
    from bot.running import Plan, run_desk

    plan = Plan(
        config=config,
        sandbox=sandbox,
        files=parse_data(data),
        books=parse_data(books, "--books"),
        market=market,
        speed=speed,
        start=instant_of(start, "--from"),
        until=instant_of(until, "--to"),
        hold_seconds=hold,
        port=port,
        db=db,
        live=live,
    )
    told(lambda: asyncio.run(run_desk(plan, say=screen.print)))


@app.command()
def doctor(
    config: ConfigOption = None,
    data: DataOption = None,
    db: Annotated[Path | None, typer.Option("--db", help="File of the journal.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what is configured, reachable and missing, and how to mend it."""
    from bot.doctor import line_of
    from engine.facade import check_up

    write_logs("error", as_json=False)
    findings = asyncio.run(check_up(config, parse_data(data), db))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            screen.print(line_of(finding))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(1)
