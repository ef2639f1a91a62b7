"""What a question took, as the event that the bill is made of.

Refuses to book a call that nobody counted as if it had been free: it is booked at its worst.
"""

from __future__ import annotations

from datetime import datetime

from engine.llm.question import Caps, Effort
from engine.metering.prices import ModelPrice, Usage, cost_usd
from engine.model.events import ModelUsed

NOT_COUNTED = ", not counted"
"""Ends the purpose of calls whose tokens nobody told."""


def model_use(
    price: ModelPrice, model: str, purpose: str, effort: Effort, at: datetime, *, local: bool
) -> ModelUsed | None:
    """The event for one question, or None where the server counted nothing.

    Parameters
    ----------
    purpose : str
        Such as ``scout alpha``.
    local : bool
        Whether this machine did the work, so that its seconds cost electricity.
    """
    if not effort.uses:
        return None
    usage = effort.usage
    return ModelUsed(
        provider=price.provider,
        model=model,
        purpose=purpose,
        tokens_in=usage.into,
        tokens_cached=usage.cached,
        tokens_out=usage.out,
        cost_usd=cost_usd(price, usage, at),
        busy_seconds=effort.seconds if local else 0.0,
    )


def worst_use(
    price: ModelPrice,
    model: str,
    purpose: str,
    characters: int,
    caps: Caps,
    calls: int,
    at: datetime,
) -> ModelUsed:
    """The event for calls that may have been billed and that nobody counted, at their worst.

    Parameters
    ----------
    characters : int
        Of the question: a token is at least one.
    """
    usage = Usage(characters * calls, 0, caps.answer_tokens * calls)
    return ModelUsed(
        provider=price.provider,
        model=model,
        purpose=f"{purpose}{NOT_COUNTED}",
        tokens_in=usage.into,
        tokens_cached=0,
        tokens_out=usage.out,
        cost_usd=cost_usd(price, usage, at),
    )
