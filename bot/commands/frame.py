"""What every subcommand stands on: the app, shared options, one line for a fault, JSON.

Refuses tracebacks for a user's mistake.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from bot.faults import one_line

if TYPE_CHECKING:
    from engine.facade.records import Anchor

app = typer.Typer(
    name="executor",
    help="A Discord-controlled spot trading desk that asks before it buys.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

screen = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default: EXECUTOR_CONFIG, else ./config.toml."),
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="SYMBOL=FILE",
        help="Recorded bars (Parquet or CSV) of an instrument; once for each.",
    ),
]
BooksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--books",
        metavar="SYMBOL=FILE",
        help="Recorded order books of an instrument in --data (Kraken's messages as .jsonl, or "
        "bids and asks as Parquet or CSV); once for each.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
TrialsOption = Annotated[
    Path,
    typer.Option(
        "--trials",
        envvar="EXECUTOR_TRIALS",
        help="File of the trial log: every configuration ever tried is appended to it.",
    ),
]
TRIALS = Path("trials.jsonl")
"""Default of `TrialsOption`, in the current folder; one log for all searches."""
DbOption = Annotated[Path, typer.Option("--db", help="File of the journal.")]
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_SEQ_DIGITS = 18
"""No record has more entries than this has digits."""


def told(action: Callable[[], int | None]) -> None:
    """Run `action`; a fault that is not ours to hide becomes one line and exit code 1.

    Raises
    ------
    typer.Exit
        With the code that `action` answers, or 1 after a fault.
    """
    try:
        code = action()
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except Exception as fault:
        line = one_line(fault)
        if line is None:
            raise
        err.print(f"[bold red]executor:[/] {escape(line)}")
        raise typer.Exit(1) from None
    if code:
        raise typer.Exit(code)


def parse_data(data: list[str] | None, option: str = "--data") -> dict[str, Path]:
    """``SYMBOL=FILE`` pairs as a mapping.

    Raises
    ------
    typer.BadParameter
        If a pair has no ``=``, or an instrument comes twice.

    Examples
    --------
    >>> parse_data(["BTC-USD=btc.parquet"])
    {'BTC-USD': PosixPath('btc.parquet')}
    """
    files: dict[str, Path] = {}
    for pair in data or []:
        symbol, separator, path = pair.partition("=")
        if not (symbol and separator and path):
            raise typer.BadParameter(
                f"{pair!r} is not SYMBOL=FILE, for example BTC-USD=btc.parquet",
                param_hint=option,
            )
        if symbol.upper() in files:
            raise typer.BadParameter(f"{symbol.upper()} is given twice", param_hint=option)
        files[symbol.upper()] = Path(path)
    return files


def instant_of(text: str | None, option: str) -> datetime | None:
    """An option's instant as aware UTC; None stays None.

    Raises
    ------
    typer.BadParameter
        If `text` is no ISO date, or no market was ever recorded in its year.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date, write 2024-05-01 or 2024-05-01T12:00", param_hint=option
        ) from None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise typer.BadParameter(
            f"{text!r} must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}", param_hint=option
        )
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def span_of(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Instants of ``--from`` and ``--to``.

    Raises
    ------
    typer.BadParameter
        If one is no date, or they lie the wrong way round.
    """
    begin, end = instant_of(since, "--from"), instant_of(until, "--to")
    if begin is not None and end is not None and begin >= end:
        raise typer.BadParameter("must lie before --to", param_hint="--from")
    return begin, end


def anchor_of(text: str | None) -> Anchor | None:
    """A head noted down elsewhere, written SEQ:HASH; None stays None.

    Raises
    ------
    typer.BadParameter
        If `text` is no such pair.
    """
    from engine.facade.records import Anchor

    if text is None:
        return None
    seq, _, head = text.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(seq) <= _SEQ_DIGITS and head):
        raise typer.BadParameter(f"{text!r} is not SEQ:HASH", param_hint="--anchor")
    return Anchor(int(seq), head)


AnchorOption = Annotated[
    str | None,
    typer.Option("--anchor", metavar="SEQ:HASH", help="A head that was noted down elsewhere."),
]


def print_json(value: Any) -> None:
    """Print a value as JSON; NaN is refused."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=str))
