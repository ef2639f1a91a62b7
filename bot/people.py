"""Who somebody is: owner, overseer or stranger, from the Discord id alone.

Refuses names and roles of the guild: anybody may take a name, and whoever runs a guild its roles.
"""

from __future__ import annotations

import discord

from bot.settings import BotSettings
from engine.facade import Actor, Role


class People:
    """Standing of every Discord user.

    Parameters
    ----------
    settings : BotSettings
    """

    def __init__(self, settings: BotSettings) -> None:
        self._owner_id = settings.owner_id
        self._overseer_ids = settings.overseer_ids

    def role_of(self, user_id: int) -> Role:
        """Owner, overseer or stranger, from the Discord id alone."""
        if user_id == self._owner_id:
            return Role.OWNER
        return Role.OVERSEER if user_id in self._overseer_ids else Role.STRANGER

    def actor(self, user: discord.User | discord.Member) -> Actor:
        """The user as the engine knows them."""
        return Actor(id=str(user.id), name=user.display_name, role=self.role_of(user.id))
