"""Sweeps of real backtests: the same answer by one process, by two, on a cluster, and in parts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ResearchError
from engine.research.calibration.histories import Recorded
from engine.research.daily import daily_returns
from engine.research.sweeping import ClusterCrew, LocalCrew, Swept, sweep, swept_as_json
from engine.research.sweeping.report import write_sweep
from engine.research.trials import Trial
from tests.engine.research.backtest.recorded import swinging
from tests.engine.research.searches import DEPTHS, log_in, pieces

# Compiling the kernels after an edit takes half a minute on an idle machine.
pytestmark = pytest.mark.timeout(400)


class Counting(LocalCrew):
    """Works here, and counts; may be interrupted after some pieces."""

    def __init__(self, stop_after: int | None = None) -> None:
        super().__init__(1)
        self.done, self._stop_after = 0, stop_after

    def run(
        self, work: Callable[[Any, Any], Any], shared: object, pieces: Mapping[str, Any]
    ) -> Iterator[Any]:
        for answer in super().run(work, shared, pieces):
            if self.done == self._stop_after:
                raise KeyboardInterrupt
            self.done += 1
            yield answer


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    return swinging().until_lock()


@pytest.fixture(scope="module")
def whole(recorded: Recorded, tmp_path_factory: pytest.TempPathFactory) -> Swept:
    folder = tmp_path_factory.mktemp("whole")
    return sweep(pieces(), recorded, LocalCrew(1), folder, log_in(folder))


def test_every_point_is_done_in_the_order_of_the_grid(whole: Swept) -> None:
    assert whole.complete
    assert [trial.knobs["pipeline.stretch_sigmas"] for trial in whole.trials] == list(DEPTHS)
    assert whole.search.trials == whole.search.measured == len(DEPTHS)
    assert any(trial.metrics["trades_count"] > 0 for trial in whole.trials)


def test_the_best_is_told_with_what_it_is_worth(whole: Swept) -> None:
    assert whole.search.deflated_sharpe is not None
    assert whole.search.overfitting is not None
    assert f"the best of {len(DEPTHS)} configurations" in whole.search.sentence


def test_daily_returns_make_up_the_total(whole: Swept) -> None:
    for trial in whole.trials:
        total = float(np.prod(1.0 + np.array(trial.returns))) - 1.0
        assert total == pytest.approx(trial.metrics["total_return_frac"], abs=1e-9)


def test_a_sweep_does_not_see_the_last_fifth(whole: Swept, recorded: Recorded) -> None:
    assert max(trial.last_at.timestamp() for trial in whole.trials) <= recorded.lock_at
    assert not any(trial.opened_lock for trial in whole.trials)


def test_two_processes_find_the_same(whole: Swept, recorded: Recorded, tmp_path: Path) -> None:
    spread = sweep(pieces(), recorded, LocalCrew(2), tmp_path, log_in(tmp_path))
    assert spread.trials == whole.trials


def test_a_cluster_finds_the_same(whole: Swept, recorded: Recorded, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
        host="127.0.0.1", silence_logs=50,
    ) as cluster:  # fmt: skip
        crew = ClusterCrew(cluster.scheduler_address)
        spread = sweep(pieces(), recorded, crew, tmp_path, log_in(tmp_path))
    assert spread.trials == whole.trials


def test_a_stopped_sweep_goes_on_without_doing_anything_twice(
    whole: Swept, recorded: Recorded, tmp_path: Path
) -> None:
    log = log_in(tmp_path)
    stopped = sweep(pieces(), recorded, Counting(stop_after=2), tmp_path, log)
    assert (len(stopped.trials), stopped.complete) == (2, False)
    rest = Counting()
    resumed = sweep(pieces(), recorded, rest, tmp_path, log)
    assert rest.done == len(DEPTHS) - 2
    assert (resumed.trials, resumed.found) == (whole.trials, 2)
    assert [trial.identity for trial in log.trials()] == [t.identity for t in whole.trials]


def test_a_result_that_was_stored_but_not_logged_is_logged_when_it_is_found(
    recorded: Recorded, tmp_path: Path
) -> None:
    log = log_in(tmp_path)
    sweep(pieces(DEPTHS[:2]), recorded, LocalCrew(1), tmp_path, log)
    log.path.unlink()
    sweep(pieces(DEPTHS[:2]), recorded, Counting(), tmp_path, log)
    assert len(log.trials()) == 2


def test_a_damaged_result_is_named_with_its_mend(recorded: Recorded, tmp_path: Path) -> None:
    sweep(pieces(DEPTHS[:1]), recorded, LocalCrew(1), tmp_path, log_in(tmp_path))
    (path,) = (tmp_path / "points").iterdir()
    path.write_text(path.read_text()[:40])
    with pytest.raises(ResearchError, match="delete it, and the point is run again"):
        sweep(pieces(DEPTHS[:1]), recorded, LocalCrew(1), tmp_path, log_in(tmp_path))


def test_results_are_files_of_every_point(whole: Swept, tmp_path: Path) -> None:
    written = write_sweep(whole, tmp_path)
    assert [path.name for path in written] == ["sweep.json", "points.csv"]
    told = json.loads(written[0].read_text())
    assert told == json.loads(json.dumps(swept_as_json(whole)))
    assert len(written[1].read_text().splitlines()) == len(DEPTHS) + 1


def test_a_trial_of_another_plan_is_another_point(whole: Swept) -> None:
    assert len({trial.identity for trial in whole.trials}) == len(DEPTHS)
    keys = set(whole.trials[0].knobs)
    assert {"plan.start", "plan.until", "plan.exploratory", "plan.cost_factor"} <= keys


def test_a_day_without_a_mark_earns_nothing() -> None:
    day = 86_400
    marks = np.array([day + 10, 3 * day + 10]), np.array([110.0, 99.0])
    assert daily_returns(*marks, 100.0).tolist() == pytest.approx([0.1, 0.0, -0.1])
    assert daily_returns(np.empty(0, np.int64), np.empty(0), 1.0).size == 0


def test_a_trial_is_whole_after_its_file(whole: Swept, tmp_path: Path) -> None:
    from engine.research.sweeping.store import PointStore

    store = PointStore(tmp_path)
    trial = whole.trials[0]
    store.write("x", trial)
    assert store.read("x") == trial
    assert isinstance(trial, Trial)
    assert store.read("y") is None


def test_the_half_result_of_another_process_is_left_alone(whole: Swept, tmp_path: Path) -> None:
    from engine.research.sweeping.store import PointStore

    theirs = tmp_path / "x.json.part"
    theirs.write_text("half of a result")
    PointStore(tmp_path).write("x", whole.trials[0])
    assert theirs.read_text() == "half of a result"
