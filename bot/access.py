"""The one place that decides what somebody may ask for.

Refuses by default: a command without a rule is nobody's, and every refusal is journaled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.errors import AccessDenied
from bot.host import Host
from engine.facade import Actor, Permission, Role

_RULE = "__executor_permission__"
_Callback = TypeVar("_Callback", bound=Callable[..., Any])

_STRANGER = "Executor works for its owner and the owner's overseers only. Nothing was done."
_OVERSEER = (
    "Only the owner may do that; overseers may read everything and /halt. Nothing was done."
)


def needs(permission: Permission) -> Callable[[_Callback], _Callback]:
    """Declare what a slash command asks for; goes under ``@app_commands.command``.

    Examples
    --------
    >>> @needs(Permission.READ)
    ... async def status(interaction): ...
    >>> status.__executor_permission__
    <Permission.READ: 'read'>
    """

    def mark(callback: _Callback) -> _Callback:
        setattr(callback, _RULE, permission)
        return callback

    return mark


def rule_of(command: object) -> Permission | None:
    """What a command asks for; None if it was never declared, and then nobody may use it."""
    rule = getattr(getattr(command, "callback", None), _RULE, None)
    return rule if isinstance(rule, Permission) else None


async def admit(
    interaction: discord.Interaction[Host], permission: Permission | None, action: str
) -> Actor:
    """Let the user of an interaction pass, or journal and refuse.

    Parameters
    ----------
    permission : Permission or None
        None lets nobody pass.
    action : str
        What was asked for, as it goes into the journal.

    Raises
    ------
    AccessDenied
        With the sentence to show.
    """
    actor = interaction.client.people.actor(interaction.user)
    if permission is not None and actor.may(permission):
        return actor
    await interaction.client.desk.refuse_access(actor, action)
    raise AccessDenied(_STRANGER if actor.role is Role.STRANGER else _OVERSEER)


class GuardedTree(app_commands.CommandTree[Host]):
    """Command tree that asks `admit` before every command and every autocompletion."""

    async def interaction_check(self, interaction: discord.Interaction[Host]) -> bool:
        """Refuse strangers before anything of the command runs."""
        command = interaction.command
        permission = rule_of(command)
        if interaction.type is discord.InteractionType.autocomplete:
            return await self._may_complete(interaction, permission)
        name = command.qualified_name if command else "unknown"
        await admit(interaction, permission, f"/{name}")
        return True

    async def _may_complete(
        self, interaction: discord.Interaction[Host], permission: Permission | None
    ) -> bool:
        # Typing is not yet asking: a stranger sees no choices, and only the command is journaled.
        actor = interaction.client.people.actor(interaction.user)
        if permission is not None and actor.may(permission):
            return True
        await interaction.response.autocomplete([])
        return False
