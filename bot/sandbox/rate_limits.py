"""Rate limits as Discord has them: buckets by route and major parameter, headers on each answer.

Time is the event loop's; the wall clock appears only in the header that Discord fills with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_BUCKETS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class RatePolicy:
    """How much each bucket allows.

    Parameters
    ----------
    requests : int, requests, at least 1
    per_s : float, seconds, > 0
    """

    requests: int = 5
    per_s: float = 1.0

    def __post_init__(self) -> None:
        if self.requests < 1 or self.per_s <= 0:
            raise ValueError(f"a rate policy allows something in some time, was {self}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and the headers that say so.

    Parameters
    ----------
    retry_after_s : float, seconds
        0 if it may pass.
    headers : dict of str to str
    """

    retry_after_s: float
    headers: dict[str, str]


class RateLimits:
    """Counts requests in sliding windows.

    Parameters
    ----------
    policy : RatePolicy
    now : callable returning an aware datetime
    """

    def __init__(self, policy: RatePolicy, now: Callable[[], datetime]) -> None:
        self._policy = policy
        self._now = now
        self._hits: dict[tuple[str, str], deque[float]] = {}

    def take(self, route: str, major: str) -> Verdict:
        """Count a request, unless its bucket is empty.

        Parameters
        ----------
        route : str
            Method and route template.
        major : str
            The id of the channel, guild or webhook in the path.
        """
        at_s = asyncio.get_running_loop().time()
        hits = self._bucket(route, major)
        while hits and at_s - hits[0] >= self._policy.per_s:
            hits.popleft()
        if len(hits) >= self._policy.requests:
            wait_s = round(hits[0] + self._policy.per_s - at_s, 3) + 0.001
            return Verdict(wait_s, self._headers(route, 0, wait_s) | _refusal(wait_s))
        hits.append(at_s)
        reset_s = hits[0] + self._policy.per_s - at_s
        left = self._policy.requests - len(hits)
        return Verdict(0.0, self._headers(route, left, reset_s))

    def _bucket(self, route: str, major: str) -> deque[float]:
        while len(self._hits) >= _BUCKETS_KEPT:
            del self._hits[next(iter(self._hits))]
        return self._hits.setdefault((route, major), deque())

    def _headers(self, route: str, left: int, reset_s: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self._policy.requests),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{self._now().timestamp() + reset_s:.3f}",
            "X-RateLimit-Reset-After": f"{reset_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }


def _refusal(wait_s: float) -> dict[str, str]:
    # discord.py takes a 429 without Via for a ban by the front proxy and does not retry it.
    return {"Retry-After": f"{wait_s:.3f}", "X-RateLimit-Scope": "user", "Via": "1.1 sandbox"}
