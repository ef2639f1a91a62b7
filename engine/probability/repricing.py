"""An assessment's odds at a moved price, or under doubt: what the layers said stays.

Refuses a price that is not between stop and target: there the setup is over. Doubt never raises.
"""

from __future__ import annotations

import math
from dataclasses import replace

from engine.model.setups import Assessment, Odds, Setup
from engine.probability.barrier import martingale_odds
from engine.probability.calibration import calibrated_log_odds
from engine.probability.knowledge import Knowledge
from engine.probability.special import logistic, logit
from engine.probability.worth import expected_miss, value_odds

DOUBT = "analyzer"
"""Name of the step by which a memo lowered the log-odds."""


def reprice(
    knowledge: Knowledge, assessment: Assessment, setup: Setup, price: float, cost_frac: float
) -> Odds:
    """Odds of the setup for an entry at `price`.

    Raises
    ------
    ValueError
        If the price is not between stop and target.
    """
    if not setup.stop < price < setup.target:
        bounds = f"({setup.stop:g}, {setup.target:g})"
        raise ValueError(f"price must be in (stop, target) = {bounds}, was {price:g}")
    shape = setup.target / price - 1.0, 1.0 - setup.stop / price
    chance = martingale_odds(*shape, setup.volatility, setup.horizon_days)
    start = calibrated_log_odds(chance.target)
    moves = [move for name, move in assessment.log_odds if name not in ("prior", "calibration")]
    fused = start + math.fsum(moves)
    final = knowledge.calibrated(start, start + moves[0], fused, assessment.scores)
    sd = next(r.diagnostics["sd_nats"] for r in assessment.readings if r.name == "fusion")
    shares = knowledge.shares(setup.instrument, setup.kind, assessment.scores)
    miss = expected_miss(chance.target, chance.stop, *shape, shares)
    gap = assessment.scores.get("gap_frac", 0.0) * knowledge.gap_chance(setup.instrument)
    prior = logistic(start + moves[0])
    low = knowledge.lower(fused, final, sd)
    return value_odds(prior, logistic(final), low, *shape, miss, cost_frac, gap)


def doubt(
    knowledge: Knowledge, assessment: Assessment, setup: Setup, odds: Odds, nats: float
) -> Assessment:
    """The assessment with its log-odds lowered by `nats` <= 0; as it is where that would raise."""
    fused = [step for step in assessment.log_odds if step[0] != "calibration"]
    steps = (*fused, (DOUBT, nats))
    held = replace(assessment, log_odds=steps)
    lowered = reprice(knowledge, held, setup, setup.entry, odds.cost_frac)
    if lowered.p_mean > odds.p_mean or lowered.p_low > odds.p_low:
        return assessment
    calibration = logit(lowered.p_mean) - math.fsum(move for _, move in steps)
    return replace(held, odds=lowered, log_odds=(*steps, ("calibration", calibration)))
