"""``executor data``: fetch a venue's past into a file, and look at what a file holds."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.commands.frame import (
    ConfigOption,
    JsonOption,
    app,
    err,
    print_json,
    screen,
    span_of,
    told,
)
from bot.logs import write_logs

if TYPE_CHECKING:
    from engine.facade import Timeframe

data_app = typer.Typer(help="Fetch recorded bars from a venue, and check files of them.")
app.add_typer(data_app, name="data")


@data_app.command("fetch")
def data_fetch(
    venue: Annotated[str, typer.Option("--venue", help="kraken or coinbase.")],
    symbol: Annotated[str, typer.Option("--symbol", help="Instrument, such as BTC-USD.")],
    timeframe: Annotated[
        str, typer.Option("--timeframe", help="1m, 5m, 15m, 30m, 1h, 2h, 4h or 1d.")
    ],
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="First bar, UTC.")],
    out: Annotated[
        Path, typer.Option("--out", help="Parquet file; one that is there is gone on with.")
    ],
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="End, UTC; default: the newest closed bar."),
    ] = None,
    from_trades: Annotated[
        bool,
        typer.Option("--from-trades", help="Build bars from all trades (Kraken, beyond 720)."),
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Another root of the venue's REST, as of a proxy.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch closed bars into a file; stop it whenever you like, the same call goes on."""

    def action() -> None:
        from bot.data import fetch_with_progress, print_fetched
        from engine.facade.research import (
            FetchPlan,
            fetched_as_json,
        )

        write_logs("warning", as_json=False)
        begin, end = span_of(since, until)
        if begin is None:
            raise typer.BadParameter("give a date", param_hint="--from")
        name = symbol.upper().replace("/", "-")
        plan = FetchPlan(name, _timeframe(timeframe), begin, end, from_trades)
        fetched = asyncio.run(fetch_with_progress(venue.lower(), plan, out, url, err))
        if as_json:
            print_json(fetched_as_json(fetched))
        else:
            print_fetched(fetched, screen)

    told(action)


@data_app.command("check")
def data_check(
    file: Annotated[Path, typer.Argument(help="Parquet or CSV file of bars.")],
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Instrument; default: from the file's name.")
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(
            "--calendar", help="continuous, metals or nyse; default: the instrument's own."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 for warnings too.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for gaps, disorder, bad rows, outliers and a wrong clock; 1 if it is not usable."""

    def action() -> int:
        from bot.data import print_inspection
        from engine.facade import (
            SystemClock,
            load_settings,
        )
        from engine.facade.research import (
            check_file,
            inspection_as_json,
        )

        seen = check_file(load_settings(config), file, symbol, calendar, SystemClock().now())
        if as_json:
            print_json(inspection_as_json(seen))
        else:
            print_inspection(seen, screen)
        return 0 if (seen.clean if strict else seen.usable) else 1

    told(action)


def _timeframe(text: str) -> Timeframe:
    from engine.facade import Timeframe

    try:
        return Timeframe(text)
    except ValueError:
        known = ", ".join(Timeframe)
        raise typer.BadParameter(
            f"{text!r} is none of {known}", param_hint="--timeframe"
        ) from None
