"""Who is in the guild: the people a visitor can act as, and the bot.

Accounts only; what anyone may do in the bot is the bot's own business.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.snowflake import stable_id
from bot.sandbox.wire import Json


@dataclass(frozen=True, slots=True)
class Person:
    """Someone a visitor of the page can act as.

    Parameters
    ----------
    key : str
        A short word that tests and the page use, for example ``"owner"``. The first person of a
        guild owns it.
    name : str
        The name shown.
    """

    key: str
    name: str

    @property
    def user_id(self) -> str:
        """Their snowflake, the same in every run."""
        return stable_id(f"person:{self.key}")


def user_payload(user_id: str, name: str, *, bot: bool = False) -> Json:
    """Return a user object as Discord sends it."""
    lowered = name.lower().replace(" ", "_")
    username = name if bot else "".join(c for c in lowered if c.isalnum() or c in "._")
    return {
        "id": user_id,
        "username": username or "user",
        "discriminator": "0",
        "global_name": None if bot else name,
        "avatar": None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "primary_guild": None,
        "bot": bot,
        "system": False,
        "public_flags": 0,
    }
