"""The gateway: websocket sessions of the bot, with heartbeats, backlog and resume.

HELLO comes first. A session outlives its socket, so that a client that drops and resumes misses
nothing. It sends what the feed says and decides nothing itself.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bot.sandbox.compression import Compressor, compressor
from bot.sandbox.errors import SandboxError
from bot.sandbox.feed import Event, Feed
from bot.sandbox.guild import Guild
from bot.sandbox.intents import Intent, asked_for, readable
from bot.sandbox.permissions import Permission
from bot.sandbox.wire import Json

HEARTBEAT_MS = 41_250
_ROUND_TRIP_SECONDS = 0.1
_BACKLOG = 2000
_SESSIONS_KEPT = 8
_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME = 0, 1, 2, 6
_MEMBERS, _INVALID_SESSION, _HELLO, _HEARTBEAT_ACK = 8, 9, 10, 11
_IGNORED = frozenset({3, 4})  # presence and voice state: nothing here shows them
_GONE = None


@dataclass(eq=False, slots=True)
class Connection:
    """One socket: payloads leave in order through its queue."""

    socket: web.WebSocketResponse
    compressor: Compressor | None
    queue: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)

    def send(self, op: int, data: Any, name: str | None = None, seq: int | None = None) -> None:
        """Queue one payload."""
        self.queue.put_nowait(json.dumps({"op": op, "d": data, "s": seq, "t": name}))

    async def drain(self) -> None:
        """Send what is queued until the connection ends."""
        while (text := await self.queue.get()) is not _GONE:
            try:
                if self.compressor is None:
                    await self.socket.send_str(text)
                else:
                    await self.socket.send_bytes(self.compressor.frame(text))
            except ConnectionError:
                return  # the peer is gone; its session's backlog has it all


@dataclass(eq=False, slots=True)
class Session:
    """One identified client; it may be without a socket for a while."""

    id: str
    intents: int
    seq: int = 0
    backlog: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_BACKLOG))
    connection: Connection | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Number an event, remember it, and send it if the client is there."""
        self.seq += 1
        text = json.dumps({"op": _DISPATCH, "d": data, "s": self.seq, "t": name})
        self.backlog.append((self.seq, text))
        if self.connection is not None:
            self.connection.queue.put_nowait(text)

    def has_all_after(self, seq: int) -> bool:
        """Tell whether the backlog still holds everything after ``seq``."""
        oldest = self.backlog[0][0] if self.backlog else self.seq + 1
        return oldest - 1 <= seq <= self.seq


class Gateway:
    """Serves gateway sockets and forwards the feed to them.

    Parameters
    ----------
    guild : Guild
    feed : Feed
        Told when the bot comes and goes.
    bot_token : str
    url : str
        The gateway's own address, told to clients for resuming.
    """

    def __init__(self, guild: Guild, feed: Feed, bot_token: str, url: str) -> None:
        self._guild = guild
        self._feed = feed
        self._bot_token = bot_token
        self._url = url
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()

    @property
    def online(self) -> bool:
        """Whether the bot is connected now."""
        return any(session.connection is not None for session in self._sessions.values())

    # ---- the feed ------------------------------------------------------------------------

    def on_event(self, event: Event) -> None:
        """Dispatch an event to the sessions that asked for it and may see its channel."""
        if event.page_only or event.only_for is not None or not self._bot_sees(event):
            return
        for session in self._sessions.values():
            if asked_for(session.intents, event):
                payload = readable(session.intents, event, self._guild.bot_id)
                session.dispatch(event.name, payload)

    def _bot_sees(self, event: Event) -> bool:
        channel_id = event.channel_id
        if channel_id is None or channel_id not in self._guild.channels:
            return True
        if event.name.startswith("CHANNEL_"):
            return True
        return self._guild.allows(self._guild.bot_id, channel_id, Permission.VIEW_CHANNEL)

    async def drop(self) -> int:
        """Cut every socket as a bad network would; sessions stay, to be resumed.

        Returns
        -------
        int
            How many sockets were cut.
        """
        cut = list(self._connections)
        for connection in cut:
            self._detach(connection)
            await connection.socket.close(code=4000)
        return len(cut)

    async def close(self) -> None:
        """Say goodbye to all clients and forget the sessions."""
        for connection in list(self._connections):
            await connection.socket.close(code=1001, message=b"Sandbox stopped.")
        self._sessions.clear()

    # ---- a socket ------------------------------------------------------------------------

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket from HELLO to its end."""
        try:
            packing = compressor(request.query.get("compress"))
        except SandboxError as unknown:
            return web.Response(status=400, text=str(unknown))
        patience_s = HEARTBEAT_MS / 1000 * 1.5
        socket = web.WebSocketResponse(max_msg_size=1 << 20, receive_timeout=patience_s)
        await socket.prepare(request)
        connection = Connection(socket, packing)
        self._connections.add(connection)
        sender = asyncio.create_task(connection.drain(), name="sandbox-gateway-sender")
        connection.send(_HELLO, {"heartbeat_interval": HEARTBEAT_MS})
        try:
            await self._converse(connection)
        finally:
            self._detach(connection)
            connection.queue.put_nowait(_GONE)
            await sender
        return socket

    async def _converse(self, connection: Connection) -> None:
        try:
            async for message in connection.socket:
                if not await self._heard(connection, message):
                    return
        except TimeoutError:
            await connection.socket.close(code=4009, message=b"Session timed out.")

    async def _heard(self, connection: Connection, message: WSMessage) -> bool:
        payload = _decoded(message)
        if payload is None:
            return await self._refuse(connection, 4002, "Decode error.")
        op, data = payload["op"], payload.get("d")
        if op == _HEARTBEAT:
            # discord.py notes the time of a beat only once it is sent: an answer without any
            # network in between would overtake the note and look like an old one.
            loop = asyncio.get_running_loop()
            loop.call_later(_ROUND_TRIP_SECONDS, connection.send, _HEARTBEAT_ACK, None)
            return True
        if op in (_IDENTIFY, _RESUME):
            begin = self._identify if op == _IDENTIFY else self._resume
            return await begin(connection, data or {})
        session = self._session_of(connection)
        if session is None:
            return await self._refuse(connection, 4003, "Not authenticated.")
        if op == _MEMBERS:
            self._send_members(session, data or {})
        elif op not in _IGNORED:
            return await self._refuse(connection, 4001, "Unknown opcode.")
        return True

    @staticmethod
    async def _refuse(connection: Connection, code: int, reason: str) -> bool:
        await connection.socket.close(code=code, message=reason.encode())
        return False

    async def _identify(self, connection: Connection, data: Json) -> bool:
        if not self._right_token(data):
            return await self._refuse(connection, 4004, "Authentication failed.")
        if self._session_of(connection) is not None:
            return await self._refuse(connection, 4005, "Already authenticated.")
        session = Session(secrets.token_hex(16), int(data["intents"]), connection=connection)
        self._sessions[session.id] = session
        self._forget_old_sessions()
        session.dispatch("READY", self._ready(session))
        if session.intents & Intent.GUILDS:
            everyone = bool(session.intents & Intent.GUILD_MEMBERS)
            session.dispatch("GUILD_CREATE", self._guild.create_payload(with_members=everyone))
        self._tell_presence()
        return True

    async def _resume(self, connection: Connection, data: Json) -> bool:
        if not self._right_token(data):
            return await self._refuse(connection, 4004, "Authentication failed.")
        session = self._sessions.get(str(data.get("session_id")))
        seq = int(data.get("seq") or 0)
        if session is None or not session.has_all_after(seq):
            connection.send(_INVALID_SESSION, False)
            return True
        for number, text in session.backlog:
            if number > seq:
                connection.queue.put_nowait(text)
        session.connection = connection
        session.dispatch("RESUMED", {})
        self._tell_presence()
        return True

    def _right_token(self, data: Json) -> bool:
        given = str(data.get("token", "")).removeprefix("Bot ")
        return secrets.compare_digest(given.encode(), self._bot_token.encode())

    def _session_of(self, connection: Connection) -> Session | None:
        matches = (s for s in self._sessions.values() if s.connection is connection)
        return next(matches, None)

    def _detach(self, connection: Connection) -> None:
        self._connections.discard(connection)
        session = self._session_of(connection)
        if session is not None:
            session.connection = None
            self._tell_presence()

    def _tell_presence(self) -> None:
        self._feed.publish(Event("SANDBOX_BOT", {"online": self.online}, page_only=True))

    def _forget_old_sessions(self) -> None:
        idle = [s.id for s in self._sessions.values() if s.connection is None]
        for session_id in idle[: max(0, len(self._sessions) - _SESSIONS_KEPT)]:
            del self._sessions[session_id]

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": {**self._guild.bot, "verified": True, "mfa_enabled": True, "flags": 0},
            "guilds": [{"id": self._guild.id, "unavailable": True}],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self._url,
            "shard": [0, 1],
            "application": {"id": self._guild.bot_id, "flags": APPLICATION_FLAGS},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "user_settings": {},
        }

    def _send_members(self, session: Session, data: Json) -> None:
        wanted = data.get("user_ids")
        ids = [wanted] if isinstance(wanted, str) else wanted
        query = str(data.get("query") or "").lower()
        everyone = self._guild.members
        if ids is not None:
            found = [everyone[uid] for uid in map(str, ids) if uid in everyone]
        else:
            found = [
                m for m in everyone.values() if m["user"]["username"].lower().startswith(query)
            ]
            found = found[: int(data.get("limit") or 0) or None]
        missing = [uid for uid in map(str, ids or []) if uid not in everyone]
        chunk: Json = {
            "guild_id": self._guild.id,
            "members": found,
            "chunk_index": 0,
            "chunk_count": 1,
            "not_found": missing,
        }
        if data.get("nonce"):
            chunk["nonce"] = data["nonce"]
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)


def _decoded(message: WSMessage) -> Json | None:
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        payload = json.loads(message.data)
    except ValueError:
        return None
    return payload if isinstance(payload, dict) and "op" in payload else None


# Limited presence, members and message content, as for a bot in fewer than 100 guilds.
APPLICATION_FLAGS = (1 << 13) | (1 << 15) | (1 << 19)
