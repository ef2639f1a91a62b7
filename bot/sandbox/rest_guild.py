"""REST routes of the application, the guild, its channels, roles and members.

Each route checks what the bot may do, then lets ``guild`` do it.
"""

from __future__ import annotations

from aiohttp import web

from bot.sandbox.errors import api_error
from bot.sandbox.feed import Event
from bot.sandbox.gateway import APPLICATION_FLAGS
from bot.sandbox.permissions import Permission
from bot.sandbox.rest import API, current_form, whole_number
from bot.sandbox.validation import as_object, check_channel
from bot.sandbox.wire import Json, json_answer
from bot.sandbox.world import World


class GuildRoutes:
    """Routes around the guild.

    Parameters
    ----------
    world : World
    gateway_url : str
    """

    def __init__(self, world: World, gateway_url: str) -> None:
        self._world = world
        self._guild = world.guild
        self._gateway_url = gateway_url

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        guild, channel = f"{API}/guilds/{{guild_id}}", f"{API}/channels/{{channel_id}}"
        router.add_get(f"{API}/gateway", self.gateway)
        router.add_get(f"{API}/gateway/bot", self.gateway_bot)
        router.add_get(f"{API}/users/@me", self.me)
        router.add_get(f"{API}/users/@me/guilds", self.my_guilds)
        router.add_get(f"{API}/users/{{user_id}}", self.user)
        router.add_get(f"{API}/applications/@me", self.application)
        router.add_get(f"{API}/oauth2/applications/@me", self.application)
        router.add_get(guild, self.guild)
        router.add_get(f"{guild}/channels", self.channels)
        router.add_post(f"{guild}/channels", self.create_channel)
        router.add_patch(f"{guild}/channels", self.move_channels)
        router.add_get(f"{guild}/roles", self.roles)
        router.add_post(f"{guild}/roles", self.create_role)
        router.add_get(f"{guild}/members", self.members)
        router.add_get(f"{guild}/members/search", self.search_members)
        router.add_get(f"{guild}/members/{{user_id}}", self.member)
        held = f"{guild}/members/{{user_id}}/roles/{{role_id}}"
        router.add_put(held, self.add_role)
        router.add_delete(held, self.remove_role)
        router.add_get(channel, self.channel)
        router.add_patch(channel, self.modify_channel)
        router.add_delete(channel, self.delete_channel)
        router.add_put(f"{channel}/permissions/{{overwrite_id}}", self.put_overwrite)
        router.add_delete(f"{channel}/permissions/{{overwrite_id}}", self.delete_overwrite)
        router.add_post(f"{channel}/typing", self.typing)

    # ---- the application -----------------------------------------------------------------

    async def gateway(self, _: web.Request) -> web.Response:
        """Tell where the gateway is."""
        return json_answer({"url": self._gateway_url})

    async def gateway_bot(self, _: web.Request) -> web.Response:
        """Tell where the gateway is, with the limits on starting sessions."""
        limit = {
            "total": 1000,
            "remaining": 1000,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        return json_answer({"url": self._gateway_url, "shards": 1, "session_start_limit": limit})

    async def me(self, _: web.Request) -> web.Response:
        """Return the bot's own user."""
        return json_answer({**self._guild.bot, "verified": True, "mfa_enabled": True, "flags": 0})

    async def my_guilds(self, _: web.Request) -> web.Response:
        """List the guilds of the bot: one."""
        guild = self._guild
        entry: Json = {
            "id": guild.id,
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(guild.permissions_of(guild.bot_id)),
            "features": [],
        }
        return json_answer([entry])

    async def user(self, request: web.Request) -> web.Response:
        """Return a user."""
        return json_answer(self._guild.user(request.match_info["user_id"]))

    async def application(self, _: web.Request) -> web.Response:
        """Return the bot's application."""
        guild = self._guild
        return json_answer(
            {
                "id": guild.bot_id,
                "name": guild.bot["username"],
                "icon": None,
                "description": "",
                "bot": guild.bot,
                "bot_public": False,
                "bot_require_code_grant": False,
                "owner": guild.user(guild.owner_id),
                "team": None,
                "verify_key": "0" * 64,
                "flags": APPLICATION_FLAGS,
                "rpc_origins": [],
                "redirect_uris": [],
                "tags": [],
                "integration_types_config": {"0": {}},
                "approximate_guild_count": 1,
            }
        )

    # ---- guild, roles, members -----------------------------------------------------------

    def _here(self, request: web.Request) -> None:
        if request.match_info["guild_id"] != self._guild.id:
            raise api_error(10004)

    async def guild(self, request: web.Request) -> web.Response:
        """Return the guild."""
        self._here(request)
        count = len(self._guild.members)
        counts: Json = {}
        if request.query.get("with_counts") in ("1", "true"):
            counts = {"approximate_member_count": count, "approximate_presence_count": count}
        return json_answer({**self._guild.payload(), **counts})

    async def roles(self, request: web.Request) -> web.Response:
        """List the roles."""
        self._here(request)
        return json_answer(list(self._guild.roles.values()))

    async def create_role(self, request: web.Request) -> web.Response:
        """Make a role."""
        self._here(request)
        self._guild.require_bot(None, Permission.MANAGE_ROLES)
        return json_answer(self._guild.create_role(as_object(current_form().body)))

    async def members(self, request: web.Request) -> web.Response:
        """List members, by id."""
        self._here(request)
        after, limit = whole_number(request, "after") or 0, whole_number(request, "limit") or 1
        ordered = sorted(self._guild.members.values(), key=lambda m: int(m["user"]["id"]))
        return json_answer([m for m in ordered if int(m["user"]["id"]) > after][:limit])

    async def search_members(self, request: web.Request) -> web.Response:
        """Find members by the start of their name."""
        self._here(request)
        query = request.query.get("query", "").lower()
        found = [
            member
            for member in self._guild.members.values()
            if member["user"]["username"].lower().startswith(query)
        ]
        return json_answer(found[: whole_number(request, "limit") or 1])

    async def member(self, request: web.Request) -> web.Response:
        """Return a member."""
        self._here(request)
        return json_answer(self._guild.member(request.match_info["user_id"]))

    async def add_role(self, request: web.Request) -> web.Response:
        """Give a member a role."""
        return self._set_role(request, held=True)

    async def remove_role(self, request: web.Request) -> web.Response:
        """Take a role from a member."""
        return self._set_role(request, held=False)

    def _set_role(self, request: web.Request, *, held: bool) -> web.Response:
        self._here(request)
        self._guild.require_bot(None, Permission.MANAGE_ROLES)
        user_id, role_id = request.match_info["user_id"], request.match_info["role_id"]
        self._guild.set_member_role(user_id, role_id, held=held)
        return web.Response(status=204)

    # ---- channels ------------------------------------------------------------------------

    async def channels(self, request: web.Request) -> web.Response:
        """List the channels."""
        self._here(request)
        return json_answer(list(self._guild.channels.values()))

    async def create_channel(self, request: web.Request) -> web.Response:
        """Make a text channel or category."""
        self._here(request)
        self._guild.require_bot(None, Permission.MANAGE_CHANNELS)
        body = as_object(current_form().body)
        check_channel(body, creating=True)
        return json_answer(self._guild.create_channel(body), 201)

    async def move_channels(self, request: web.Request) -> web.Response:
        """Change positions and parents of several channels."""
        self._here(request)
        self._guild.require_bot(None, Permission.MANAGE_CHANNELS)
        for move in current_form().body or []:
            self._guild.modify_channel(str(move["id"]), move)
        return web.Response(status=204)

    async def channel(self, request: web.Request) -> web.Response:
        """Return a channel."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.VIEW_CHANNEL)
        return json_answer(channel)

    async def modify_channel(self, request: web.Request) -> web.Response:
        """Change a channel."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.MANAGE_CHANNELS)
        body = as_object(current_form().body)
        check_channel(body, creating=False)
        return json_answer(self._guild.modify_channel(channel["id"], body))

    async def delete_channel(self, request: web.Request) -> web.Response:
        """Delete a channel and its messages."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.MANAGE_CHANNELS)
        self._guild.delete_channel(channel["id"])
        self._world.messages.drop_channel(channel["id"])
        return json_answer(channel)

    async def put_overwrite(self, request: web.Request) -> web.Response:
        """Set a permission overwrite."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.MANAGE_ROLES)
        body = as_object(current_form().body)
        self._guild.set_overwrite(channel["id"], request.match_info["overwrite_id"], body)
        return web.Response(status=204)

    async def delete_overwrite(self, request: web.Request) -> web.Response:
        """Remove a permission overwrite."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.MANAGE_ROLES)
        self._guild.set_overwrite(channel["id"], request.match_info["overwrite_id"], None)
        return web.Response(status=204)

    async def typing(self, request: web.Request) -> web.Response:
        """Show that the bot is typing."""
        channel = self._guild.channel(request.match_info["channel_id"])
        self._guild.require_bot(channel["id"], Permission.SEND_MESSAGES)
        payload: Json = {
            "channel_id": channel["id"],
            "guild_id": self._guild.id,
            "user_id": self._guild.bot_id,
            "timestamp": int(self._world.now().timestamp()),
            "member": self._guild.member(self._guild.bot_id),
        }
        self._world.feed.publish(Event("TYPING_START", payload, channel_id=channel["id"]))
        return web.Response(status=204)
