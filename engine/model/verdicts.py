"""Refusals are values: what the gates answer.

Refuses to be a bare boolean: a verdict always carries the number that decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Approved:
    """The request may go on as asked."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Resized:
    """The request may go on, smaller.

    Attributes
    ----------
    quantity : Decimal, base units, > 0
    limit : str
        What set the size, in words fit for the card.
    """

    quantity: Decimal
    limit: str
    value: str
    bound: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The request may not go on.

    Attributes
    ----------
    limit : str
        Name of the rule.
    value, bound : str
        What was measured and what is allowed, each with its unit.
    mend : str
        What somebody can do about it, one sentence.
    """

    limit: str
    value: str
    bound: str
    mend: str = ""

    @property
    def sentence(self) -> str:
        """The refusal in one plain sentence.

        Examples
        --------
        >>> Refused("daily loss", "-2.4 %", "-2 %", "Entries resume at 00:00 UTC.").sentence
        'Refused by daily loss: -2.4 % against a bound of -2 %. Entries resume at 00:00 UTC.'
        """
        measured = f"{self.value} against a bound of {self.bound}" if self.bound else self.value
        return f"Refused by {self.limit}: {measured}. {self.mend}".rstrip()


@dataclass(frozen=True, slots=True)
class Forbidden(Refused):
    """A refusal by an invariant: what was asked for may never happen, whoever asks.

    Where an order was about to be made it is journaled as an attempt, and blocks entries until
    the owner has looked into it.
    """


Verdict = Approved | Resized | Refused
