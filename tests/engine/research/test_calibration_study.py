from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.clock import VirtualClock
from engine.config import Settings
from engine.errors import ConfigError, LockedFifth, MarketDataError
from engine.model.setups import Outcome
from engine.probability.pipeline import LAYERS
from engine.research.calibration import challengers as rivals
from engine.research.calibration import report_as_json, write_candidates
from engine.research.calibration.candidates import REQUIRED
from engine.research.calibration.poison import count_moved
from engine.research.calibration.report import POOLED
from engine.research.calibration.rows import FOLDS, LAYER_NAMES
from engine.research.calibration.study import UNTOUCHED, Study, StudyPlan, calibrate_files
from engine.research.trials import LockOpening, Trial, TrialLog
from tests.engine.research.histories import BARS, SYMBOLS, write_history
from tests.kit.market import MONDAY

PLAN = StudyPlan(draws=100)
# Compiling the kernels after an edit takes half a minute on an idle machine.
pytestmark = pytest.mark.timeout(400)


def _studied(files: Mapping[str, Path], plan: StudyPlan) -> Study:
    log = next(iter(files.values())).with_name("trials.jsonl")
    return calibrate_files(Settings(), files, plan, TrialLog(log, VirtualClock(MONDAY)))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("history")
    return {s: write_history(folder / f"{s}.parquet", i) for i, s in enumerate(SYMBOLS)}


@pytest.fixture(scope="module")
def study(files: dict[str, Path]) -> Study:
    return _studied(files, PLAN)


@pytest.fixture(scope="module")
def table(study: Study, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    path = tmp_path_factory.mktemp("out") / "candidates.parquet"
    write_candidates(study, path)
    return pl.read_parquet(path)


def test_layer_names_are_those_of_the_pipeline() -> None:
    assert tuple(spec.name for spec in LAYERS) == LAYER_NAMES


def test_every_instrument_and_the_pool_are_reported(study: Study) -> None:
    groups = {group.name: group for group in study.report.groups}
    assert set(groups) == {*SYMBOLS, POOLED}
    assert groups[POOLED].candidates == sum(groups[s].candidates for s in SYMBOLS)


def test_every_model_is_scored(study: Study) -> None:
    assert [model.name for model in study.report.pooled.models] == [
        "martingale", "base_rate", "naive_sum", "pipeline", *rivals.CHALLENGERS,
    ]  # fmt: skip


def test_all_twelve_layers_are_left_out_or_say_why_not(study: Study) -> None:
    layers = study.report.pooled.layers
    assert tuple(layer.layer for layer in layers) == LAYER_NAMES
    assert all(layer.how for layer in layers)


def test_a_layer_that_never_spoke_is_said_to_be_silent(study: Study) -> None:
    (scouts,) = (layer for layer in study.report.pooled.layers if layer.layer == "scouts")
    assert scouts.brier is None


def test_candidates_have_the_promised_columns_first(table: pl.DataFrame) -> None:
    assert tuple(table.columns[: len(REQUIRED)]) == REQUIRED
    assert len([name for name in REQUIRED if name.startswith("llr_")]) == 12


def test_candidates_are_whole_and_within_bounds(table: pl.DataFrame) -> None:
    assert table.select(REQUIRED).null_count().sum_horizontal().item() == 0
    assert table["p"].is_between(0.0, 1.0).all()
    assert (table["p_low"] <= table["p"] + 1e-12).all()
    assert table["y"].to_list() == [int(o == "target") for o in table["outcome"]]


def test_brier_can_be_recomputed_from_the_file(study: Study, table: pl.DataFrame) -> None:
    judged = table.filter("judged")
    brier = ((judged["p"] - judged["y"]) ** 2).mean()
    assert brier == pytest.approx(study.report.pooled.model("pipeline").brier, abs=1e-12)


def test_nothing_of_the_last_fifth_is_judged(study: Study) -> None:
    assert study.report.locked_from is not None
    assert study.report.last_at < study.report.locked_from
    assert study.rows.closed_at.max() <= study.lock_at


def test_garbage_in_the_last_fifth_changes_no_number(
    files: dict[str, Path], study: Study, tmp_path: Path
) -> None:
    poisoned = {
        symbol: write_history(tmp_path / f"{symbol}.parquet", i, garbage_from=int(0.8 * BARS) + 1)
        for i, symbol in enumerate(files)
    }
    again = _studied(poisoned, PLAN)
    assert report_as_json(again.report) == report_as_json(study.report)


def test_garbage_later_in_the_file_changes_no_earlier_odds(
    files: dict[str, Path], study: Study, tmp_path: Path
) -> None:
    begins = int(0.5 * BARS)
    poisoned = {
        symbol: write_history(tmp_path / f"{symbol}.parquet", i, garbage_from=begins)
        for i, symbol in enumerate(files)
    }
    again = _studied(poisoned, PLAN)
    until = int(1_600_000_000 // 3600 * 3600 + 3600 * begins)
    before, after = study.rows.opened_at <= until, again.rows.opened_at <= until
    # A candidate whose label would have closed in the garbage may be missing at the very end.
    n = min(int(before.sum()), int(after.sum()))
    assert n > 50
    for name in ("martingale", "base_rate", "naive_sum", "pipeline"):
        assert np.array_equal(study.rows.odds[name][:n], again.rows.odds[name][:n])


def test_turning_the_future_round_moves_no_odds(study: Study) -> None:
    assert study.report.poison_checked > 100
    assert study.report.poison_moved == 0


def test_turning_the_past_round_would_be_seen(study: Study) -> None:
    settings, order = Settings().pipeline, {s: i for i, s in enumerate(SYMBOLS)}
    cases = [case for case in study.rows.cases if case.outcome is not None]
    first = cases[0]
    first.outcome = Outcome.TARGET if first.outcome is not Outcome.TARGET else Outcome.STOP
    try:
        _, moved = count_moved(cases, settings, order, int(study.rows.opened_at[-1]))
    finally:
        first.outcome = Outcome.STOP if first.outcome is Outcome.TARGET else Outcome.TARGET
    assert moved > 0


def test_challengers_learn_only_from_labels_closed_an_embargo_before(study: Study) -> None:
    rows = study.rows
    embargo = rivals.embargo_seconds(rows.opened_at, 2.0)
    assert embargo >= 2.0 * 86_400.0
    for fold in range(1, FOLDS):
        taught = rivals.training_rows(rows, fold, embargo)
        assert rows.closed_at[taught].max() + embargo <= rows.opened_at[rows.fold == fold].min()


def test_the_first_fold_only_teaches(study: Study) -> None:
    assert not study.judged[study.rows.fold == 0].any()
    assert np.isnan(study.rows.odds["logistic_regression"][study.rows.fold == 0]).all()


def test_report_is_the_same_for_the_same_seed(files: dict[str, Path], study: Study) -> None:
    again = report_as_json(_studied(files, PLAN).report)
    assert json.dumps(again) == json.dumps(report_as_json(study.report))


def test_report_is_json_without_nan(study: Study) -> None:
    json.dumps(report_as_json(study.report), allow_nan=False)


def test_bars_of_the_issue_are_all_answered(study: Study) -> None:
    assert len(study.report.bars()) == 5


def test_opening_the_lock_judges_the_last_fifth_apart(files: dict[str, Path]) -> None:
    opened = _studied(files, StudyPlan(draws=20, open_locked=True)).report
    assert opened.locked_from is None
    assert any(group.name == UNTOUCHED for group in opened.groups)
    log = TrialLog(files["BTC-USD"].with_name("trials.jsonl"), VirtualClock(MONDAY)).entries()
    opening, trial = (logged.entry for logged in log[-2:])
    assert isinstance(opening, LockOpening)
    assert opening.ordinal == 1
    assert isinstance(trial, Trial)
    assert (trial.search, trial.opened_lock) == ("calibration", True)
    assert trial.metrics["brier_score"] == opened.pooled.model("pipeline").brier
    with pytest.raises(LockedFifth, match="opened by executor calibration before"):
        _studied(files, StudyPlan(draws=21, open_locked=True))


def test_without_scikit_learn_there_are_no_challengers(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.research.calibration.study.available", lambda: False)
    report = _studied(files, StudyPlan(draws=20)).report
    assert "scikit-learn is not installed" in report.challengers
    assert [m.name for m in report.pooled.models][-1] == "pipeline"


def test_symbol_in_another_dollar_uses_the_configured_instrument(files: dict[str, Path]) -> None:
    renamed = {"BTC-USDT": files["BTC-USD"]}
    report = _studied(renamed, StudyPlan(draws=20)).report
    assert "BTC-USD" in report.notes[0]


def test_unknown_instrument_is_refused_with_the_mend(files: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match=r"add \[instruments.DOGE-USD\]"):
        _studied({"DOGE-USD": files["BTC-USD"]}, PLAN)


def test_too_short_a_history_is_refused_with_the_mend(files: dict[str, Path]) -> None:
    with pytest.raises(MarketDataError, match="give longer files"):
        _studied(files, StudyPlan(bars=600))
