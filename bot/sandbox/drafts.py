"""Turns a request body into a message as Discord would store it.

A draft is judged and completed here; keeping and announcing it is ``messages``' work.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from bot.sandbox import components
from bot.sandbox.attachments import Attachments, resolve
from bot.sandbox.errors import api_error, invalid_form
from bot.sandbox.guild import Guild
from bot.sandbox.snowflake import Snowflakes
from bot.sandbox.validation import (
    EPHEMERAL,
    IS_COMPONENTS_V2,
    LOADING,
    as_object,
    check_message,
)
from bot.sandbox.wire import Form, Json

_STICKY = EPHEMERAL | LOADING | IS_COMPONENTS_V2
_MENTION = re.compile(r"<@!?(\d+)>")


class Drafts:
    """Makes and changes drafts of messages.

    Parameters
    ----------
    guild : Guild
    ids : Snowflakes
    attachments : Attachments
    """

    def __init__(self, guild: Guild, ids: Snowflakes, attachments: Attachments) -> None:
        self._guild = guild
        self._ids = ids
        self._attachments = attachments

    def blank(self, channel_id: str, author: Json) -> Json:
        """Return a message without anything in it."""
        return {
            "id": self._ids.next(),
            "channel_id": channel_id,
            "type": 0,
            "author": author,
            "content": "",
            "timestamp": self._guild.timestamp(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": [],
            "components": [],
            "reactions": [],
            "reactors": {},
            "pinned": False,
            "flags": 0,
        }

    def applied(self, message: Json, form: Form, known: Mapping[str, Json]) -> Json:
        """Apply a body to a draft and return it.

        Parameters
        ----------
        message : dict
            Changed in place; not one that is kept.
        form : Form
        known : mapping of str to dict
            Messages by id, for replies.

        Raises
        ------
        ApiError
            50006 if it would be empty, 50035 if a field is wrong.
        """
        body = as_object(form.body)
        flags = int(body.get("flags") or 0) | (message["flags"] & _STICKY)
        check_message(form, v2=bool(flags & IS_COMPONENTS_V2))
        message["flags"] = flags
        if "content" in body:
            message["content"] = body["content"] or ""
            message["mentions"] = self._mentions(message["content"], body.get("allowed_mentions"))
        if "embeds" in body:
            message["embeds"] = [{"type": "rich", **each} for each in body["embeds"] or []]
        if "components" in body:
            message["components"] = copy.deepcopy(body["components"] or [])
            components.number(message["components"])
        if body.get("message_reference"):
            self._reply(message, body["message_reference"], known)
        self._attach(message, form, body)
        resolve(message)
        if not message["flags"] & LOADING and not _has_something(message):
            raise api_error(50006)
        return message

    def _attach(self, message: Json, form: Form, body: Json) -> None:
        described = body.get("attachments")
        if described is not None:
            kept = {str(each.get("id")) for each in described}
            message["attachments"] = [a for a in message["attachments"] if a["id"] in kept]
        entries = {str(each.get("id")): each for each in described or []}
        for upload in form.files:
            entry = entries.get(str(upload.index), {})
            kept_file = self._attachments.keep(message["channel_id"], upload, entry)
            message["attachments"].append(kept_file)

    def _reply(self, message: Json, reference: Json, known: Mapping[str, Json]) -> None:
        target_id = str(reference.get("message_id"))
        target = known.get(target_id)
        if target is None and reference.get("fail_if_not_exists", True):
            text = "Unknown message"
            raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", text)
        message["type"] = 19
        message["message_reference"] = {
            "type": 0,
            "message_id": target_id,
            "channel_id": message["channel_id"],
            "guild_id": self._guild.id,
        }
        message["referenced_message"] = None if target is None else public_shape(target)

    def _mentions(self, content: str, allowed: Json | None) -> list[Json]:
        found = [uid for uid in _MENTION.findall(content) if uid in self._guild.members]
        if allowed is not None and "users" not in (allowed.get("parse") or []):
            named = {str(each) for each in allowed.get("users") or []}
            found = [uid for uid in found if uid in named]
        return [self._guild.user(uid) for uid in dict.fromkeys(found)]


def public_shape(message: Json) -> Json:
    """Return a message without what only the sandbox keeps on it."""
    return {key: value for key, value in message.items() if key != "reactors"}


def _has_something(message: Json) -> bool:
    fields: tuple[str, ...] = ("content", "embeds", "components", "attachments")
    return any(message[field] for field in fields)
