"""Points an unmodified discord.py at the sandbox, and back.

Three class attributes are all it takes: the API's address, the gateway's, and the CDN's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.sandbox.server import SandboxServer


@contextmanager
def point_discord_at(server: SandboxServer) -> Iterator[None]:
    """Make every discord.py client in this process talk to a running sandbox.

    Parameters
    ----------
    server : SandboxServer
        Must be started.

    Raises
    ------
    SandboxError
        If the server is not running.

    Notes
    -----
    A client logs in with ``server.bot_token``. Clients must be closed before the block ends.
    """
    before = (Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE)
    Route.BASE = server.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    Asset.BASE = server.base_url
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, Asset.BASE = before
