"""Interactions: what a person started, until the bot answers or its time is up.

An answer must come within 3 s, once; its token works for 15 min. What the answer does to the
guild is ``answers``' work, what a person can start is ``acting``'s.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from enum import IntEnum

from bot.sandbox.drafts import public_shape
from bot.sandbox.errors import api_error
from bot.sandbox.feed import Event, Feed
from bot.sandbox.guild import Guild
from bot.sandbox.snowflake import Snowflakes
from bot.sandbox.wire import MAX_UPLOAD_BYTES, Json

TOKEN_LIFE_S = 15 * 60.0
_KEPT = 500


class InteractionKind(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an interaction ended for the person who started it.

    Parameters
    ----------
    interaction_id : str, snowflake
    kind : str
        ``message``, ``thinking``, ``deferred``, ``updated``, ``choices``, ``modal``, or
        ``failed`` when no answer came in time.
    message_id : str or None, snowflake
        The message that is the answer, or that was changed.
    modal : dict or None
    choices : tuple of dict
    """

    interaction_id: str
    kind: str
    message_id: str | None = None
    modal: Json | None = None
    choices: tuple[Json, ...] = ()


@dataclass(slots=True)
class Interaction:
    """One interaction and what became of it."""

    id: str
    token: str
    kind: InteractionKind
    user_id: str
    channel_id: str
    opened_at_s: float
    outcome: asyncio.Future[Outcome]
    command_name: str | None = None
    source: Json | None = None
    answer_id: str | None = None
    loading: bool = False
    ephemeral: bool = False
    acknowledged: bool = field(default=False)


class Interactions:
    """Opens interactions and finds them by token.

    Parameters
    ----------
    guild : Guild
    ids : Snowflakes
    feed : Feed
    answer_within_s : float, seconds, > 0
        The deadline for the first answer; Discord's is 3.
    """

    def __init__(
        self, guild: Guild, ids: Snowflakes, feed: Feed, *, answer_within_s: float
    ) -> None:
        self._guild = guild
        self._ids = ids
        self._feed = feed
        self._answer_within_s = answer_within_s
        self._by_token: dict[str, Interaction] = {}

    async def run(
        self,
        kind: InteractionKind,
        user_id: str,
        channel_id: str,
        data: Json,
        *,
        source: Json | None = None,
        command_name: str | None = None,
    ) -> Outcome:
        """Send an interaction to the bot and wait for its first answer.

        Returns
        -------
        Outcome
            ``failed`` if no answer came in time.
        """
        loop = asyncio.get_running_loop()
        interaction = Interaction(
            id=self._ids.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            user_id=user_id,
            channel_id=channel_id,
            opened_at_s=loop.time(),
            outcome=loop.create_future(),
            command_name=command_name,
            source=source,
        )
        self._remember(interaction)
        payload = self._payload(interaction, data)
        self._feed.publish(Event("INTERACTION_CREATE", payload))
        try:
            async with asyncio.timeout(self._answer_within_s):
                return await asyncio.shield(interaction.outcome)
        except TimeoutError:
            return Outcome(interaction.id, "failed")

    def to_answer(self, interaction_id: str, token: str) -> Interaction:
        """Return an interaction whose first answer may come now.

        Raises
        ------
        ApiError
            10062 if it is unknown or too late, 40060 if it was answered.
        """
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise api_error(10062)
        if interaction.acknowledged:
            raise api_error(40060)
        if self._age_s(interaction) > self._answer_within_s:
            raise api_error(10062)
        return interaction

    def by_webhook(self, application_id: str, token: str) -> Interaction:
        """Return an answered interaction whose token still works.

        Raises
        ------
        ApiError
            50027 if the token is unknown or older than 15 min, 10015 for a foreign
            application or before the first answer.
        """
        interaction = self._by_token.get(token)
        if interaction is None or self._age_s(interaction) > TOKEN_LIFE_S:
            raise api_error(50027)
        if application_id != self._guild.bot_id or not interaction.acknowledged:
            raise api_error(10015)
        return interaction

    def settle(self, interaction: Interaction, outcome: Outcome) -> None:
        """Note the first answer."""
        interaction.acknowledged = True
        if not interaction.outcome.done():
            interaction.outcome.set_result(outcome)

    def close(self) -> None:
        """Let go of everything, at the server's end."""
        for interaction in self._by_token.values():
            interaction.outcome.cancel()
        self._by_token.clear()

    @staticmethod
    def _age_s(interaction: Interaction) -> float:
        return asyncio.get_running_loop().time() - interaction.opened_at_s

    def _remember(self, interaction: Interaction) -> None:
        self._by_token[interaction.token] = interaction
        while len(self._by_token) > _KEPT:
            del self._by_token[next(iter(self._by_token))]

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        guild, channel_id = self._guild, interaction.channel_id
        granted = guild.permissions_of(interaction.user_id, channel_id)
        channel = {**guild.channel(channel_id), "permissions": str(granted)}
        payload: Json = {
            "id": interaction.id,
            "application_id": guild.bot_id,
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "data": data,
            "context": 0,
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "locale": "en-US",
            "channel_id": channel_id,
            "channel": channel,
            "member": {**guild.member(interaction.user_id), "permissions": str(granted)},
            "app_permissions": str(guild.permissions_of(guild.bot_id, channel_id)),
            "entitlements": [],
            "attachment_size_limit": MAX_UPLOAD_BYTES,
            "authorizing_integration_owners": {"0": guild.id},
        }
        if interaction.source is not None:
            payload["message"] = public_shape(interaction.source)
        return payload
