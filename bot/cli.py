"""The command line: ``executor`` and its subcommands.

Refuses tracebacks for a user's mistake: one line that names the thing and the mend, and an exit
code that is not 0.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from bot.faults import one_line
from bot.logs import write_logs

if TYPE_CHECKING:
    from engine.facade import Anchor

app = typer.Typer(
    name="executor",
    help="A Discord-controlled spot trading desk that asks before it buys.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
journal_app = typer.Typer(help="Check and export the record.")
app.add_typer(journal_app, name="journal")

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default: EXECUTOR_CONFIG, else ./config.toml."),
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="SYMBOL=FILE",
        help="Recorded bars (Parquet or CSV) of an instrument; once for each.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
DbOption = Annotated[Path, typer.Option("--db", help="File of the journal.")]


def main() -> None:
    """Entry point of ``executor`` and ``python -m bot``; tells a wrong option in one line."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        code = 130
    except Exception as fault:
        # Typer brings a click of its own, or uses the real one: their root has no common name.
        if not hasattr(fault, "format_message"):
            raise
        said = " ".join(fault.format_message().split()).rstrip(".")
        _err.print(f"[bold red]executor:[/] {escape(said)}; see executor --help")
        code = 2
    sys.exit(code or 0)


def told(action: Callable[[], int | None]) -> None:
    """Run `action`; a fault that is not ours to hide becomes one line and exit code 1.

    Raises
    ------
    typer.Exit
        With the code that `action` answers, or 1 after a fault.
    """
    try:
        code = action()
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as fault:
        line = one_line(fault)
        if line is None:
            raise
        _err.print(f"[bold red]executor:[/] {escape(line)}")
        raise typer.Exit(1) from None
    if code:
        raise typer.Exit(code)


def parse_data(data: list[str] | None) -> dict[str, Path]:
    """``SYMBOL=FILE`` pairs as a mapping.

    Raises
    ------
    typer.BadParameter
        If a pair has no ``=``, or an instrument comes twice.

    Examples
    --------
    >>> parse_data(["BTC-USD=btc.parquet"])
    {'BTC-USD': PosixPath('btc.parquet')}
    """
    files: dict[str, Path] = {}
    for pair in data or []:
        symbol, separator, path = pair.partition("=")
        if not (symbol and separator and path):
            raise typer.BadParameter(
                f"{pair!r} is not SYMBOL=FILE, for example BTC-USD=btc.parquet",
                param_hint="--data",
            )
        if symbol.upper() in files:
            raise typer.BadParameter(f"{symbol.upper()} is given twice", param_hint="--data")
        files[symbol.upper()] = Path(path)
    return files


def _instant(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date, write 2024-05-01 or 2024-05-01T12:00", param_hint=option
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str))


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
        market=market,
        speed=speed,
        start=_instant(start, "--from"),
        until=_instant(until, "--to"),
        hold_seconds=hold,
        port=port,
        db=db,
        live=live,
    )
    told(lambda: asyncio.run(run_desk(plan, say=_out.print)))


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
        _print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            _out.print(line_of(finding))
    if any(finding.fatal for finding in findings):
        raise typer.Exit(1)


@app.command()
def scan(
    data: DataOption = None,
    config: ConfigOption = None,
    bars: Annotated[
        int, typer.Option(min=200, help="Closed bars of each file to learn from.")
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Assess the last closed bar of recorded history through all twelve layers."""
    from bot.scanning import print_scans, scan_with_progress

    files = parse_data(data)
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")

    def action() -> None:
        write_logs("warning", as_json=False)
        scans = scan_with_progress(config, files, bars, _err)
        if as_json:
            from engine.facade import scan_as_json

            _print_json([scan_as_json(each) for each in scans])
        else:
            print_scans(scans, _out)

    told(action)


@app.command()
def calibration(
    data: DataOption = None,
    config: ConfigOption = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for candidates.parquet and reliability pictures."),
    ] = None,
    bars: Annotated[
        int | None, typer.Option(min=500, help="Last bars of each file; default: all.")
    ] = None,
    open_locked: Annotated[
        bool, typer.Option("--open-locked", help="Judge the last fifth of the history too.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of bootstrap and challengers.")
    ] = 20250630,
    as_json: JsonOption = False,
) -> None:
    """Measure on recorded history whether the odds keep their word, walking forward."""
    files = parse_data(data)
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")

    def action() -> None:
        from bot.calibration import calibrate_with_progress, print_study, write_study
        from engine.facade import StudyPlan, report_as_json

        write_logs("warning", as_json=False)
        plan = StudyPlan(bars=bars, open_locked=open_locked, seed=seed)
        study = calibrate_with_progress(config, files, plan, _err)
        written = [] if out is None else write_study(study, out)
        if as_json:
            found = report_as_json(study.report)
            _print_json(found | {"files": [str(path) for path in written]})
            return
        print_study(study.report, _out)
        for path in written:
            _out.print(f"  [green]✓[/] {escape(str(path))}")

    told(action)


@journal_app.command("verify")
def journal_verify(
    db: DbOption,
    anchor: Annotated[
        str | None,
        typer.Option(metavar="SEQ:HASH", help="A head that was noted down elsewhere."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain; exit code 1 if anything was changed."""
    from engine.facade import verify_journal

    def action() -> int:
        report = verify_journal(db, _anchor(anchor))
        if as_json:
            findings = [{"seq": f.seq, "what": f.what} for f in report.findings]
            _print_json(
                {
                    "path": str(report.path),
                    "ok": report.ok,
                    "events": report.events,
                    "head_seq": report.head_seq,
                    "head_hash": report.head_hash,
                    "findings": findings,
                }
            )
        else:
            _out.print(("[green]✓[/] " if report.ok else "[red]✗[/] ") + escape(report.sentence))
        return 0 if report.ok else 1

    told(action)


def _anchor(text: str | None) -> Anchor | None:
    from engine.facade import Anchor

    if text is None:
        return None
    seq, _, head = text.partition(":")
    if not (seq.isdigit() and head):
        raise typer.BadParameter(f"{text!r} is not SEQ:HASH", param_hint="--anchor")
    return Anchor(int(seq), head)


@journal_app.command("export")
def journal_export(
    db: DbOption,
    out: Annotated[Path, typer.Option("--out", help="JSON lines file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write every event as one line of JSON."""
    from engine.facade import export_journal

    def action() -> None:
        count = export_journal(db, out)
        if as_json:
            _print_json({"events": count, "out": str(out)})
        else:
            _out.print(f"[green]✓[/] {count} events written to {out}")

    told(action)
