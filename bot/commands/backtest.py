"""``executor backtest``: recorded history traded as the live desk would have."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

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

_YEAR_MINUTES = 525_600.0


class Yes(StrEnum):
    """When a proposal that asks is approved."""

    AT_ONCE = "at-once"
    LATENCY = "latency"
    NEVER = "never"


@app.command()
def backtest(
    data: DataOption = None,
    fine: Annotated[
        list[str] | None,
        typer.Option(
            "--fine",
            metavar="SYMBOL=FILE",
            help="Finer bars of an instrument in --data, against which its orders trade.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Trade from then; the layers study before."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="Trade until then.")
    ] = None,
    config: ConfigOption = None,
    costs: Annotated[
        str, typer.Option("--costs", help="Multiples of every cost; 1 is the result.")
    ] = "0.5,1,2",
    approval: Annotated[
        Yes, typer.Option("--approval", help="When a proposal that asks is approved.")
    ] = Yes.LATENCY,
    latency: Annotated[
        float,
        typer.Option(
            "--latency", min=0.0, max=_YEAR_MINUTES, help="Minutes from a proposal to the yes."
        ),
    ] = 5.0,
    exploratory: Annotated[
        bool, typer.Option("--exploratory", help="Make exploratory trades too, booked apart.")
    ] = False,
    open_locked: Annotated[
        bool, typer.Option("--open-locked", help="See the last fifth of the history too.")
    ] = False,
    again: Annotated[
        str,
        typer.Option("--again", metavar="REASON", help="Why the last fifth is opened again."),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything that draws.")] = 20250630,
    trials: TrialsOption = TRIALS,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for trades, candidates, equity, numbers and a page."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Trade recorded history as the live desk would have, and say what came of it."""
    files, finer = parse_data(data), parse_data(fine, "--fine")
    if not files:
        raise typer.BadParameter("give at least one SYMBOL=FILE", param_hint="--data")
    for symbol in finer:
        if symbol not in files:
            raise typer.BadParameter(f"{symbol} has no --data", param_hint="--fine")
    factors = factors_of(costs)
    begin, end = span_of(since, until)

    def action() -> int | None:
        from bot.backtest import (
            INTERRUPTED,
            backtest_with_progress,
            print_backtest,
        )
        from engine.facade import SystemClock
        from engine.facade.research import (
            Approval,
            BacktestPlan,
            TrialLog,
            backtest_as_json,
            require_folder,
            write_backtest,
        )

        write_logs("error", as_json=False)
        yes = {
            Yes.AT_ONCE: Approval.AT_ONCE,
            Yes.LATENCY: Approval.AFTER_LATENCY,
            Yes.NEVER: Approval.NEVER,
        }[approval]
        try:
            plan = BacktestPlan(
                start=begin,
                until=end,
                cost_factors=factors,
                approval=yes,
                latency=timedelta(minutes=latency),
                exploratory=exploratory,
                open_locked=open_locked,
                seed=seed,
            )
        except ValueError as fault:
            raise typer.BadParameter(str(fault)) from None
        if out is not None:
            require_folder(out)
        log = TrialLog(trials, SystemClock())
        report = backtest_with_progress(config, files, plan, log, err, fine=finer, again=again)
        written = [] if out is None else write_backtest(report, out)
        if as_json:
            print_json(backtest_as_json(report) | {"files": [str(path) for path in written]})
        else:
            print_backtest(report, written, screen)
        return None if report.result.complete else INTERRUPTED

    told(action)


def factors_of(text: str) -> tuple[float, ...]:
    """Multiples of costs, the result's own first.

    Raises
    ------
    typer.BadParameter
        If one is no number.

    Examples
    --------
    >>> factors_of("0.5,1,2")
    (1.0, 0.5, 2.0)
    """
    try:
        factors = [float(part) for part in text.split(",")]
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not numbers with commas, for example 0.5,1,2", param_hint="--costs"
        ) from None
    if 1.0 in factors:
        factors.remove(1.0)
        factors.insert(0, 1.0)
    return tuple(factors)
