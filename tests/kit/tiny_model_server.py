"""A real, tiny model behind an OpenAI-compatible server on 127.0.0.1, until it is ended.

Run by the interpreter that `scripts/fetch_tiny_model.py` made: it imports nothing of the project.
Refuses to be reached from anywhere else.
"""

from __future__ import annotations

import signal
import sys
import threading


def main() -> None:
    """Serve the model at argv[1] under the name argv[2], and say where on the first line."""
    import xllamacpp  # type: ignore[import-not-found,unused-ignore]

    weights, name = sys.argv[1:3]
    params = xllamacpp.CommonParams()
    params.model.path = weights
    params.model_alias = {name}
    params.n_ctx = 4096
    params.n_parallel = 1
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.warmup = False
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    print(f"READY {server.listening_address}", flush=True)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()


if __name__ == "__main__":
    main()
