"""What a measure may answer: a number, that it does not apply here, or that it is not known.

Refuses to mix the last two up: what is not measured blocks nothing and says why, what is unknown
blocks entries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """The desk has, by its make, no such number here.

    Attributes
    ----------
    reason : str
        Why, in a few words without a full stop: ``no second price source is configured``.
    """

    reason: str


Reading = float | NotMeasured | None
"""A number that grows with danger; NotMeasured where there is none by design; None if missing."""


class Sign(StrEnum):
    """How a reading stands to the bound of its breaker."""

    WITHIN = "within"
    BEYOND = "beyond"
    UNKNOWN = "unknown"
    NOT_MEASURED = "not measured"


def known(value: float | Decimal | None) -> float | None:
    """`value` as a finite float, or None: the one place where unknown is told from known.

    Examples
    --------
    >>> known(Decimal("NaN")) is None, known(float("inf")) is None, known(Decimal("1.5"))
    (True, True, 1.5)
    """
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def reading(value: Reading) -> Reading:
    """`value` with every number that is not finite made unknown.

    Examples
    --------
    >>> reading(math.nan) is None, reading(NotMeasured("no quotes")).reason, reading(2.0)
    (True, 'no quotes', 2.0)
    """
    return value if isinstance(value, NotMeasured) else known(value)


def danger(value: Reading) -> Reading:
    """The size of `value`, whatever its sign."""
    found = reading(value)
    return abs(found) if isinstance(found, float) else found
