"""``executor`` as it runs on real Discord, but that Discord is a local one in another process.

Nothing of Executor is changed: discord.py alone is pointed elsewhere, by three addresses in the
environment.
"""

from __future__ import annotations

import os

import yarl
from discord.asset import Asset
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.cli import main

if __name__ == "__main__":
    Route.BASE = os.environ["TEST_DISCORD_API"]
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["TEST_DISCORD_GATEWAY"])
    Asset.BASE = os.environ["TEST_DISCORD_CDN"]
    main()
