"""The messages of all channels: create, edit, delete, list, pin, react.

At most 2,000 a channel are kept, oldest out first, with their files. Ephemeral messages live in
memory only, are shown to one person, and are never dispatched to the bot.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from itertools import islice

from bot.sandbox.attachments import Attachments
from bot.sandbox.drafts import Drafts, public_shape
from bot.sandbox.errors import api_error
from bot.sandbox.feed import Event, Feed
from bot.sandbox.guild import Guild
from bot.sandbox.snowflake import Snowflakes
from bot.sandbox.store import Store
from bot.sandbox.validation import (
    EPHEMERAL,
    LOADING,
    as_object,
)
from bot.sandbox.wire import Form, Json

KEPT_PER_CHANNEL = 2000


class Messages:
    """Every message, by channel and by id.

    Parameters
    ----------
    guild : Guild
    ids : Snowflakes
    feed : Feed
    store : Store
    attachments : Attachments
    kept : int, messages a channel, at least 1
    """

    def __init__(
        self,
        guild: Guild,
        ids: Snowflakes,
        feed: Feed,
        store: Store,
        attachments: Attachments,
        *,
        kept: int = KEPT_PER_CHANNEL,
    ) -> None:
        self._guild = guild
        self._ids = ids
        self._drafts = Drafts(guild, ids, attachments)
        self._feed = feed
        self._store = store
        self._attachments = attachments
        self._kept = kept
        self._by_channel: dict[str, dict[str, Json]] = {}
        self._by_id: dict[str, Json] = {}
        self._audience: dict[str, str] = {}
        self._nonces: dict[tuple[str, str], str] = {}

    def restore(self, stored: Iterable[Json]) -> None:
        """Take messages from the store; answers that were never finished are dropped."""
        for message in stored:
            self._ids.observe(message["id"])
            known = message["channel_id"] in self._guild.channels
            if message["flags"] & LOADING or not known:
                self._store.drop("message", message["id"])
                self._attachments.forget(message["attachments"])
                continue
            self._index(message)

    # ---- reading -------------------------------------------------------------------------

    def get(self, message_id: str) -> Json:
        """Return a message, or raise 10008."""
        if message_id not in self._by_id:
            raise api_error(10008)
        return self._by_id[message_id]

    def public(self, channel_id: str, message_id: str) -> Json:
        """Return a message of a channel that everyone there sees, or raise 10008."""
        message = self.get(message_id)
        if message["channel_id"] != channel_id or message_id in self._audience:
            raise api_error(10008)
        return message

    def visible_to(self, message_id: str, user_id: str) -> bool:
        """Tell whether an ephemeral message is this person's; public ones are everyone's."""
        return self._audience.get(message_id, user_id) == user_id

    def latest(
        self,
        channel_id: str,
        *,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        user_id: str | None = None,
    ) -> list[Json]:
        """Return messages of a channel, newest first.

        Parameters
        ----------
        limit : int, messages
        before, after : int or None, snowflakes, exclusive
            With ``after``, the oldest matches are taken, as Discord does.
        user_id : str or None
            Include this person's ephemeral messages.
        """
        newest_first = reversed(self._by_channel.get(channel_id, {}).values())
        matches = (
            message
            for message in newest_first
            if (before is None or int(message["id"]) < before)
            and (after is None or int(message["id"]) > after)
            and self._audience.get(message["id"], user_id) == user_id
        )
        if after is None:
            return list(islice(matches, limit))
        return list(matches)[-limit:]

    def pinned(self, channel_id: str) -> list[Json]:
        """Return a channel's pinned messages, newest first."""
        return [m for m in self.latest(channel_id, limit=self._kept) if m["pinned"]]

    # ---- writing -------------------------------------------------------------------------

    def create(
        self,
        channel_id: str,
        author: Json,
        form: Form,
        *,
        ephemeral_to: str | None = None,
        **extra: object,
    ) -> Json:
        """Make a message from a body as Discord would, and announce it.

        Parameters
        ----------
        channel_id : str, snowflake
        author : dict, user object
        form : Form
        ephemeral_to : str or None, snowflake
            Who alone sees it, if its body asks for the ephemeral flag.
        **extra
            More fields of the message, for example ``interaction_metadata``.

        Raises
        ------
        ApiError
            50006 if it would be empty, 50035 if a field is wrong.
        """
        body = as_object(form.body)
        earlier = self._by_nonce(channel_id, body)
        if earlier is not None:
            return earlier
        message = {**self._drafts.blank(channel_id, author), **extra}
        message = self._drafts.applied(message, form, self._by_id)
        self._remember_nonce(channel_id, body, message)
        if message["flags"] & EPHEMERAL and ephemeral_to is not None:
            self._audience[message["id"]] = ephemeral_to
        self._index(message)
        self._save(message)
        if message["id"] not in self._audience:
            self._guild.touch_channel(channel_id, message["id"])
        self._announce("MESSAGE_CREATE", message)
        self._trim(channel_id)
        return message

    def edit(self, message: Json, form: Form, *, finished: bool = False) -> Json:
        """Change a message; a failed change leaves it as it was.

        Parameters
        ----------
        finished : bool
            Whether this is the answer a "thinking" message was waiting for.
        """
        draft = copy.deepcopy(message)
        if finished:
            draft["flags"] &= ~LOADING
        else:
            draft["edited_timestamp"] = self._guild.timestamp()
        changed = self._drafts.applied(draft, form, self._by_id)
        kept = {each["id"] for each in changed["attachments"]}
        self._attachments.forget(a for a in message["attachments"] if a["id"] not in kept)
        message.clear()
        message.update(changed)
        return self._updated(message)

    def delete(self, message: Json) -> None:
        """Remove a message and its files."""
        self._announce("MESSAGE_DELETE", message)
        self._forget(message)

    def bulk_delete(self, channel_id: str, message_ids: Iterable[str]) -> None:
        """Remove several messages of a channel with one dispatch."""
        present = [mid for mid in message_ids if mid in self._by_channel.get(channel_id, {})]
        payload = {"ids": present, "channel_id": channel_id, "guild_id": self._guild.id}
        self._feed.publish(Event("MESSAGE_DELETE_BULK", payload, channel_id=channel_id))
        for message_id in present:
            self._forget(self._by_id[message_id])

    def drop_channel(self, channel_id: str) -> None:
        """Remove all messages of a channel that is gone."""
        for message in list(self._by_channel.pop(channel_id, {}).values()):
            self._forget(message)

    def pin(self, message: Json, *, pinned: bool) -> None:
        """Pin a message or take the pin off."""
        message["pinned"] = pinned
        self._updated(message)

    def react(self, message: Json, emoji: str, user_id: str, *, present: bool) -> None:
        """Add a person's reaction or remove it; twice is once."""
        reactors: dict[str, list[str]] = message["reactors"]
        users = [each for each in reactors.get(emoji, []) if each != user_id]
        if present:
            users.append(user_id)
        reactors[emoji] = users
        if not users:
            del reactors[emoji]
        message["reactions"] = [self._reaction(each, who) for each, who in reactors.items()]
        self._save(message)
        name = "MESSAGE_REACTION_ADD" if present else "MESSAGE_REACTION_REMOVE"
        payload = {
            "user_id": user_id,
            "channel_id": message["channel_id"],
            "message_id": message["id"],
            "guild_id": self._guild.id,
            "emoji": _emoji(emoji),
            "member": self._guild.member(user_id),
            "message_author_id": message["author"]["id"],
            "burst": False,
            "type": 0,
        }
        self._feed.publish(Event(name, payload, channel_id=message["channel_id"]))
        self._announce("SANDBOX_REACTIONS", message, page_only=True)

    # ---- inside --------------------------------------------------------------------------

    def _by_nonce(self, channel_id: str, body: Json) -> Json | None:
        if not body.get("enforce_nonce"):
            return None
        message_id = self._nonces.get((channel_id, str(body.get("nonce"))))
        return self._by_id.get(message_id) if message_id else None

    def _remember_nonce(self, channel_id: str, body: Json, message: Json) -> None:
        if body.get("nonce") is not None:
            message["nonce"] = body["nonce"]
            self._nonces[channel_id, str(body["nonce"])] = message["id"]
            while len(self._nonces) > 1000:
                del self._nonces[next(iter(self._nonces))]

    def _reaction(self, emoji: str, users: list[str]) -> Json:
        return {
            "emoji": _emoji(emoji),
            "count": len(users),
            "count_details": {"burst": 0, "normal": len(users)},
            "burst_colors": [],
            "me_burst": False,
            "burst_me": False,
            "burst_count": 0,
            "me": self._guild.bot_id in users,
        }

    def _index(self, message: Json) -> None:
        self._by_channel.setdefault(message["channel_id"], {})[message["id"]] = message
        self._by_id[message["id"]] = message

    def _save(self, message: Json) -> None:
        if message["id"] not in self._audience:
            self._store.put("message", message["id"], message)

    def _updated(self, message: Json) -> Json:
        self._save(message)
        self._announce("MESSAGE_UPDATE", message)
        return message

    def _announce(self, name: str, message: Json, *, page_only: bool = False) -> None:
        payload = {**public_shape(message), "guild_id": self._guild.id}
        if name == "MESSAGE_DELETE":
            payload = {key: payload[key] for key in ("id", "channel_id", "guild_id")}
        elif message["author"]["id"] in self._guild.members and "webhook_id" not in message:
            member = self._guild.member(message["author"]["id"])
            payload["member"] = {key: member[key] for key in member if key != "user"}
        self._feed.publish(
            Event(
                name,
                payload,
                channel_id=message["channel_id"],
                only_for=self._audience.get(message["id"]),
                page_only=page_only,
            )
        )

    def _trim(self, channel_id: str) -> None:
        log = self._by_channel[channel_id]
        while len(log) > self._kept:
            self._forget(next(iter(log.values())))

    def _forget(self, message: Json) -> None:
        self._by_channel.get(message["channel_id"], {}).pop(message["id"], None)
        self._by_id.pop(message["id"], None)
        self._audience.pop(message["id"], None)
        self._store.drop("message", message["id"])
        self._attachments.forget(message["attachments"])


def _emoji(text: str) -> Json:
    name, _, custom = text.partition(":")
    return {"id": custom or None, "name": name, "animated": False}
