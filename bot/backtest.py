"""``executor backtest``: progress while it trades, a Ctrl-C that keeps what is done, a summary.

Refuses to compute: the engine measures, this prints.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from engine.facade import load_settings
from engine.facade.research import (
    BacktestPlan,
    BacktestReport,
    TrialLog,
    backtest_files,
)


def backtest_with_progress(
    config: Path | None,
    files: dict[str, Path],
    plan: BacktestPlan,
    log: TrialLog,
    console: Console,
    *,
    fine: dict[str, Path],
    again: str,
) -> BacktestReport:
    """Backtest files, with a progress bar on `console`; the first Ctrl-C ends it early."""
    settings = load_settings(config)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with interruptible() as stopped, Progress(*columns, console=console, transient=True) as bar:
        console.print("Ctrl-C ends it early and keeps what is done.")
        task = bar.add_task("reading files", total=None)

        def tell(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        return backtest_files(
            settings, files, plan, log, fine=fine, again=again, tell=tell, stop=stopped.is_set
        )


@contextmanager
def interruptible() -> Iterator[Event]:
    """An event that the first Ctrl-C sets; a second one ends the process as ever."""
    stopped = Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def print_backtest(report: BacktestReport, written: list[Path], console: Console) -> None:
    """What came of it in words, the costs' part in it, and where the files are."""
    for sentence in report.sentences:
        console.print(f"  {escape(sentence)}")
    console.print(_sensitivity(report))
    for each in report.against:
        start = float(report.result.base.start_cash_usd)
        console.print(f"  {escape(each.name)}: {float(each.equity_usd[-1]) / start - 1.0:+.2%}")
    for words in report.result.plan.words:
        console.print(f"  [dim]{escape(words)}[/]")
    for path in written:
        console.print(f"  [green]✓[/] {escape(str(path))}")


def _sensitivity(report: BacktestReport) -> Table:
    table = Table(title="at multiples of every cost", title_justify="left", expand=False)
    for name in ("costs", "cards", "trades", "expectancy, R", "return", "largest fall"):
        table.add_column(name, justify="right")
    for each in report.sensitivity:
        expectancy = each["expectancy_r"]
        table.add_row(
            f"{each['cost_factor']:g} x",
            str(each["cards"]),
            str(each["trades"]),
            f"{expectancy:+.3f}" if isinstance(expectancy, float) else "–",
            f"{each['total_return_frac']:+.2%}",
            f"{each['max_drawdown_frac']:.2%}",
        )
    return table


INTERRUPTED = 130
"""Exit code of a run that was ended early, its files written all the same."""
