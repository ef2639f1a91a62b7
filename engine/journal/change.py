"""The one dispatcher: which function lets which event change the ledger.

Refuses an event that nobody has taught it, and names that the ledger does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TypeVar

from engine.errors import InvariantBroken
from engine.journal.ledger import Ledger
from engine.model.events import Event
from engine.ports import Envelope

Key = TypeVar("Key")
Value = TypeVar("Value")


@singledispatch
def change(event: Event, ledger: Ledger, envelope: Envelope) -> None:
    """Let `event` change `ledger`: all of it, or nothing where it contradicts the ledger.

    Raises
    ------
    InvariantBroken
        If the event contradicts the ledger, or is of a kind that has no fold.
    """
    raise InvariantBroken(f"entry {envelope.seq}: the fold does not know {type(event).__name__}")


def known(things: Mapping[Key, Value], key: Key, what: str) -> Value:
    """The thing under `key`.

    Raises
    ------
    InvariantBroken
        If there is none: an event speaks of something that never was.
    """
    try:
        return things[key]
    except KeyError:
        raise InvariantBroken(f"there is no {what} {key}") from None
