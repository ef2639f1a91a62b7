"""Incidental interest: what was received, what was given away, what is left to give.

Refuses to guess a value: a line whose worth in dollars is not known is listed, not summed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from engine.model.venue_lines import VenueLine


@dataclass(frozen=True, slots=True)
class Purification:
    """The account of it.

    Attributes
    ----------
    lines : tuple of VenueLine
        Every line of interest, oldest first.
    received_usd, given_usd : Decimal, US dollars
    unvalued : tuple of VenueLine
        Lines in other assets whose worth the source does not give.
    """

    lines: tuple[VenueLine, ...]
    received_usd: Decimal
    given_usd: Decimal
    unvalued: tuple[VenueLine, ...]

    @property
    def left_usd(self) -> Decimal:
        """What is still to be given; below zero more was given than was received."""
        return self.received_usd - self.given_usd


def purification(interest: Iterable[VenueLine], given_usd: Iterable[Decimal]) -> Purification:
    """Sum what was received as interest and what was given away of it.

    Only what came in counts: interest that was *paid* is financing, for which there is nothing
    to give away and the desk halts.

    Examples
    --------
    >>> purification((), (Decimal(5),)).left_usd
    Decimal('-5')
    """
    received = tuple(sorted((x for x in interest if x.amount > 0), key=lambda line: line.at))
    known = [worth for line in received if (worth := line.worth_usd) is not None]
    return Purification(
        lines=received,
        received_usd=sum(known, Decimal(0)),
        given_usd=sum(given_usd, Decimal(0)),
        unvalued=tuple(line for line in received if line.worth_usd is None),
    )
