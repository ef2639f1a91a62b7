"""The seam for tests: an answer that goes wrong once, and a record of what was asked.

Faults are taken in the order they were set; without any, nothing here changes an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong answer waiting for its request."""

    method: str
    path_contains: str
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class Faults:
    """Wrong answers to come."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def once(
        self,
        method: str,
        path_contains: str,
        *,
        status: int,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer the next matching request wrongly, before it has any effect.

        Parameters
        ----------
        method : str
            An HTTP method.
        path_contains : str
            A part of the path below ``/api/v10``.
        status : int, HTTP status
        body : JSON value
            By default Discord's for a 429, else a bare message.
        headers : mapping of str to str, optional
            A 429 gets ``Via`` by itself.
        """
        limited = status == 429
        default = {"message": "You are being rate limited.", "retry_after": 0.05, "global": False}
        plain = {"message": f"{status}: injected", "code": 0}
        answer = body if body is not None else default if limited else plain
        via = {"Via": "1.1 sandbox"} if limited else {}
        every = {**via, **(headers or {})}
        self._waiting.append(Fault(method.upper(), path_contains, status, answer, every))

    def take(self, method: str, path: str) -> Fault | None:
        """Return and forget the first fault that matches, or None."""
        for fault in self._waiting:
            if fault.method == method and fault.path_contains in path:
                self._waiting.remove(fault)
                return fault
        return None


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A REST request the bot made.

    Parameters
    ----------
    method : str
    path : str
        Below ``/api/v10``, as sent.
    route : str
        The route's template with Discord's parameter names, for example
        ``/channels/{channel_id}/messages``; the path itself where no route matched.
    body : JSON value or None
    files : tuple of (str, int)
        Name and size in bytes of each file.
    status : int, HTTP status of the answer
    """

    method: str
    path: str
    route: str
    body: Any
    files: tuple[tuple[str, int], ...]
    status: int
