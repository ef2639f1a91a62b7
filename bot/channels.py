"""The bot's category and its two channels: found, made, and kept closed to strangers.

Refuses to touch a channel beyond its own overwrites: what somebody else allowed there stays,
but for @everyone, who may not look in.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import discord

from bot.errors import NoPlace
from bot.settings import BotSettings
from engine.facade import Place

_Overwrites = dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]

_NEEDED = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
}
_NEEDED_TO_CREATE = {"manage_channels": "Manage Channels", "manage_roles": "Manage Roles"}
_MEND = "give it to the bot's role under Server Settings > Roles, then run /setup again"


@dataclass(slots=True)
class SetupReport:
    """What `Channels.set_up` did, in words."""

    created: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class Channels:
    """Where each place of the desk is in the guild.

    Parameters
    ----------
    settings : BotSettings
    """

    def __init__(self, settings: BotSettings) -> None:
        self._settings = settings
        self._names = {
            Place.RESEARCH: settings.research_channel,
            Place.EXECUTION: settings.execution_channel,
        }
        self._ids = {
            Place.RESEARCH: settings.research_channel_id,
            Place.EXECUTION: settings.execution_channel_id,
        }
        self._found: dict[Place, int] = {}

    def is_ours(self, channel_id: int | None) -> bool:
        """Whether a channel is one of the two."""
        return channel_id in self._found.values()

    def is_at(self, channel_id: int | None, place: Place) -> bool:
        """Whether a channel is the one of `place`."""
        return channel_id is not None and self._found.get(place) == channel_id

    def channel(self, guild: discord.Guild, place: Place) -> discord.TextChannel:
        """The channel of a place.

        Raises
        ------
        NoPlace
            If it does not exist.
        """
        found = self._find(guild, place)
        if found is None:
            raise NoPlace(f"There is no #{self._names[place]} in {guild.name}: run /setup there.")
        self._found[place] = found.id
        return found

    def locate(self, guild: discord.Guild) -> None:
        """Learn which existing channels are ours."""
        for place in Place:
            if (found := self._find(guild, place)) is not None:
                self._found[place] = found.id

    async def set_up(self, guild: discord.Guild) -> SetupReport:
        """Create what is missing and mend who may see it; a second call changes nothing."""
        report = SetupReport(missing=self._missing_rights(guild))
        if report.missing:
            return report
        category = await self._category(guild, report)
        for place in Place:
            await self._ensure(guild, category, place, report)
        return report

    def _missing_rights(self, guild: discord.Guild) -> list[str]:
        mine = guild.me.guild_permissions
        wanted = dict(_NEEDED)
        if any(self._find(guild, place) is None for place in Place):
            wanted |= _NEEDED_TO_CREATE
        return [f"{name}: {_MEND}" for right, name in wanted.items() if not getattr(mine, right)]

    def _find(self, guild: discord.Guild, place: Place) -> discord.TextChannel | None:
        if (wanted := self._ids[place]) is not None:
            channel = guild.get_channel(wanted)
            return channel if isinstance(channel, discord.TextChannel) else None
        named = [c for c in guild.text_channels if c.name == self._names[place]]
        inside = [c for c in named if c.category and c.category.name == self._settings.category]
        return next(iter(inside + named), None)

    async def _category(
        self, guild: discord.Guild, report: SetupReport
    ) -> discord.CategoryChannel | None:
        if all(self._ids.values()):
            return None
        name = self._settings.category
        existing = discord.utils.get(guild.categories, name=name)
        if existing is not None:
            return existing
        report.created.append(f"the category **{name}**")
        return await guild.create_category(name, overwrites=self._overwrites(guild))

    async def _ensure(
        self,
        guild: discord.Guild,
        category: discord.CategoryChannel | None,
        place: Place,
        report: SetupReport,
    ) -> None:
        wanted = self._overwrites(guild)
        if place is Place.RESEARCH and self._settings.read_signals:
            voices = sorted(self._settings.signal_ids - self._settings.overseer_ids)
            wanted |= {_member(voice): _rights(send_messages=True) for voice in voices}
        channel = self._find(guild, place)
        if channel is None:
            name = self._names[place]
            channel = await guild.create_text_channel(name, category=category, overwrites=wanted)
            report.created.append(f"#{name}")
        elif any(channel.overwrites_for(who) != rights for who, rights in wanted.items()):
            merged: _Overwrites = {**channel.overwrites, **_by_id(channel, wanted)}
            await channel.edit(overwrites=merged)
            report.repaired.append(f"#{channel.name}")
        else:
            report.kept.append(f"#{channel.name}")
        self._found[place] = channel.id

    def _overwrites(self, guild: discord.Guild) -> _Overwrites:
        # Overseers write everywhere: one that is a bot can halt by nothing but a message.
        wanted: _Overwrites = {
            guild.default_role: discord.PermissionOverwrite(
                view_channel=False, send_messages=False
            ),
            guild.me: _rights(send_messages=True, attach_files=True),
            _member(self._settings.owner_id): _rights(send_messages=True),
        }
        for overseer in sorted(self._settings.overseer_ids):
            wanted[_member(overseer)] = _rights(send_messages=True)
        return wanted


def _rights(**more: bool) -> discord.PermissionOverwrite:
    return discord.PermissionOverwrite(
        view_channel=True, read_message_history=True, use_application_commands=True, **more
    )


def _member(user_id: int) -> discord.Object:
    return discord.Object(user_id, type=discord.Member)


def _by_id(channel: discord.TextChannel, wanted: _Overwrites) -> _Overwrites:
    # The same person may already stand there as a cached Member: one entry a person.
    present = {who.id: who for who in channel.overwrites}
    return {present.get(who.id, who): rights for who, rights in wanted.items()}
