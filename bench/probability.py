"""How fast the twelve layers are: compiled over histories, and live a bar at a time.

Run ``python bench/probability.py`` from the checkout. Compile time is shown apart; the machine
code is kept on disk, so only the first run after a change pays it. Medians of five.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import layers
from engine.model.bars import Bar, BarsClosed, Timeframe
from engine.probability import features
from engine.probability.barrier import abm_odds, ou_odds
from engine.probability.batch import Case, History, run
from engine.probability.layer import InstrumentScale, compiled
from engine.probability.pipeline import Pipeline, PipelineSettings
from engine.probability.scan import scan

SYMBOLS = ("BTC-USD", "XAU-USD", "XAG-USD")
COSTS = dict.fromkeys(SYMBOLS, 0.001)
START = 1_700_006_400


def walk(symbol: str, bars: int, bar_seconds: int, seed: int) -> History:
    """Fat-tailed random walk of a given length."""
    rng = np.random.default_rng(seed)
    moves = rng.standard_t(5, bars + 1) * 0.03 * np.sqrt(bar_seconds / 86_400)
    path = 1000.0 * np.exp(np.cumsum(moves))
    open_, close = path[:-1], path[1:]
    reach = 1.0 + np.abs(rng.normal(size=(2, bars))) * 1e-4
    high, low = np.maximum(open_, close) * reach[0], np.minimum(open_, close) / reach[1]
    closed_at = START + bar_seconds * np.arange(1, bars + 1, dtype=np.int64)
    return History(InstrumentScale(symbol, 0.01, True), closed_at, open_, high, low, close)


def median_seconds(call: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of a call."""
    spent = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        spent.append(time.perf_counter() - begin)
    return statistics.median(spent)


def histories() -> None:
    """Whole pipeline over one instrument, and the share of its compiled half."""
    for bars, seconds in ((35_777, 3600), (525_600, 60)):
        history = walk("BTC-USD", bars, seconds, 1)
        begin = time.perf_counter()
        candidates = len(whole(history, seconds))
        first = time.perf_counter() - begin
        spent = median_seconds(partial(whole, history, seconds))
        scanned = median_seconds(partial(kernels, history, seconds))
        print(
            f"{bars:>8} bars: {spent:6.3f} s ({bars / spent:,.0f} bars/s, {candidates} "
            f"candidates), kernels {scanned:6.3f} s, first call {first:5.1f} s"
        )


def whole(history: History, bar_seconds: int) -> list[Case]:
    """Everything: kernels, labels, judgement and learning."""
    return run(PipelineSettings(), [history], bar_seconds / 86_400, COSTS)


def kernels(history: History, bar_seconds: int) -> object:
    """The compiled half alone."""
    settings, days = PipelineSettings(), bar_seconds / 86_400
    setting = features.scaling(settings, history.scale, days)
    prices = history.high, history.low, history.close
    return compiled(scan)(features.start(settings, days), history.closed_at, *prices, setting)


def live() -> None:
    """One bar of three instruments in plain Python."""
    count = 1500
    paths = [walk(symbol, count, 3600, 2 + i) for i, symbol in enumerate(SYMBOLS)]
    pipeline = Pipeline(PipelineSettings(), [h.scale for h in paths], 1 / 24)
    spent = []
    for i in range(count):
        close_at = datetime.fromtimestamp(int(paths[0].closed_at[i]), UTC)
        bars = tuple(
            Bar(
                h.scale.symbol,
                Timeframe.H1,
                close_at - timedelta(hours=1),
                close_at,
                float(h.open[i]),
                float(h.high[i]),
                float(h.low[i]),
                float(h.close[i]),
                0.0,
            )
            for h in paths
        )
        begin = time.perf_counter()
        pipeline.observe(BarsClosed(close_at, bars), COSTS)
        for label in pipeline.closed_labels():
            pipeline.learn(label)
        spent.append(1e3 * (time.perf_counter() - begin))
    tail = sorted(spent[300:])
    print(
        f"live bar, three instruments: median {statistics.median(tail):.2f} ms, "
        f"99 % {tail[int(0.99 * len(tail))]:.2f} ms, worst {tail[-1]:.2f} ms"
    )


def shares() -> None:
    """Which layer takes how much of a year of minutes."""
    history, settings = walk("BTC-USD", 525_600, 60, 1), PipelineSettings()
    spent = layers.kernel_shares(history, settings, 60 / 86_400)
    layers.print_shares(spent | layers.judging_shares(history, settings, 60 / 86_400, COSTS))


def barriers() -> None:
    """One uncached call of each kind of barrier odds."""
    steps = iter(range(1, 10_000))
    abm = median_seconds(lambda: abm_odds(1e-6 * next(steps), 0.02, 0.03, 0.02, 2.0), 200)
    ou = median_seconds(
        lambda: ou_odds(0.5 + 1e-5 * next(steps), 0.0, 0.02, -0.05, 0.0, -0.03, 2.0), 200
    )
    print(f"barrier odds, uncached: Brownian {1e6 * abm:.0f} us, OU {1e6 * ou:.0f} us")


if __name__ == "__main__":
    barriers()
    live()
    histories()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    shares()
