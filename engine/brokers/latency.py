"""How long an order is on its way before the paper venue acts on it.

Refuses chance that cannot be repeated: an order's wait is a function of its client id and the
seed, so the same events give the same fills.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist

_TAIL_SDS = NormalDist().inv_cdf(0.95)
_STEPS = 2**64


@dataclass(frozen=True, slots=True)
class Latency:
    """A lognormal wait, by its median and the wait that one order in twenty exceeds.

    Attributes
    ----------
    median_seconds : float, seconds, >= 0
        0 makes every order act at once.
    tail_seconds : float, seconds, >= median_seconds
    seed : int

    Raises
    ------
    ValueError
        If the tail is shorter than the median, or either is below 0.

    Examples
    --------
    >>> Latency(0.0, 0.0).of("0123456789ab-entry-1")
    datetime.timedelta(0)
    """

    median_seconds: float = 0.3
    tail_seconds: float = 1.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 <= self.median_seconds <= self.tail_seconds < math.inf:
            raise ValueError(
                "latency must have 0 <= median <= tail, was "
                f"{self.median_seconds} and {self.tail_seconds}"
            )

    def of(self, client_id: str) -> timedelta:
        """The wait of one order."""
        if self.median_seconds == 0.0:
            return timedelta(0)
        drawn = hashlib.sha256(f"{self.seed}/{client_id}".encode()).digest()
        share = (int.from_bytes(drawn[:8]) + 0.5) / _STEPS
        spread = math.log(self.tail_seconds / self.median_seconds) / _TAIL_SDS
        wait = self.median_seconds * math.exp(spread * NormalDist().inv_cdf(share))
        return timedelta(seconds=wait)


AT_ONCE = Latency(0.0, 0.0)
"""No order waits."""
