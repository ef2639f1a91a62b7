"""The local Discord: a loopback server for the real discord.py, and one page for a person.

It knows nothing of trading and imports nothing from the rest of the project.
``bot.sandbox.connect`` holds the part that touches discord.py.
"""

from bot.sandbox.errors import SandboxError, SandboxPortInUse
from bot.sandbox.people import Person
from bot.sandbox.rate_limits import RatePolicy
from bot.sandbox.server import PEOPLE, SandboxServer

__all__ = [
    "PEOPLE",
    "Person",
    "RatePolicy",
    "SandboxError",
    "SandboxPortInUse",
    "SandboxServer",
]
