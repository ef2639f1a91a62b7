"""REST routes of application commands, and of the answers to interactions.

Answers carry their own token; ``answers`` applies them.
"""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.commands import Scope
from bot.sandbox.drafts import public_shape
from bot.sandbox.errors import ApiError, api_error, invalid_form
from bot.sandbox.rest import API, current_form
from bot.sandbox.validation import as_object
from bot.sandbox.wire import json_answer
from bot.sandbox.world import World


class CommandRoutes:
    """Routes around application commands.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World) -> None:
        self._guild = world.guild
        self._commands = world.commands

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes, global and of the guild."""
        application = f"{API}/applications/{{application_id}}"
        for base in (
            f"{application}/commands",
            f"{application}/guilds/{{guild_id}}/commands",
        ):
            router.add_get(base, self.all)
            router.add_put(base, self.replace)
            router.add_post(base, self.upsert)
            router.add_get(f"{base}/{{command_id}}", self.one)
            router.add_patch(f"{base}/{{command_id}}", self.modify)
            router.add_delete(f"{base}/{{command_id}}", self.delete)

    def _scope(self, request: web.Request) -> Scope:
        if request.match_info["application_id"] != self._guild.bot_id:
            raise ApiError(403, 20012, "You are not authorized to perform this action.")
        scope = request.match_info.get("guild_id")
        if scope is not None and scope != self._guild.id:
            raise api_error(50001)
        return scope

    async def all(self, request: web.Request) -> web.Response:
        """List a scope's commands."""
        return json_answer(self._commands.of(self._scope(request)))

    async def replace(self, request: web.Request) -> web.Response:
        """Overwrite a scope's commands."""
        bodies = current_form().body
        if not isinstance(bodies, list):
            raise invalid_form("_", "LIST_TYPE_CONVERT", "Only iterables may be used here.")
        return json_answer(self._commands.replace(self._scope(request), bodies))

    async def upsert(self, request: web.Request) -> web.Response:
        """Create a command or overwrite its namesake."""
        scope = self._scope(request)
        return json_answer(self._commands.upsert(scope, as_object(current_form().body)), 201)

    async def one(self, request: web.Request) -> web.Response:
        """Return a command."""
        return json_answer(
            self._commands.get(self._scope(request), request.match_info["command_id"])
        )

    async def modify(self, request: web.Request) -> web.Response:
        """Change a command."""
        scope, command_id = self._scope(request), request.match_info["command_id"]
        body = as_object(current_form().body)
        return json_answer(self._commands.modify(scope, command_id, body))

    async def delete(self, request: web.Request) -> web.Response:
        """Remove a command."""
        self._commands.delete(self._scope(request), request.match_info["command_id"])
        return web.Response(status=204)


class AnswerRoutes:
    """Routes by which the bot answers interactions.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world: World) -> None:
        self._interactions = world.interactions
        self._answers = world.answers

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        callback = f"{API}/interactions/{{interaction_id}}/{{interaction_token}}/callback"
        webhook = f"{API}/webhooks/{{webhook_id}}/{{webhook_token}}"
        router.add_post(callback, self.callback)
        router.add_post(webhook, self.follow_up)
        for message in (
            f"{webhook}/messages/@original",
            f"{webhook}/messages/{{message_id}}",
        ):
            router.add_get(message, self.get)
            router.add_patch(message, self.edit)
            router.add_delete(message, self.delete)

    async def callback(self, request: web.Request) -> web.Response:
        """Take the first answer."""
        info = request.match_info
        found = self._interactions.to_answer(info["interaction_id"], info["interaction_token"])
        response = self._answers.first(found, current_form())
        if request.query.get("with_response") in ("1", "true"):
            return json_answer(response)
        return web.Response(status=204)

    async def follow_up(self, request: web.Request) -> web.Response:
        """Post a follow-up message."""
        info = request.match_info
        found = self._interactions.by_webhook(info["webhook_id"], info["webhook_token"])
        return json_answer(public_shape(self._answers.follow_up(found, current_form())))

    async def get(self, request: web.Request) -> web.Response:
        """Return an answer."""
        info = request.match_info
        found = self._interactions.by_webhook(info["webhook_id"], info["webhook_token"])
        message = self._answers.message(found, info.get("message_id", "@original"))
        return json_answer(public_shape(message))

    async def edit(self, request: web.Request) -> web.Response:
        """Edit an answer."""
        info = request.match_info
        found = self._interactions.by_webhook(info["webhook_id"], info["webhook_token"])
        message_id = info.get("message_id", "@original")
        return json_answer(public_shape(self._answers.edit(found, message_id, current_form())))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete an answer."""
        info = request.match_info
        found = self._interactions.by_webhook(info["webhook_id"], info["webhook_token"])
        self._answers.delete(found, info.get("message_id", "@original"))
        return web.Response(status=204)
