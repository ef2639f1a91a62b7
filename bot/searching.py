"""``executor sweep`` and ``walkforward``: progress while they run, then tables with a sentence.

Refuses to show the best without what the best of as many worthless ones would show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.tables import make_room
from engine.facade.research import (
    SweepPlan,
    Swept,
    Trial,
    TrialLog,
    Walk,
    WalkPlan,
    dispersion_of,
    grid_knobs,
    sweep_files,
    walk_files,
)

_SHOWN = 12
"""Points in the table, the best first; all are in the files."""
_YEAR_DAYS = 365.0

Tell = Callable[[int, int, str], None]


def sweep_with_progress(
    config: Path | None,
    files: Mapping[str, Path],
    grid: Path,
    plan: SweepPlan,
    out: Path,
    log: TrialLog,
    console: Console,
) -> Swept:
    """Sweep, with a progress bar on `console`."""
    with _telling(console) as tell:
        return sweep_files(config, files, grid, plan, out, log, tell)


def walk_with_progress(
    config: Path | None,
    files: Mapping[str, Path],
    plan: WalkPlan,
    out: Path,
    log: TrialLog,
    console: Console,
) -> Walk | None:
    """Walk forward, with a progress bar on `console`."""
    with _telling(console) as tell:
        return walk_files(config, files, plan, out, log, tell)


def print_sweep(swept: Swept, console: Console) -> None:
    """The best points, and what the best is worth."""
    make_room(console)
    if not swept.complete:
        console.print(
            f"[yellow]stopped[/] at {len(swept.trials)} of {swept.of} points: "
            "what is done is kept, and the same call goes on"
        )
    if swept.trials:
        console.print(_points(swept))
    console.print(f"  {escape(swept.search.sentence)}")
    if swept.ever.trials > swept.search.trials:
        console.print(f"  with everything in the log: {escape(swept.ever.sentence)}")


def print_walk(walk: Walk, console: Console) -> None:
    """Every fold, how far they lie apart, and the sentence."""
    make_room(console)
    table = Table(title="out of sample", title_justify="left", expand=False)
    for name in ("judged from", "to", "chosen"):
        table.add_column(name)
    for name in ("Sharpe taught", "Sharpe", "return", "trades", "drawdown"):
        table.add_column(name, justify="right")
    for fold in walk.folds:
        metrics = fold.trial.metrics
        table.add_row(
            f"{fold.stretch.begin:%Y-%m-%d}",
            f"{fold.stretch.end:%Y-%m-%d}",
            _knobs(fold.trial),
            _yearly(fold.taught_sharpe),
            _sharpe(fold.trial),
            f"{metrics['total_return_frac']:+.2%}",
            f"{metrics['trades_count']:.0f}",
            f"{metrics['max_drawdown_frac']:.2%}",
        )
    console.print(table)
    spread = dispersion_of(walk)
    console.print(f"  {escape(walk.sentence)}")
    console.print(
        f"  folds: Sharpe {_yearly(spread['folds_mean'])} a year on average, "
        f"spread {_yearly(spread['folds_sd'])}; nothing chose within "
        f"{walk.embargo.total_seconds() / 86_400:.1f} days before a fold"
    )
    if spread["combinations"]:
        console.print(
            f"  {spread['combinations']} ways to judge on two sixths: median "
            f"{_yearly(spread['combinations_median'])} a year, 5 to 95 % "
            f"{_yearly(spread['combinations_q05'])} to {_yearly(spread['combinations_q95'])}, "
            f"{spread['combinations_below_zero_frac']:.0%} below zero"
        )
    if walk.points.of > 1:
        console.print(f"  the points: {escape(walk.points.search.sentence)}")


@contextmanager
def _telling(console: Console) -> Iterator[Tell]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=None)

        def tell(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total or None, description=what)

        yield tell


def _points(swept: Swept) -> Table:
    ranked = sorted(swept.trials, key=_rank, reverse=True)[:_SHOWN]
    title = f"{len(swept.trials)} of {swept.of} points, {swept.found} were there already"
    table = Table(title=title, title_justify="left", expand=False)
    names = list(grid_knobs(swept.trials[0]))
    for name in names:
        table.add_column(name)
    for name in ("Sharpe a year", "return", "trades", "drawdown"):
        table.add_column(name, justify="right")
    for trial in ranked:
        metrics = trial.metrics
        table.add_row(
            *(str(trial.knobs[name]) for name in names),
            _sharpe(trial),
            f"{metrics['total_return_frac']:+.2%}",
            f"{metrics['trades_count']:.0f}",
            f"{metrics['max_drawdown_frac']:.2%}",
        )
    return table


def _rank(trial: Trial) -> float:
    moments = trial.moments
    return moments.sharpe if moments is not None else float("-inf")


def _sharpe(trial: Trial) -> str:
    moments = trial.moments
    return _yearly(None if moments is None else moments.sharpe)


def _yearly(daily: float | None) -> str:
    return "" if daily is None else f"{daily * _YEAR_DAYS**0.5:+.2f}"


def _knobs(trial: Trial) -> str:
    told = ", ".join(f"{name}={value}" for name, value in grid_knobs(trial).items())
    return escape(told) or "settings as they are"
