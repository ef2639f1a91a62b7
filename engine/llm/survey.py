"""A look at a model server: does it answer, and has it the models that are wanted.

Refuses to load a model and to cost a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.llm.chat import ChatClient, Provider
from engine.llm.models import Chosen, choose
from engine.llm.question import Unanswered

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Survey:
    """What a server said of itself.

    Attributes
    ----------
    fault : str
        Why it did not answer, in one clause; empty if it did.
    listed : tuple of str
        Ids of its models, loaded or not.
    found : mapping of pattern to Chosen or None
        None where no model fits.
    """

    fault: str
    listed: tuple[str, ...]
    found: Mapping[str, Chosen | None]


async def survey(provider: Provider, patterns: tuple[str, ...]) -> Survey:
    """Ask a server which models it has, and look for those that are wanted."""
    client = ChatClient(provider)
    try:
        listed = await client.models(_SECONDS)
    finally:
        await client.aclose()
    if isinstance(listed, Unanswered):
        return Survey(listed.reason, (), dict.fromkeys(patterns))
    return Survey("", listed, {pattern: choose(listed, pattern) for pattern in patterns})
