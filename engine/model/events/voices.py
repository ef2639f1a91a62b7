"""What outside voices said, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.actors import Actor
from engine.model.events.root import Event
from engine.model.signals import Signal, SignalResult


@dataclass(frozen=True, slots=True)
class SignalHeard(Event):
    """An outside call went on record, before its outcome was known.

    Attributes
    ----------
    by : Actor
        Who brought it: the owner by command, or the account that said it.
    """

    signal: Signal
    by: Actor


@dataclass(frozen=True, slots=True)
class SignalClosed(Event):
    """A call ended and was held to its word."""

    signal_id: str
    result: SignalResult
