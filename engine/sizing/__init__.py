"""How much to buy: fractional Kelly on the lower bound, then every cap, then the lot.

Refuses to round up, to exceed any cap, and to know the 1-2 % goal at all.
"""

from engine.sizing.chain import ChainSize, size_chain
from engine.sizing.entry import (
    Bet,
    Room,
    Sizing,
    SizingPolicy,
    alone_frac,
    size_entry,
    size_exploratory,
)
from engine.sizing.factors import (
    chance_of_falling_to,
    drawdown_factor,
    grossman_zhou_factor,
    growth_share,
    volatility_factor,
)
from engine.sizing.kelly import baker_mchale, kelly_outcomes, kelly_two_outcome
from engine.sizing.portfolio import portfolio_weights
from engine.sizing.standing import Holding, Standing, portfolio_shares

__all__ = [
    "Bet",
    "ChainSize",
    "Holding",
    "Room",
    "Sizing",
    "SizingPolicy",
    "Standing",
    "alone_frac",
    "baker_mchale",
    "chance_of_falling_to",
    "drawdown_factor",
    "grossman_zhou_factor",
    "growth_share",
    "kelly_outcomes",
    "kelly_two_outcome",
    "portfolio_shares",
    "portfolio_weights",
    "size_chain",
    "size_entry",
    "size_exploratory",
    "volatility_factor",
]
