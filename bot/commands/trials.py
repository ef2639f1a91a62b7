"""``executor trials``: everything ever tried on history, and what the best of it is worth."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.commands.frame import (
    TRIALS,
    AnchorOption,
    JsonOption,
    TrialsOption,
    anchor_of,
    app,
    print_json,
    screen,
    told,
)


@app.command()
def trials(
    trials: TrialsOption = TRIALS,
    search: Annotated[
        str | None,
        typer.Option("--search", help="Only trials of this command or study; default: all."),
    ] = None,
    anchor: AnchorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show and verify the trial log: every configuration tried, deflated for all of them."""

    def action() -> int:
        from bot.trials import print_trials, trials_as_json
        from engine.facade import SystemClock
        from engine.facade.research import TrialLog

        log = TrialLog(trials, SystemClock())
        report = log.verify(anchor_of(anchor))
        entries = log.entries() if report.ok else []
        if as_json:
            print_json(trials_as_json(report, entries, search))
        else:
            print_trials(report, entries, search, screen)
        return 0 if report.ok else 1

    told(action)
