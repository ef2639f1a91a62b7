"""``executor review`` on a terminal.

Refuses to compute: the engine measures, this prints.
"""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.facade import Verdict
from engine.facade.research import ReadReview

_COLOURS = {
    Verdict.GO_FULL: "green",
    Verdict.GO_PILOT: "green",
    Verdict.KEEP_PAPER: "yellow",
    Verdict.NO_GO: "red",
}
_MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "○"}
_WIDTH = 110


def print_review(read: ReadReview, console: Console) -> None:
    """Verdict, gates, what it would take, and the numbers of the record."""
    view, review = read.view, read.view.review
    decision, evidence = review.decision, review.measured.evidence
    colour = _COLOURS[decision.verdict]
    console.print(f"[bold {colour}]{decision.verdict}[/]  {escape(decision.reason)}")
    console.print(
        f"clock since {review.since:%Y-%m-%d %H:%M} UTC, {evidence.weeks:.1f} weeks, "
        f"{evidence.trades} closed trades of proposals; settings {view.parameters_hash[:12]}; "
        f"results bet on one a {review.measured.series.unit}"
    )
    standing = view.standing
    console.print(f"on record: {standing.verdict or 'none'}. {escape(standing.reason)}")
    grid = Table(box=None, pad_edge=False, width=_WIDTH)
    for name in ("", "gate", "number", "bound", "guards"):
        grid.add_column(name, overflow="fold")
    for gate in decision.gates:
        grid.add_row(_MARKS[gate.passed], gate.name, gate.value, gate.bound, gate.group.value)
    console.print(grid)
    for need in decision.needs:
        console.print(f"  needs {escape(need)}")
    for name, why in review.measured.missing.items():
        console.print(f"[dim]  {name} is not measured: {escape(why)}[/]")
    _print_numbers(read, console)


def _print_numbers(read: ReadReview, console: Console) -> None:
    found, moments = read.performance, read.view.review.measured.moments
    console.print(
        f"equity {found.begin_usd:,.2f} → {found.end_usd:,.2f} USD ({found.return_frac:+.2%}), "
        f"drawdown {found.drawdown_frac:.2%}, {found.under_water_frac:.0%} of days under water, "
        f"exposure {found.mean_exposure_frac:.1%}"
    )
    for each in found.origins:
        if each.statistics is not None:
            told = each.statistics
            console.print(
                f"{each.origin}: {told.count} trades, {told.expectancy:+.3f} R a trade, won "
                f"{told.win_rate:.0%}, profit factor {told.profit_factor:.2f}, SQN "
                f"{told.system_quality:+.2f}"
            )
    if moments is not None:
        console.print(
            f"Sharpe {moments.sharpe:+.3f} a result over {moments.count}; 95 % confidence takes "
            f"{moments.track_record_length:,.0f}"
        )
    goal = read.goal
    if goal.daily_frac is not None:
        console.print(
            f"goal {goal.low.daily_frac:.1%} to {goal.high.daily_frac:.1%} a day, tracked, not "
            f"targeted: realised {goal.daily_frac.value:+.3%} "
            f"({goal.daily_frac.low:+.3%} to {goal.daily_frac.high:+.3%})"
        )
