"""Room for tables: what is printed into a file or a pipe has no width of its own.

Refuses to narrow anything: a terminal keeps the width that it has.
"""

from __future__ import annotations

from rich.console import Console

FILE_WIDTH = 124
"""Columns that tables get in a file; rich would give them 80 and break every number."""


def make_room(console: Console) -> None:
    """Let tables be whole where there is no terminal."""
    if not console.is_terminal:
        console.width = max(console.width, FILE_WIDTH)
