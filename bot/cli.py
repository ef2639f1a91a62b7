"""The command line: ``executor`` and its subcommands.

Refuses tracebacks for a user's mistake: one line that names the thing and the mend, and an exit
code that is not 0.
"""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from bot.commands import (
    backtest,
    costs,
    data,
    desk,
    history,
    law,
    oversight,
    record,
    rehearsal,
    review,
    searching,
    trials,
    witnesses,
)
from bot.commands.frame import app, err

__all__ = [
    "app",
    "backtest",
    "costs",
    "data",
    "desk",
    "history",
    "law",
    "main",
    "oversight",
    "record",
    "rehearsal",
    "review",
    "searching",
    "trials",
    "witnesses",
]


def main() -> None:
    """Entry point of ``executor`` and ``python -m bot``; tells a wrong option in one line."""
    try:
        code = app(standalone_mode=False)
    except typer.Abort:
        code = 130
    except Exception as fault:
        # Typer brings a click of its own, or uses the real one: their root has no common name.
        if not hasattr(fault, "format_message"):
            raise
        said = " ".join(fault.format_message().split()).rstrip(".")
        err.print(f"[bold red]executor:[/] {escape(said)}; see executor --help")
        code = 2
    sys.exit(code or 0)
