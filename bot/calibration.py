"""``executor calibration``: progress while it judges, then tables a person can read.

Refuses to compute: the engine measures, this prints, and pictures what was measured.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.tables import make_room
from engine.facade import load_settings
from engine.facade.research import (
    CalibrationReport,
    CalibrationStudy,
    GroupReport,
    StudyPlan,
    TrialLog,
    calibrate_files,
    reliability_of,
    whole_files,
    write_candidates,
)


def calibrate_with_progress(
    config: Path | None,
    files: dict[str, Path],
    plan: StudyPlan,
    log: TrialLog,
    console: Console,
) -> CalibrationStudy:
    """Study files, with a progress bar on `console`."""
    settings = load_settings(config)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading files", total=None)

        def tell(done: int, total: int, what: str) -> None:
            progress.update(task, completed=done, total=total, description=what)

        return calibrate_files(settings, files, plan, log, tell)


def write_study(study: CalibrationStudy, folder: Path) -> list[Path]:
    """Write candidates.parquet and a reliability picture a group; the files written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    from bot.charts.reliability import render_reliability

    names = ["candidates.parquet"]
    with whole_files(folder) as beside:
        write_candidates(study, beside(names[0]))
        for group in study.report.groups:
            name = f"reliability_{_file_name(group.name)}.png"
            beside(name).write_bytes(
                render_reliability(group.name, reliability_of(study, group.name))
            )
            names.append(name)
    return [folder / name for name in names]


def print_study(report: CalibrationReport, console: Console) -> None:
    """Scores and layers of every group, then the bars."""
    make_room(console)
    for group in report.groups:
        console.print(_scores(group))
        console.print(_layers(group))
        console.print(f"  {_gate(group)}\n")
    for note in (*report.notes, report.challengers):
        if note:
            console.print(f"  [yellow]note[/] {escape(note)}")
    console.print(f"  {_period(report)}")
    console.print(
        f"  odds given again with the future turned round: {report.poison_checked}, "
        f"moved: {report.poison_moved}"
    )
    for bar in report.bars():
        mark = "[green]✓[/]" if bar.met else "[red]✗[/]"
        console.print(f"  {mark} {escape(bar.name)}: {escape(bar.detail)}")


def _scores(group: GroupReport) -> Table:
    title = (
        f"{group.name}: {group.candidates} candidates ({group.effective:.0f} effective), "
        f"base rate {group.base_rate:.2%}"
    )
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("odds from")
    for name in ("mean", "Brier", "log score", "skill %, 95 %", "ECE", "perfect ECE", "z"):
        table.add_column(name, justify="right")
    for model in group.models:
        skill = model.skill
        table.add_row(
            model.name.replace("_", " "),
            f"{model.mean:.4f}",
            f"{model.brier:.5f}",
            f"{model.log_score:.5f}",
            f"{100 * skill.value:+.2f} [{100 * skill.low:+.2f}, {100 * skill.high:+.2f}]",
            f"{model.ece:.4f}",
            f"{model.ece_perfect[0]:.4f}–{model.ece_perfect[1]:.4f}",
            f"{model.spiegelhalter:+.2f}",
        )
    return table


def _layers(group: GroupReport) -> Table:
    title = f"{group.name}: loss added by leaving a layer out, thousandths (above 0: it helps)"
    table = Table(title=title, title_justify="left", expand=False)
    table.add_column("layer")
    for name in ("Brier, 95 %", "log score, 95 %"):
        table.add_column(name, justify="right")
    table.add_column("how")
    for layer in group.layers:
        cells = [
            f"{1e3 * loss.value:+.3f} [{1e3 * loss.low:+.3f}, {1e3 * loss.high:+.3f}]"
            if loss is not None
            else ""
            for loss in (layer.brier, layer.log_score)
        ]
        table.add_row(layer.layer.replace("_", " "), *cells, layer.how)
    return table


def _gate(group: GroupReport) -> str:
    share = group.gate_passed / group.candidates
    words = f"{group.gate_passed} of {group.candidates} ({share:.1%}) clear the entry gate"
    if group.gate_mean_net is None:
        return words
    return f"{words}, mean net return {group.gate_mean_net:+.3%}"


def _period(report: CalibrationReport) -> str:
    judged = f"judged from {report.first_at:%Y-%m-%d} to {report.last_at:%Y-%m-%d}"
    taught = f"the first {report.taught} candidates only taught"
    if report.locked_from is None:
        return f"[bold yellow]{escape(report.opened)}[/]; {judged}, {taught}"
    return f"the last fifth, from {report.locked_from:%Y-%m-%d}, stays locked; {judged}, {taught}"


def _file_name(group: str) -> str:
    return "".join(c if c.isalnum() or c == "-" else "_" for c in group)
