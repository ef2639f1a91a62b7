"""Bad series: one clear line or a neutral answer, never a probability that is none."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from engine.config import Settings
from engine.errors import ExecutorError
from engine.model.bars import Bar
from engine.model.setups import Assessment
from engine.probability.batch import Case, History, run
from engine.probability.layer import FloatArray
from engine.probability.pipeline import Pipeline, PipelineSettings
from engine.research.calibration.histories import read_histories
from tests.engine.probability.histories import BITCOIN, COSTS, HOUR, as_events, random_walk
from tests.engine.research.histories import write_history

HISTORY = random_walk(500, BITCOIN, 3)
FAULTS = ("duplicate", "unsorted", "nan", "inf", "negative", "zero", "constant", "contradiction")
BAD = {"nan": math.nan, "inf": math.inf, "negative": -1.0, "zero": 0.0}
Columns = dict[str, FloatArray]


def spoilt(fault: str, at: int) -> Columns:
    """Columns of a sound history with one fault at one bar (or, if constant, everywhere)."""
    columns = {
        name: getattr(HISTORY, name).copy()
        for name in ("closed_at", "open", "high", "low", "close")
    }
    prices = [columns[name] for name in ("open", "high", "low", "close")]
    if fault == "duplicate":
        columns["closed_at"][at] = columns["closed_at"][at - 1]
    elif fault == "unsorted":
        columns["closed_at"][[at - 1, at]] = columns["closed_at"][[at, at - 1]]
    elif fault == "constant":
        for column in prices:
            column[:] = 1000.0
    elif fault == "contradiction":
        columns["high"][at] = 0.5 * columns["low"][at]
    else:
        prices[at % 4][at] = {"nan": math.nan, "inf": math.inf, "negative": -1.0, "zero": 0.0}[
            fault
        ]
    return columns


def chances(found: Case | Assessment) -> list[float]:
    assert found.odds is not None
    return [found.odds.p_prior, found.odds.p_mean, found.odds.p_low, found.odds.ev_low_frac]


@given(fault=st.sampled_from(FAULTS), at=st.integers(1, 499))
@examples(max_examples=60, deadline=None)
def test_a_history_with_a_fault_is_refused_in_one_line_or_neutral(fault: str, at: int) -> None:
    columns = spoilt(fault, at)
    if fault == "constant":
        history = History(BITCOIN, **columns)  # type: ignore[arg-type]
        assert run(PipelineSettings(), [history], HOUR, COSTS, compile_kernels=False) == []
        return
    with pytest.raises(ValueError, match="BTC-USD") as refused:
        History(BITCOIN, **columns)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("bars", [0, 1, 2, 29, 31])
def test_too_short_a_history_has_no_candidate(bars: int) -> None:
    columns = {
        name: getattr(HISTORY, name)[:bars]
        for name in ("closed_at", "open", "high", "low", "close")
    }
    history = History(BITCOIN, **columns)
    assert run(PipelineSettings(), [history], HOUR, COSTS, compile_kernels=False) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_live_refuses_a_spoilt_bar_and_goes_on_with_the_next(fault: str) -> None:
    columns, refusals = spoilt(fault, 300), []
    pipeline = Pipeline(PipelineSettings(), [BITCOIN], HOUR)
    for i, event in enumerate(as_events(HISTORY)):
        close_at = event.at + timedelta(
            seconds=float(columns["closed_at"][i] - HISTORY.closed_at[i])
        )
        prices = {name: float(columns[name][i]) for name in ("open", "high", "low", "close")}
        bar: Bar = replace(event.bars[0], close_at=close_at, **prices)  # type: ignore[arg-type]
        try:
            answers = pipeline.observe(replace(event, at=close_at, bars=(bar,)), COSTS)
        except ValueError as error:
            refusals.append(str(error))
            continue
        for answer in answers:
            assert answer.odds is None or all(map(math.isfinite, chances(answer)))
    assert len(refusals) == (0 if fault == "constant" else 1)
    assert not any("\n" in refusal for refusal in refusals)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_spoilt_file_is_refused_or_its_bad_bar_left_out(fault: str, tmp_path: Path) -> None:
    table = pl.read_parquet(write_history(tmp_path / "sound.parquet", 0)).head(700)
    ts = table["ts"].to_list()
    columns = {name: table[name].to_numpy().copy() for name in ("open", "high", "low", "close")}
    if fault == "duplicate":
        ts[300] = ts[299]
    elif fault == "unsorted":
        ts[299], ts[300] = ts[300], ts[299]
    elif fault == "constant":
        columns = {name: np.full(700, 1000.0) for name in columns}
    elif fault == "contradiction":
        columns["high"][300] = 0.5 * columns["low"][300]
    else:
        columns["close"][300] = BAD[fault]
    path = tmp_path / "spoilt.parquet"
    table.with_columns(
        pl.Series("ts", ts, dtype=pl.Datetime("ms")),
        *(pl.Series(name, values) for name, values in columns.items()),
    ).write_parquet(path)
    files = {"BTC-USD": path}
    if fault in ("duplicate", "unsorted"):
        with pytest.raises(ExecutorError, match=r"spoilt\.parquet") as refused:
            read_histories(Settings(), files, None)
        assert "\n" not in str(refused.value)
        return
    recorded = read_histories(Settings(), files, None)
    left = recorded.histories[0].close.size
    assert left == (700 if fault == "constant" else 699)
    assert (fault == "constant") or "1 bad bars of spoilt.parquet are left out" in recorded.notes
