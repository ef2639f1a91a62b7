"""The stream of what happened in the guild: state publishes, the gateway and the pages listen.

Delivery is synchronous and in order; a listener queues what it cannot send at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatch.

    Parameters
    ----------
    name : str
        A gateway event name, for example ``MESSAGE_CREATE``.
    payload : dict
    channel_id : str or None, snowflake
        The channel whose viewers may know of it; None for the whole guild.
    only_for : str or None, snowflake
        The one person who sees it on the page (an ephemeral answer); the bot is not told.
    page_only : bool
        True for news the gateway does not carry, such as an interaction's end.
    """

    name: str
    payload: Json
    channel_id: str | None = None
    only_for: str | None = None
    page_only: bool = False


class Feed:
    """Hands each event to every listener, in the order of their joining."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Add a listener, called with every later event."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Deliver an event now."""
        for listener in self._listeners:
            listener(event)
