"""REST routes of messages: create, read, edit, delete, pin, react.

Each route checks what the bot may do in the channel, then lets ``messages`` do it.
"""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.drafts import public_shape
from bot.sandbox.errors import api_error, invalid_form
from bot.sandbox.permissions import Permission
from bot.sandbox.rest import API, current_form, whole_number
from bot.sandbox.shapes import CATEGORY
from bot.sandbox.validation import EPHEMERAL, LOADING, as_object
from bot.sandbox.wire import Form, Json, json_answer
from bot.sandbox.world import World


class MessageRoutes:
    """Routes around messages.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World) -> None:
        self._guild = world.guild
        self._messages = world.messages

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        channel = f"{API}/channels/{{channel_id}}"
        message = f"{channel}/messages/{{message_id}}"
        router.add_post(f"{channel}/messages", self.create)
        router.add_get(f"{channel}/messages", self.history)
        router.add_post(f"{channel}/messages/bulk-delete", self.bulk_delete)
        router.add_get(f"{channel}/messages/pins", self.pins)
        router.add_get(f"{channel}/pins", self.pins_of_old)
        for pin in (f"{channel}/messages/pins/{{message_id}}", f"{channel}/pins/{{message_id}}"):
            router.add_put(pin, self.pin)
            router.add_delete(pin, self.unpin)
        router.add_get(message, self.get)
        router.add_patch(message, self.edit)
        router.add_delete(message, self.delete)
        reaction = f"{message}/reactions/{{emoji_name}}"
        router.add_put(f"{reaction}/@me", self.react)
        router.add_delete(f"{reaction}/@me", self.unreact)
        router.add_delete(f"{reaction}/{{user_id}}", self.unreact)
        router.add_get(reaction, self.reactors)
        router.add_delete(reaction, self.clear_reaction)
        router.add_delete(f"{message}/reactions", self.clear_reactions)

    def _channel(self, request: web.Request, needed: Permission) -> str:
        channel: Json = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], needed)
        channel_id: str = channel["id"]
        return channel_id

    def _message(self, request: web.Request, needed: Permission = Permission.VIEW_CHANNEL) -> Json:
        channel_id = self._channel(request, needed)
        return self._messages.public(channel_id, request.match_info["message_id"])

    async def create(self, request: web.Request) -> web.Response:
        """Post a message."""
        channel_id = self._channel(request, Permission.SEND_MESSAGES)
        if self._guild.channel(channel_id)["type"] == CATEGORY:
            raise api_error(50008)
        form = current_form()
        if form.files:
            self._guild.require_bot(channel_id, Permission.ATTACH_FILES)
        body = as_object(form.body)
        # A plain message is never ephemeral nor "thinking", whatever its body says.
        flags = int(body.get("flags") or 0) & ~(EPHEMERAL | LOADING)
        form = Form({**body, "flags": flags}, form.files)
        return json_answer(public_shape(self._messages.create(channel_id, self._guild.bot, form)))

    async def history(self, request: web.Request) -> web.Response:
        """List messages, newest first."""
        channel_id = self._channel(request, Permission.READ_MESSAGE_HISTORY)
        limit = whole_number(request, "limit") or 50
        if not 1 <= limit <= 100:
            message = "int value should be between 1 and 100."
            raise invalid_form("limit", "NUMBER_TYPE_MAX", message)
        around = whole_number(request, "around")
        before, after = whole_number(request, "before"), whole_number(request, "after")
        if around is not None:
            half = limit // 2
            newer = self._messages.latest(channel_id, limit=half, after=around - 1)
            older = self._messages.latest(channel_id, limit=limit - half, before=around)
            found = [*newer, *older]
        else:
            found = self._messages.latest(channel_id, limit=limit, before=before, after=after)
        return json_answer([public_shape(each) for each in found])

    async def get(self, request: web.Request) -> web.Response:
        """Return a message."""
        return json_answer(public_shape(self._message(request)))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit one of the bot's own messages."""
        message = self._message(request)
        if message["author"]["id"] != self._guild.bot_id:
            raise api_error(50005)
        return json_answer(public_shape(self._messages.edit(message, current_form())))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a message; another's needs Manage Messages."""
        message = self._message(request)
        if message["author"]["id"] != self._guild.bot_id:
            self._guild.require_bot(message["channel_id"], Permission.MANAGE_MESSAGES)
        self._messages.delete(message)
        return web.Response(status=204)

    async def bulk_delete(self, request: web.Request) -> web.Response:
        """Delete 2 to 100 messages at once."""
        channel_id = self._channel(request, Permission.MANAGE_MESSAGES)
        ids = [str(each) for each in as_object(current_form().body).get("messages") or []]
        if not 2 <= len(ids) <= 100:
            message = "Must be between 2 and 100 in length."
            raise invalid_form("messages", "BASE_TYPE_BAD_LENGTH", message)
        self._messages.bulk_delete(channel_id, ids)
        return web.Response(status=204)

    # ---- pins ----------------------------------------------------------------------------

    async def pins(self, request: web.Request) -> web.Response:
        """List pins with their times."""
        channel_id = self._channel(request, Permission.VIEW_CHANNEL)
        items = [
            {
                "pinned_at": each["edited_timestamp"] or each["timestamp"],
                "message": public_shape(each),
            }
            for each in self._messages.pinned(channel_id)
        ]
        return json_answer({"items": items, "has_more": False})

    async def pins_of_old(self, request: web.Request) -> web.Response:
        """List pins as older clients ask for them."""
        channel_id = self._channel(request, Permission.VIEW_CHANNEL)
        return json_answer([public_shape(each) for each in self._messages.pinned(channel_id)])

    async def pin(self, request: web.Request) -> web.Response:
        """Pin a message."""
        self._messages.pin(self._message(request), pinned=True)
        return web.Response(status=204)

    async def unpin(self, request: web.Request) -> web.Response:
        """Take a pin off."""
        self._messages.pin(self._message(request), pinned=False)
        return web.Response(status=204)

    # ---- reactions -----------------------------------------------------------------------

    async def react(self, request: web.Request) -> web.Response:
        """Add the bot's reaction."""
        message = self._message(request, Permission.ADD_REACTIONS)
        emoji = request.match_info["emoji_name"]
        self._messages.react(message, emoji, self._guild.bot_id, present=True)
        return web.Response(status=204)

    async def unreact(self, request: web.Request) -> web.Response:
        """Remove a reaction: the bot's own, or a named member's."""
        message = self._message(request)
        user_id = request.match_info.get("user_id", self._guild.bot_id)
        if user_id != self._guild.bot_id:
            self._guild.require_bot(message["channel_id"], Permission.MANAGE_MESSAGES)
        self._messages.react(message, request.match_info["emoji_name"], user_id, present=False)
        return web.Response(status=204)

    async def reactors(self, request: web.Request) -> web.Response:
        """List who reacted."""
        users = self._message(request)["reactors"].get(request.match_info["emoji_name"], [])
        return json_answer([self._guild.user(each) for each in users])

    async def clear_reaction(self, request: web.Request) -> web.Response:
        """Remove one emoji's reactions."""
        self._clear(request, [request.match_info["emoji_name"]])
        return web.Response(status=204)

    async def clear_reactions(self, request: web.Request) -> web.Response:
        """Remove all reactions."""
        self._clear(request, None)
        return web.Response(status=204)

    def _clear(self, request: web.Request, emojis: list[str] | None) -> None:
        message = self._message(request, Permission.MANAGE_MESSAGES)
        reactors: dict[str, list[str]] = message["reactors"]
        for emoji in list(reactors) if emojis is None else emojis:
            for user_id in list(reactors.get(emoji, [])):
                self._messages.react(message, emoji, user_id, present=False)
