"""``executor review``: what the record proves, gate by gate, from the journal alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.frame import (
    ConfigOption,
    DataOption,
    DbOption,
    JsonOption,
    app,
    parse_data,
    print_json,
    screen,
    told,
)
from bot.logs import write_logs


@app.command()
def review(
    db: DbOption,
    data: DataOption = None,
    trials: Annotated[
        Path | None,
        typer.Option("--trials", help="Trial log; default from config.toml (review.trials)."),
    ] = None,
    backtest: Annotated[
        Path | None,
        typer.Option(
            "--backtest", help="metrics.json whose promise is taken where none is registered."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Every gate with its number and bound, the verdict, and what it would take."""

    def action() -> None:
        from bot.review import print_review
        from engine.facade import load_settings
        from engine.facade.research import (
            ReviewFiles,
            read_review,
            review_as_json,
        )

        write_logs("error", as_json=False)
        files = ReviewFiles(trials, str(backtest or ""), parse_data(data))
        read = read_review(load_settings(config), db, files)
        if as_json:
            print_json(review_as_json(read))
        else:
            print_review(read, screen)

    told(action)
