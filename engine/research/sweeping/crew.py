"""Who does the work of a sweep: processes of this machine, or a Dask cluster by its address.

Refuses to lose a piece of work: one whose worker died is given out again, a few times; then the
fault is told. Both crews call the same function with the same bytes, so they answer the same.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any, Protocol

from engine.errors import ResearchError

Work = Callable[[Any, Any], Any]
"""A function at a module's top: what all share, one piece of work, to its answer."""

PATIENCE = timedelta(seconds=10)
ORPHANED_FOR = timedelta(seconds=10)

GIVEN_OUT_AGAIN = 5
"""Times that work is given out anew after a cluster has lost what it was given."""


class Crew(Protocol):
    """Somebody who does pieces of work in any order."""

    def run(self, work: Work, shared: object, pieces: Mapping[str, Any]) -> Iterator[Any]:
        """Answers as (name, answer), as they come.

        Parameters
        ----------
        work : function at the top of a module
        shared : object
            What every piece needs; sent once to each who works.
        pieces : mapping of name to what `work` gets
        """
        ...


class LocalCrew:
    """Processes of this machine.

    Parameters
    ----------
    workers : int, >= 1
        One works in this process, without another.
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ResearchError(f"--workers must be >= 1, was {workers}")
        self._workers = workers

    def run(self, work: Work, shared: object, pieces: Mapping[str, Any]) -> Iterator[Any]:
        """See `Crew`."""
        if self._workers == 1:
            for name, piece in pieces.items():
                yield name, work(shared, piece)
            return
        yield from self._spread(work, pickle.dumps(shared, protocol=5), pieces)

    def _spread(self, work: Work, blob: bytes, pieces: Mapping[str, Any]) -> Iterator[Any]:
        from joblib import Parallel, delayed
        from joblib.externals.loky import get_reusable_executor

        # Arrays mapped into memory are read-only, and each kernel would be compiled for them anew.
        # Workers of a process that was killed end by themselves when nothing more comes.
        parallel = Parallel(
            n_jobs=self._workers,
            return_as="generator_unordered",
            max_nbytes=None,
            batch_size=1,
            idle_worker_timeout=ORPHANED_FOR.total_seconds(),
        )
        key = hashlib.sha256(blob).hexdigest()
        answers = parallel(
            delayed(_in_process)(os.getpid(), work, key, blob, name, piece)
            for name, piece in pieces.items()
        )
        try:
            with closing(answers):
                yield from answers
        finally:
            get_reusable_executor().shutdown(wait=False, kill_workers=True)


class ClusterCrew:
    """Workers of a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler: ``tcp://10.0.0.5:8786``.
    patience : timedelta
        How long it may take to answer.
    """

    def __init__(self, address: str, patience: timedelta = PATIENCE) -> None:
        self._address, self._patience = address, patience

    def run(self, work: Work, shared: object, pieces: Mapping[str, Any]) -> Iterator[Any]:
        """See `Crew`."""
        blob = pickle.dumps(shared, protocol=5)
        with _connected(self._address, self._patience) as client:
            _require_same_software(client)
            left = dict(pieces)
            for _ in range(GIVEN_OUT_AGAIN + 1):
                for name, answer in self._round(client, work, blob, left):
                    del left[name]
                    yield name, answer
                if not left:
                    return
            raise ResearchError(
                f"the cluster at {self._address} lost its workers {GIVEN_OUT_AGAIN + 1} times; "
                f"{len(left)} piece(s) are left: mend it and start the same command again"
            )

    def _round(
        self, client: Any, work: Work, blob: bytes, pieces: Mapping[str, Any]
    ) -> Iterator[Any]:
        """Give everything out once; what gets lost with a worker is not answered."""
        from distributed import as_completed as distributed_as_completed

        as_completed: Any = distributed_as_completed  # untyped there

        key = hashlib.sha256(blob).hexdigest()
        (everywhere,) = client.scatter([blob], broadcast=True, hash=False)
        given = {
            client.submit(_by_name, work, key, everywhere, name, piece, pure=False): name
            for name, piece in pieces.items()
        }
        for future in as_completed(list(given), loop=client.loop):
            if future.status == "finished":
                yield future.result()
            elif future.status == "error" and not _died(future.exception()):
                raise future.exception()


def crew_of(workers: int, cluster: str | None) -> Crew:
    """The crew that options ask for."""
    return ClusterCrew(cluster) if cluster else LocalCrew(workers)


_shared: dict[str, Any] = {}
"""What this process was sent last, by its hash: unpacked once, not once a piece."""


def _unpacked(key: str, blob: bytes) -> Any:
    if key not in _shared:
        _shared.clear()
        _shared[key] = pickle.loads(blob)  # noqa: S301 - packed by whoever gave us the work
    return _shared[key]


def _by_name(work: Work, key: str, blob: bytes, name: str, piece: Any) -> tuple[str, Any]:
    return name, work(_unpacked(key, blob), piece)


def _in_process(
    owner: int, work: Work, key: str, blob: bytes, name: str, piece: Any
) -> tuple[str, Any]:
    if os.getppid() != owner:
        os._exit(1)  # whoever asked is dead: nobody takes the answer
    # Ctrl-C is for the one who started us: it keeps what is done and ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return _by_name(work, key, blob, name, piece)


def _died(fault: BaseException | None) -> bool:
    from distributed import KilledWorker

    return isinstance(fault, KilledWorker)


@contextmanager
def _connected(address: str, patience: timedelta) -> Iterator[Any]:
    try:
        from distributed import Client

        connect: Any = Client  # untyped there
    except ImportError:
        raise ResearchError(
            "--cluster needs Dask: install it with pip install 'executor[cluster]'"
        ) from None
    try:
        client = connect(address, timeout=patience.total_seconds(), set_as_default=False)
    except (OSError, ValueError) as fault:
        reason = str(fault).partition("\n")[0][:120]
        raise ResearchError(
            f"no Dask scheduler answers at {address} ({reason}): start one with dask scheduler, "
            "or leave out --cluster"
        ) from None
    try:
        yield client
    finally:
        client.close()


def _require_same_software(client: Any) -> None:
    from engine.research.sweeping.software import fingerprint

    here = fingerprint()
    there: Mapping[str, str] = client.run(fingerprint)
    if not there:
        raise ResearchError("the cluster has no worker: start some with dask worker ADDRESS")
    others = sorted(worker for worker, told in there.items() if told != here)
    if others:
        raise ResearchError(
            f"worker {others[0]} runs another version of Executor: install the same one there"
        )
