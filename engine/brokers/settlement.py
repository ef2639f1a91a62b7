"""What a venue has sold to us or owes us, and that is not ours before its day.

Refuses to let either count before: unsettled lots cannot be sold, unsettled proceeds buy nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Units that were bought, or dollars that were received, and are ours from `settles_at`.

    Attributes
    ----------
    client_id : str
        The purchase; empty for proceeds.
    asset : str
        Base asset of a purchase, ``USD`` of proceeds.
    """

    client_id: str
    asset: str
    amount: Decimal
    settles_at: datetime


class Settlement:
    """Every counter-value that is still on its way.

    Parameters
    ----------
    unsettled : iterable of Unsettled
        What the journal says is on its way; empty at the first start.
    """

    def __init__(self, unsettled: Iterable[Unsettled] = ()) -> None:
        self._waiting = list(unsettled)

    def expect(self, unsettled: Unsettled) -> None:
        """Let one more counter-value be on its way."""
        self._waiting.append(unsettled)

    def waiting(self, asset: str) -> Decimal:
        """Units or dollars of `asset` that are not ours yet."""
        return sum((each.amount for each in self._waiting if each.asset == asset), _NOTHING)

    def waiting_at(self, asset: str, at: datetime) -> Decimal:
        """Units or dollars of `asset` that are not ours at `at`, told as settled or not."""
        late = (each for each in self._waiting if each.asset == asset and each.settles_at > at)
        return sum((each.amount for each in late), _NOTHING)

    def mature(self, at: datetime) -> list[str]:
        """Let go of what has settled by `at`; answers purchases that wait for nothing more."""
        due = [each for each in self._waiting if each.settles_at <= at]
        self._waiting = [each for each in self._waiting if each.settles_at > at]
        waiting = {each.client_id for each in self._waiting}
        return [
            client_id
            for client_id in dict.fromkeys(each.client_id for each in due)
            if client_id and client_id not in waiting
        ]
