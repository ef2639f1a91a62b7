"""What is asked of a model, within which bounds, and what comes back.

Refuses questions without instructions, and bounds that bound nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic

from engine.llm.form import Filled
from engine.metering.prices import Usage


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one model.

    Attributes
    ----------
    model : str
        Its id, exactly as the server lists it.
    instructions : str
        Ours, and the only text that tells the model what to do.
    data : mapping of str to plain JSON data
        What it is asked about; sent as JSON, so that no text in it can pose as instructions.
    pictures : tuple of bytes
        PNG files.
    """

    model: str
    instructions: str
    data: Mapping[str, Any]
    pictures: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not (self.model and self.instructions.strip()):
            raise ValueError("a question must name its model and hold instructions")


@dataclass(frozen=True, slots=True)
class Caps:
    """Bounds of one question.

    Attributes
    ----------
    seconds : float, real seconds, > 0
        For everything together: connecting, waiting, trying again.
    answer_tokens : int, tokens, > 0
    answer_bytes : int, bytes, > 0
        Longest body that is read; what is longer is no answer.
    attempts : int, >= 1
        How often it is asked at most; again only where nothing can have been billed, or the
        answer was blank.
    pause_seconds : float, real seconds, >= 0
        Before the second attempt; doubled with each further one.
    """

    seconds: float
    answer_tokens: int = 400
    answer_bytes: int = 64_000
    attempts: int = 2
    pause_seconds: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds < math.inf:
            raise ValueError(f"seconds must be finite and > 0, was {self.seconds}")
        if min(self.answer_tokens, self.answer_bytes, self.attempts) < 1:
            raise ValueError("answer_tokens, answer_bytes and attempts must be at least 1")
        if not 0.0 <= self.pause_seconds < math.inf:
            raise ValueError(f"pause_seconds must be finite and >= 0, was {self.pause_seconds}")


class Silence(StrEnum):
    """Why there is no answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    DISCONNECTED = "disconnected"
    BUSY = "busy"
    REFUSED = "refused"
    SERVER_FAULT = "server fault"
    NOT_LOADED = "not loaded"
    ABSENT = "model absent"
    WRONG_MODEL = "wrong model"
    BLANK = "blank"
    CUT_SHORT = "cut short"
    TOO_LONG = "too long"
    UNPARSABLE = "unparsable"
    VOID = "void"
    UNSUPPORTED = "unsupported"
    UNPRICED = "unpriced"
    BUDGET = "budget"
    NO_CHART = "no chart"
    TOO_FEW_BARS = "too few bars"
    FALSE_CLAIM = "false claim"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Effort:
    """What a question took.

    Attributes
    ----------
    seconds : float, real seconds
    attempts : int
    uses : tuple of Usage
        One for each answer whose tokens the server counted, the blank ones included.
    uncounted : int
        Calls that may have been billed and whose tokens nobody told.
    """

    seconds: float = 0.0
    attempts: int = 0
    uses: tuple[Usage, ...] = ()
    uncounted: int = 0

    @property
    def usage(self) -> Usage:
        """Tokens of all attempts together."""
        return Usage(
            sum(use.into for use in self.uses),
            sum(use.cached for use in self.uses),
            sum(use.out for use in self.uses),
        )


@dataclass(frozen=True, slots=True)
class Answered(Generic[Filled]):
    """A model filled the form in, and every field keeps its rule."""

    form: Filled
    model: str
    effort: Effort


@dataclass(frozen=True, slots=True)
class Unanswered:
    """There is no answer that may be used.

    Attributes
    ----------
    detail : str
        One clause for people, without a full stop; the server's own words only clipped.
    """

    silence: Silence
    detail: str
    model: str
    effort: Effort = Effort()

    @property
    def reason(self) -> str:
        """Kind and detail in one clause."""
        return f"{self.silence}: {self.detail}" if self.detail else self.silence.value
