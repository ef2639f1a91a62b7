"""``executor scan`` and ``executor calibration``: questions to recorded history."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.commands.frame import (
    TRIALS,
    ConfigOption,
    DataOption,
    JsonOption,
    TrialsOption,
    app,
    err,
    parse_data,
    print_json,
    screen,
    told,
)
from bot.logs import write_logs


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
        scans = scan_with_progress(config, files, bars, err)
        if as_json:
            from engine.facade import scan_as_json

            print_json([scan_as_json(each) for each in scans])
        else:
            print_scans(scans, screen)

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
    again: Annotated[
        str,
        typer.Option("--again", metavar="REASON", help="Why the last fifth is opened again."),
    ] = "",
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of bootstrap and challengers.")
    ] = 20250630,
    trials: TrialsOption = TRIALS,
    as_json: JsonOption = False,
) -> None:
    """Measure on recorded history whether the odds keep their word, walking forward."""
    files = parse_data(data)
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")

    def action() -> None:
        from bot.calibration import calibrate_with_progress, print_study, write_study
        from engine.facade import SystemClock
        from engine.facade.research import (
            StudyPlan,
            TrialLog,
            report_as_json,
            require_folder,
        )

        write_logs("warning", as_json=False)
        if out is not None:
            require_folder(out)
        plan = StudyPlan(bars=bars, open_locked=open_locked, again=again, seed=seed)
        log = TrialLog(trials, SystemClock())
        study = calibrate_with_progress(config, files, plan, log, err)
        written = [] if out is None else write_study(study, out)
        if as_json:
            found = report_as_json(study.report)
            print_json(found | {"files": [str(path) for path in written]})
            return
        print_study(study.report, screen)
        for path in written:
            screen.print(f"  [green]✓[/] {escape(str(path))}")

    told(action)
