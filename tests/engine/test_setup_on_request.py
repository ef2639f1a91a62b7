"""A setup because the owner asks: priced like any other, and never learnt from."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.model.setups import Assessment
from engine.probability.pipeline import InstrumentScale, Pipeline, PipelineSettings

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def bar_at(number: int) -> BarsClosed:
    price = 100.0 * math.exp(0.01 * math.sin(number / 7.0) + 0.003 * math.cos(number * 1.7))
    at = START + number * HOUR
    bar = Bar(
        "BTC-USD", Timeframe.H1, at, at + HOUR, price, price * 1.002, price * 0.998, price, 1.0
    )
    return BarsClosed(at + HOUR, (bar,))


def warmed_pipeline(bars: int) -> Pipeline:
    pipeline = Pipeline(
        PipelineSettings(), [InstrumentScale("BTC-USD", 0.01, continuous=True)], Timeframe.H1.days
    )
    for number in range(bars):
        pipeline.observe(bar_at(number), {"BTC-USD": 0.01})
    return pipeline


def requested(pipeline: Pipeline) -> Assessment:
    assessment = pipeline.setup_on_request("BTC-USD", 0.01)
    assert assessment is not None
    return assessment


def test_setup_on_request_is_priced_at_the_newest_close() -> None:
    assessment = requested(warmed_pipeline(400))
    assert assessment.setup is not None
    assert assessment.setup.entry == bar_at(399).bars[0].close


def test_setup_on_request_has_finite_odds() -> None:
    odds = requested(warmed_pipeline(400)).odds
    assert odds is not None
    assert 0.0 < odds.p_low <= odds.p_mean < 1.0


def test_setup_on_request_is_no_candidate() -> None:
    pipeline = warmed_pipeline(400)
    before = pipeline.open_candidates()
    requested(pipeline)
    assert pipeline.open_candidates() == before


def test_setup_on_request_is_none_before_there_is_a_scale() -> None:
    assert warmed_pipeline(3).setup_on_request("BTC-USD", 0.01) is None


def test_gate_refuses_what_does_not_pay_its_costs() -> None:
    pipeline = warmed_pipeline(400)
    assessment = requested(pipeline)
    assert assessment.odds is not None
    assert "lower bound" in pipeline.gate(assessment, assessment.odds, assessment.price)
