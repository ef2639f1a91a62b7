"""Crews of processes: on this machine, and on a real Dask cluster that loses a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from engine.errors import ResearchError
from engine.research.sweeping.crew import ClusterCrew, LocalCrew, crew_of

pytestmark = pytest.mark.timeout(300)
PIECES = {f"p{k}": k for k in range(12)}


class Answer(NamedTuple):
    """A number, whether what all share could be written to, and who worked."""

    value: float
    writable: bool
    pid: int


def scaled(shared: np.ndarray[Any, Any], piece: int) -> Answer:
    return Answer(float(shared[piece] * 2.0), bool(shared.flags.writeable), os.getpid())


def failing(shared: object, piece: int) -> int:
    if piece == 5:
        raise ResearchError("the fifth piece is bad: mend it")
    return piece


def marking(folder: Path, piece: int) -> int:
    """Say that it has begun, then wait until it is let go, by files."""
    (folder / f"begun-{piece}-{os.getpid()}").touch()
    gate = threading.Event()
    while not (folder / "go").exists():
        gate.wait(0.02)
    return piece * piece


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0",
        host="127.0.0.1", silence_logs=50,
    ) as running:  # fmt: skip
        yield running.scheduler_address


SOON = timedelta(seconds=1)
SHARED = np.arange(200_000, dtype=np.float64)


def _values(answers: dict[str, Answer]) -> dict[str, float]:
    return {name: answer.value for name, answer in answers.items()}


EXPECTED = {name: 2.0 * k for name, k in PIECES.items()}


def test_one_worker_is_this_process() -> None:
    answers = dict(LocalCrew(1).run(scaled, SHARED, PIECES))
    assert _values(answers) == EXPECTED
    assert {answer.pid for answer in answers.values()} == {os.getpid()}


def test_several_are_processes_with_writable_arrays_that_are_gone_afterwards() -> None:
    """Numba would compile each kernel anew for an array that is read-only."""
    import psutil

    answers = dict(LocalCrew(2).run(scaled, SHARED, PIECES))
    assert _values(answers) == EXPECTED
    assert all(answer.writable for answer in answers.values())
    workers = {answer.pid for answer in answers.values()}
    assert os.getpid() not in workers
    there = [psutil.Process(pid) for pid in workers if psutil.pid_exists(pid)]
    _, alive = psutil.wait_procs(there, timeout=20)
    assert not alive


def test_a_fault_of_a_piece_comes_out_as_it_is() -> None:
    with pytest.raises(ResearchError, match="the fifth piece is bad"):
        list(LocalCrew(2).run(failing, None, PIECES))


def test_no_workers_are_refused() -> None:
    with pytest.raises(ResearchError, match="--workers must be >= 1"):
        crew_of(0, None)


def test_a_cluster_answers_the_same_from_writable_arrays(cluster: str) -> None:
    answers = dict(crew_of(1, cluster).run(scaled, SHARED, PIECES))
    assert _values(answers) == EXPECTED
    assert all(answer.writable for answer in answers.values())
    assert os.getpid() not in {answer.pid for answer in answers.values()}


def test_a_cluster_passes_a_fault_on(cluster: str) -> None:
    with pytest.raises(ResearchError, match="the fifth piece is bad"):
        list(ClusterCrew(cluster).run(failing, None, PIECES))


def test_a_cluster_that_loses_a_worker_answers_the_same(cluster: str, tmp_path: Path) -> None:
    answers: dict[str, int] = {}

    def collect() -> None:
        answers.update(ClusterCrew(cluster).run(marking, tmp_path, PIECES))

    asking = threading.Thread(target=collect)
    asking.start()
    wait = threading.Event()
    begun: list[str] = []
    for _ in range(3000):
        begun = [path.name for path in tmp_path.glob("begun-*")]
        if len({name.rpartition("-")[2] for name in begun}) == 2:
            break
        wait.wait(0.02)
    victim = int(begun[0].rpartition("-")[2])
    os.kill(victim, signal.SIGKILL)
    (tmp_path / "go").touch()
    asking.join(120)
    assert answers == {name: k * k for name, k in PIECES.items()}
    begun_twice = [p for p in PIECES.values() if len(list(tmp_path.glob(f"begun-{p}-*"))) > 1]
    assert begun_twice, "the piece that died with its worker was given out again"


def test_no_scheduler_is_one_line_with_its_mend() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ResearchError, match="no Dask scheduler answers at"):
        list(ClusterCrew("tcp://127.0.0.1:9", SOON).run(scaled, SHARED, PIECES))


def test_a_cluster_without_workers_is_told() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=0, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
        ) as empty,
        pytest.raises(ResearchError, match="has no worker"),
    ):
        list(ClusterCrew(empty.scheduler_address).run(scaled, SHARED, PIECES))
