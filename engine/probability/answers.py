"""The twelve readings of one bar, put together from what was found and what was judged.

Refuses to leave a layer out: all twelve answer, in the order of ``LAYERS``, if only with silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.model.setups import LayerReading
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
from engine.probability import readings as say
from engine.probability.desk import Desk
from engine.probability.features import Features
from engine.probability.knowledge import Judgement, Knowledge
from engine.probability.layers import LAYERS
from engine.probability.pairs import PairBook
from engine.probability.settings import PipelineSettings


def read_all(
    found: Features,
    desk: Desk,
    pairs: PairBook,
    knowledge: Knowledge,
    settings: PipelineSettings,
    judged: Judgement | None,
    scores: Mapping[str, float],
) -> tuple[LayerReading, ...]:
    """Readings of all twelve layers after a bar of one instrument.

    Parameters
    ----------
    judged : Judgement or None
        None on a bar without a setup: then there is nothing to weigh.
    """
    window, state, bars = settings.reversion_window_bars, desk.state, desk.bars
    answers = (
        say.read_base_rate(base_rate.SPEC, judged),
        say.read_regime(regime.SPEC, found, int(state.regime.counts[0])),
        say.read_reversion(mean_reversion.SPEC, found, desk.setting, window, bars),
        say.read_exhaustion(exhaustion.SPEC, found, bars),
        say.read_volatility(volatility.SPEC, found.scale, bars),
        say.read_tail(tail.SPEC, found, desk.setting.bar_days, bars),
        say.read_alignment(alignment.SPEC, found, int(state.alignment.counts[-1])),
        say.read_liquidity(liquidity.SPEC, found),
        say.read_cross_asset(cross_asset.SPEC, desk.scale.symbol, pairs),
        say.read_scouts(scouts.SPEC, scores),
        *_learnt(knowledge, settings, judged),
    )
    if judged is None:
        return answers
    return tuple(
        say.weigh(reading, knowledge, judged) if say.is_evidence(spec) else reading
        for spec, reading in zip(LAYERS, answers, strict=True)
    )


def read_again(
    readings: tuple[LayerReading, ...],
    knowledge: Knowledge,
    settings: PipelineSettings,
    judged: Judgement,
    scores: Mapping[str, float],
) -> tuple[LayerReading, ...]:
    """The same readings after scouts have voted: what prices alone said stays."""
    fused, calibrated = _learnt(knowledge, settings, judged)
    heard = {
        "scouts": say.weigh(say.read_scouts(scouts.SPEC, scores), knowledge, judged),
        "fusion": fused,
        "calibration": calibrated,
    }
    return tuple(
        heard.get(reading.name)
        or replace(reading, weight=judged.weights.get(reading.name, reading.weight))
        for reading in readings
    )


def _learnt(
    knowledge: Knowledge, settings: PipelineSettings, judged: Judgement | None
) -> tuple[LayerReading, LayerReading]:
    wanted = settings.calibration_min_labels
    return (
        say.read_fusion(fusion.SPEC, knowledge, judged),
        say.read_calibration(calibration.SPEC, knowledge, judged, wanted),
    )
