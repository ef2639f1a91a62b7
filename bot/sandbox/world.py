"""Everything behind the doors, wired together once and handed to the routes.

It only holds; each part has its own module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.acting import Acting
from bot.sandbox.answers import Answers
from bot.sandbox.commands import Commands
from bot.sandbox.feed import Feed
from bot.sandbox.guild import Guild
from bot.sandbox.interactions import Interactions
from bot.sandbox.messages import Messages
from bot.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class World:
    """The parts of one running sandbox."""

    now: Callable[[], datetime]
    base_url: str
    feed: Feed
    store: Store
    guild: Guild
    messages: Messages
    commands: Commands
    interactions: Interactions
    answers: Answers
    acting: Acting
