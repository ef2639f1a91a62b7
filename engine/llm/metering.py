"""What a question took, as the event that the bill is made of.

Refuses to book a call whose tokens nobody counted as if it had been free: see `Effort.uncounted`.
"""

from __future__ import annotations

from datetime import datetime

from engine.llm.question import Effort
from engine.metering.prices import ModelPrice, cost_usd
from engine.model.events import ModelUsed


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
