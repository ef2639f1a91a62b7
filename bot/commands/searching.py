"""``executor sweep`` and ``executor walkforward``: many settings on history, judged as many."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    span_of,
    told,
)
from bot.logs import write_logs

if TYPE_CHECKING:
    from engine.facade.research import SweepPlan

OutOption = Annotated[
    Path, typer.Option("--out", help="Folder of results; one that is there is gone on with.")
]
SinceOption = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First bar that may trade, UTC.")
]
UntilOption = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="End, UTC; default: the last fifth.")
]
ExploratoryOption = Annotated[
    bool,
    typer.Option(
        "--exploratory", help="Trade candidates that the gate does not let pass, on paper."
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", min=1, help="Processes of this machine; default: one a core."),
]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster", metavar="ADDRESS", help="Dask scheduler, such as tcp://10.0.0.5:8786."
    ),
]
STOPPED = 130


@app.command()
def sweep(
    grid: Annotated[Path, typer.Option("--grid", help="TOML file of settings to turn.")],
    out: OutOption,
    data: DataOption = None,
    config: ConfigOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    exploratory: ExploratoryOption = False,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    trials: TrialsOption = TRIALS,
    as_json: JsonOption = False,
) -> None:
    """Backtest every point of a grid; stopped or killed, the same call goes on."""
    files = _files(data)
    plan = _plan(since, until, exploratory, workers, cluster)

    def action() -> int:
        from bot.searching import print_sweep, sweep_with_progress
        from engine.facade import SystemClock
        from engine.facade.research import (
            TrialLog,
            require_folder,
            swept_as_json,
            write_sweep,
        )

        write_logs("error", as_json=False)
        require_folder(out)
        log = TrialLog(trials, SystemClock())
        swept = sweep_with_progress(config, files, grid, plan, out, log, err)
        written = write_sweep(swept, out)
        if as_json:
            print_json(swept_as_json(swept) | {"files": [str(path) for path in written]})
        else:
            print_sweep(swept, screen)
            for path in written:
                screen.print(f"  [green]✓[/] {escape(str(path))}")
        return 0 if swept.complete else STOPPED

    told(action)


@app.command()
def walkforward(
    out: OutOption,
    data: DataOption = None,
    folds: Annotated[int, typer.Option("--folds", help="Stretches that are judged.")] = 5,
    grid: Annotated[
        Path | None,
        typer.Option("--grid", help="TOML file of settings to choose from; default: none."),
    ] = None,
    config: ConfigOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    exploratory: ExploratoryOption = False,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    trials: TrialsOption = TRIALS,
    as_json: JsonOption = False,
) -> None:
    """Choose on the past, trade the next stretch with what was chosen, stitch and repeat."""
    files = _files(data)
    plan = _plan(since, until, exploratory, workers, cluster)

    def action() -> int:
        from bot.searching import print_walk, walk_with_progress
        from engine.facade import SystemClock
        from engine.facade.research import (
            TrialLog,
            WalkPlan,
            require_folder,
            walk_as_json,
            write_walk,
        )

        write_logs("error", as_json=False)
        require_folder(out)
        log = TrialLog(trials, SystemClock())
        how = WalkPlan(folds, plan, grid)
        walk = walk_with_progress(config, files, how, out, log, err)
        if walk is None:
            err.print(f"stopped: what is done is in {escape(str(out))}; the same call goes on")
            return STOPPED
        written = write_walk(walk, out)
        if as_json:
            print_json(walk_as_json(walk) | {"files": [str(path) for path in written]})
        else:
            print_walk(walk, screen)
            for path in written:
                screen.print(f"  [green]✓[/] {escape(str(path))}")
        return 0

    told(action)


def _files(data: list[str] | None) -> dict[str, Path]:
    files = parse_data(data)
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")
    return files


def _plan(
    since: str | None,
    until: str | None,
    exploratory: bool,
    workers: int | None,
    cluster: str | None,
) -> SweepPlan:
    import os

    from engine.facade.research import SweepPlan

    begin, end = span_of(since, until)
    return SweepPlan(begin, end, exploratory, workers or os.cpu_count() or 1, cluster)
