"""Who asks: the owner, an overseer, a stranger, or the desk itself.

Refuses to authenticate; the process at the door says who somebody is, the engine what they may.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Standing of an actor, from most to least."""

    OWNER = "owner"
    OVERSEER = "overseer"
    STRANGER = "stranger"
    DESK = "desk"


class Permission(StrEnum):
    """What a command asks for."""

    READ = "read"
    HALT = "halt"
    DECIDE = "decide"


_ALLOWED = {
    Role.OWNER: frozenset(Permission),
    Role.OVERSEER: frozenset({Permission.READ, Permission.HALT}),
    Role.STRANGER: frozenset[Permission](),
    Role.DESK: frozenset({Permission.READ, Permission.HALT}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something.

    Attributes
    ----------
    id : str
        Stable id at the door they came through (a Discord snowflake, ``"cli"``, ``"desk"``).
    name : str
        How they are shown.
    """

    id: str
    name: str
    role: Role

    def may(self, permission: Permission) -> bool:
        """Whether this actor's standing includes `permission`.

        Examples
        --------
        >>> Actor("1", "Arki", Role.OVERSEER).may(Permission.DECIDE)
        False
        """
        return permission in _ALLOWED[self.role]


DESK = Actor(id="desk", name="the desk", role=Role.DESK)
"""The desk, acting by its own rules."""

KILL_FILE = Actor(id="kill-file", name="the kill file", role=Role.DESK)
"""A file on this machine's disk that somebody has put there; it may halt and nothing else."""
