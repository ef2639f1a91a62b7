"""All twelve layers in one place: what the project says of each, in the order of the pipeline.

Refuses nothing: it is a list. To add a layer, add its file and a line here.
"""

from __future__ import annotations

from engine.probability import (
    alignment,
    base_rate,
    calibration,
    cross_asset,
    exhaustion,
    fusion,
    liquidity,
    mean_reversion,
    regime,
    scouts,
    tail,
    volatility,
)
from engine.probability.layer import LayerSpec

LAYERS: tuple[LayerSpec, ...] = (
    base_rate.SPEC,
    regime.SPEC,
    mean_reversion.SPEC,
    exhaustion.SPEC,
    volatility.SPEC,
    tail.SPEC,
    alignment.SPEC,
    liquidity.SPEC,
    cross_asset.SPEC,
    scouts.SPEC,
    fusion.SPEC,
    calibration.SPEC,
)
"""All twelve layers, in the order in which they are shown."""
