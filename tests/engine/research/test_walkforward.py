"""Walk-forward: nothing chooses on what it is judged by, and folds are stitched as they come."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ResearchError
from engine.research.sweeping import LocalCrew, sweep
from engine.research.walkforward import Walk, walk_as_json, walk_forward, write_walk
from engine.research.walkforward.folds import combinations, embargo_for, stretches
from engine.research.walkforward.walk import best_of, day_of, table_of
from tests.engine.research.backtest.recorded import cut, swinging
from tests.engine.research.searches import log_in, pieces

pytestmark = pytest.mark.timeout(400)
DEPTHS = (0.6, 1.0, 1.4)
BARS = 4000
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("walk")
    found = walk_forward(
        pieces(DEPTHS, "walk-forward"),
        swinging(BARS).until_lock(),
        3,
        LocalCrew(1),
        folder,
        log_in(folder),
    )
    assert found is not None
    return found


# ---- stretches ---------------------------------------------------------------------------


def test_stretches_lie_one_after_another_and_end_with_the_data() -> None:
    found = stretches(FIRST, LAST, 4, timedelta(days=3))
    assert found[-1].end == LAST
    for one, following in itertools.pairwise(found):
        assert one.end == following.begin
        assert one.taught_until == one.begin - timedelta(days=3)
    assert found[0].begin - FIRST == (LAST - FIRST) / 5


def test_an_embargo_is_at_least_the_horizon() -> None:
    assert embargo_for(FIRST, LAST, timedelta(days=2)) == (LAST - FIRST) * 0.01
    assert embargo_for(FIRST, LAST, timedelta(days=20)) == timedelta(days=20)


@pytest.mark.parametrize(("folds", "told"), [(1, "--folds must be >= 2"), (60, "too short")])
def test_folds_that_cannot_judge_are_refused(folds: int, told: str) -> None:
    with pytest.raises(ResearchError, match=told):
        stretches(FIRST, LAST, folds, timedelta(days=3))


def test_combinations_purge_and_embargo() -> None:
    days = np.arange(600)
    found = list(combinations(days, embargo_days=6, horizon_days=2))
    assert len(found) == 15
    for split in found:
        assert not (split.chooses & split.judges).any()
        assert split.judges.sum() == 200
        judged, choosing = np.flatnonzero(split.judges), np.flatnonzero(split.chooses)
        for day in choosing:
            after, before = judged[judged > day], judged[judged < day]
            assert after.size == 0 or after.min() - day > 2
            assert before.size == 0 or day - before.max() > 6
    assert np.sum([split.judges for split in found], axis=0).tolist() == [5] * 600


# ---- the walk ----------------------------------------------------------------------------


def test_the_stitched_returns_are_those_of_the_folds(walk: Walk) -> None:
    told = np.concatenate([fold.trial.returns for fold in walk.folds])
    assert walk.returns.tolist() == told.tolist()
    total = float(np.prod(1.0 + walk.returns))
    parts = [1.0 + fold.trial.metrics["total_return_frac"] for fold in walk.folds]
    assert total == pytest.approx(float(np.prod(parts)), rel=1e-9)
    assert (np.diff(walk.days) >= 0).all()


def test_each_fold_is_traded_within_itself(walk: Walk) -> None:
    for fold in walk.folds:
        assert fold.stretch.begin < fold.trial.first_at <= fold.trial.last_at <= fold.stretch.end
        assert fold.trial.knobs["pipeline.stretch_sigmas"] == DEPTHS[fold.chosen]


def test_a_choice_does_not_depend_on_what_comes_later(walk: Walk, tmp_path: Path) -> None:
    seen = swinging(BARS).until_lock()
    fold = walk.folds[0]
    cut_at = int(np.searchsorted(seen.histories[0].closed_at, fold.stretch.begin.timestamp()))
    past = sweep(
        pieces(DEPTHS, "walk-forward"), cut(seen, cut_at), LocalCrew(1), tmp_path, log_in(tmp_path)
    )
    table, days = table_of(past.trials, past.trials[0].first_at)
    best, sharpe = best_of(table[:, days < day_of(fold.stretch.taught_until)])
    assert best == fold.chosen
    assert sharpe == pytest.approx(fold.taught_sharpe, rel=1e-9)


def test_everything_tried_is_in_the_log(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    found = walk_forward(
        pieces(DEPTHS[:2], "walk-forward"),
        swinging(2500).until_lock(),
        2,
        LocalCrew(1),
        tmp_path,
        log,
    )
    assert found is not None
    kinds = [trial.search for trial in log.trials()]
    assert kinds.count("walk-forward") == 2
    assert kinds.count("walk-forward folds") == 0  # parts of the one below
    assert kinds.count("walk-forward stitched") == 1


def test_a_walk_says_what_it_found(walk: Walk) -> None:
    assert "out of sample" in walk.sentence
    assert "of 3 folds above zero" in walk.sentence
    told = json.loads(json.dumps(walk_as_json(walk), allow_nan=False))
    assert len(told["folds"]) == 3
    assert told["dispersion"]["combinations"] == 15
    low, middle, high = (told["dispersion"][f"combinations_{q}"] for q in ("q05", "median", "q95"))
    assert low <= middle <= high


def test_a_walk_is_written(walk: Walk, tmp_path: Path) -> None:
    whole, table = write_walk(walk, tmp_path)
    assert json.loads(whole.read_text())["stitched"]["days"] == walk.returns.size
    assert len(table.read_text().splitlines()) == walk.returns.size + 1
