"""How much of a provider's month is left: what an analyzer asks before it calls a model.

Refuses to go below zero: nothing left is nothing left.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.journal.ledger import ZERO, Ledger


def spent_usd(ledger: Ledger, provider: str, month: str) -> Decimal:
    """What `provider` took in `month`, US dollars."""
    return sum(
        (
            use.cost_usd
            for (when, whose, _, _), use in ledger.model_use.items()
            if (when, whose) == (month, provider)
        ),
        ZERO,
    )


def budget_left(
    ledger: Ledger, budgets_usd: Mapping[str, Decimal], provider: str, month: str
) -> Decimal:
    """What `provider` may still cost in `month`, US dollars, >= 0.

    Parameters
    ----------
    budgets_usd : mapping of provider to Decimal, US dollars a month
        A provider that is not named has no budget, and nothing left.
    month : str
        As ``2026-11``, UTC.
    """
    allowed = budgets_usd.get(provider, ZERO)
    return max(ZERO, allowed - spent_usd(ledger, provider, month))
