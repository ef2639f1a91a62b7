"""The one cost model of proposals, paper broker and backtest (see README.md).

Refuses to flatter: both legs are takers unless said otherwise, prices move against us to the
tick, and an unknown spread is the configured one, never zero.
"""

from engine.costs.conditions import Conditions, Seen
from engine.costs.flow import Flow, flow_of, flow_over
from engine.costs.model import NO_WAIT, CostModel, Drift, HalfSpread
from engine.costs.spread import (
    SpreadEstimate,
    corwin_schultz_half_spread,
    estimate_of,
    pair_spread,
)
from engine.model.fees import FeeTier

__all__ = [
    "NO_WAIT",
    "Conditions",
    "CostModel",
    "Drift",
    "FeeTier",
    "Flow",
    "HalfSpread",
    "Seen",
    "SpreadEstimate",
    "corwin_schultz_half_spread",
    "estimate_of",
    "flow_of",
    "flow_over",
    "pair_spread",
]
