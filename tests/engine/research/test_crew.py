"""Crews of processes: on this machine, and on a real Dask cluster that loses a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ResearchError
from engine.research.sweeping.crew import ClusterCrew, LocalCrew, crew_of

pytestmark = pytest.mark.timeout(300)
PIECES = {f"p{k}": k for k in range(12)}


def scaled(shared: np.ndarray[Any, Any], piece: int) -> float:
    return float(shared[piece] * 2.0)


def writable(shared: np.ndarray[Any, Any], piece: int) -> bool:
    return bool(shared.flags.writeable)


def pid(shared: object, piece: int) -> int:
    return os.getpid()


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


@pytest.mark.parametrize("workers", [1, 2])
def test_local_processes_answer_every_piece_by_its_name(workers: int) -> None:
    answers = dict(LocalCrew(workers).run(scaled, SHARED, PIECES))
    assert answers == {name: 2.0 * k for name, k in PIECES.items()}


def test_arrays_reach_processes_writable_or_every_kernel_would_be_compiled_anew() -> None:
    assert all(dict(LocalCrew(2).run(writable, SHARED, PIECES)).values())


def test_work_is_done_by_other_processes_that_are_gone_afterwards() -> None:
    import psutil

    answers = dict(LocalCrew(2).run(pid, None, PIECES))
    assert os.getpid() not in answers.values()
    _, alive = psutil.wait_procs(
        [psutil.Process(p) for p in set(answers.values()) if psutil.pid_exists(p)], timeout=20
    )
    assert not alive


def test_a_fault_of_a_piece_comes_out_as_it_is() -> None:
    with pytest.raises(ResearchError, match="the fifth piece is bad"):
        list(LocalCrew(2).run(failing, None, PIECES))


def test_no_workers_are_refused() -> None:
    with pytest.raises(ResearchError, match="--workers must be >= 1"):
        crew_of(0, None)


def test_a_cluster_answers_the_same(cluster: str) -> None:
    here = dict(LocalCrew(1).run(scaled, SHARED, PIECES))
    assert dict(crew_of(1, cluster).run(scaled, SHARED, PIECES)) == here


def test_arrays_reach_a_cluster_writable(cluster: str) -> None:
    assert all(dict(ClusterCrew(cluster).run(writable, SHARED, PIECES)).values())


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
