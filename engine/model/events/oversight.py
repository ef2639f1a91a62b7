"""Halts, breakers, limits and who was refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.model.actors import Actor
from engine.model.events.root import Event


@dataclass(frozen=True, slots=True)
class Halted(Event):
    """Entries are forbidden until the owner resumes; exits go on."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """The owner allowed entries again, and why."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerTripped(Event):
    """A limit was passed: entries are blocked until it resets.

    Attributes
    ----------
    value, bound : str
        What was measured and what is allowed, with units.
    resets : str
        What it takes to reset, in one sentence.
    why : str
        What it means, in one sentence; empty in records of version 1.
    to_paper : bool
        Whether the desk may not be live from now on.
    """

    version: ClassVar[int] = 2

    name: str
    value: str
    bound: str
    resets: str
    why: str = ""
    to_paper: bool = False


@dataclass(frozen=True, slots=True)
class BreakerReset(Event):
    """A breaker is armed again, by its rule or by the owner."""

    name: str
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewNoted(Event):
    """The owner looked back on a bad week and wrote what to make of it."""

    by: Actor
    text: str


@dataclass(frozen=True, slots=True)
class LimitsSet(Event):
    """The limits that hold from here on; written where they, or what is held back, differ.

    Attributes
    ----------
    values : mapping of str to float
        Each limit in force by name; durations in seconds, money in US dollars.
    held_back : tuple of (name, wanted, in force)
        Looser limits of the settings that wait until nothing is open.
    config_hash : str
        Settings from which they came.
    """

    values: dict[str, float]
    held_back: tuple[tuple[str, float, float], ...]
    config_hash: str


@dataclass(frozen=True, slots=True)
class AccessRefused(Event):
    """Somebody asked for what is not theirs to ask."""

    by: Actor
    action: str
