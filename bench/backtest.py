"""How fast a backtest of the whole desk is, what memory it takes, and how others do beside it.

Run ``python bench/backtest.py`` from the checkout. Compile time is apart; medians of five, in
seconds of the processor. backtesting.py and vectorbt (``pip install -e '.[bench]'``) trade a plain
z-score on the same bars in the same run; where one is not installed the table says so. The last
fifth stays locked: real history is taken as far as it may be seen, whole lengths are random walks.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.probability import SYMBOLS, walk
from engine.config import Settings
from engine.model.bars import Timeframe
from engine.research.backtest import BacktestPlan, run_backtest
from engine.research.calibration.histories import Recorded, read_histories
from tests.kit.recorded import market_folder

YEAR_HOURS = 8_760
_CHEAP = Settings(costs={"kraken": {"maker_frac": 0.0001, "taker_frac": 0.0002}})
_MEMORY = "--memory"


def recorded(bars: int, seconds: int, symbols: tuple[str, ...] = SYMBOLS[:1]) -> Recorded:
    """Random walks of several instruments."""
    histories = tuple(walk(symbol, bars, seconds, seed) for seed, symbol in enumerate(symbols))
    timeframe = next(t for t in Timeframe if t.length.total_seconds() == seconds)
    return Recorded(histories, timeframe, int(histories[0].closed_at[-1]), ())


def timed(call: Callable[[], object], repeats: int = 5) -> float:
    """Median time of the processor, which a busy machine moves little."""
    spent = []
    for _ in range(repeats):
        begin = time.process_time()
        call()
        spent.append(time.process_time() - begin)
    return statistics.median(spent)


def speed() -> None:
    """Whole backtests: settings as they are, and cheap enough that something is traded."""
    plain = BacktestPlan(open_locked=True)
    traded = BacktestPlan(open_locked=True, exploratory=True)
    begin = time.process_time()
    run_backtest(Settings(), recorded(3_000, 3600), plain)
    print(f"first call (compiles or loads the kernels): {time.process_time() - begin:.1f} s\n")
    print("| history | settings | sets taken whole | trades | seconds |\n|---|---|---:|---:|---:|")
    for name, data in lengths():
        for told, settings, plan in (
            ("as they are", Settings(), plain),
            ("cheap fees, exploratory", _CHEAP, traded),
        ):
            run = run_backtest(settings, data, plan).base
            spent = timed(lambda s=settings, d=data, p=plan: run_backtest(s, d, p))  # type: ignore[misc]
            print(f"| {name} | {told} | {run.bars_taken} | {len(run.trades)} | {spent:.3f} |")


def lengths() -> list[tuple[str, Recorded]]:
    """Histories to be timed."""
    found = [
        ("35,777 hours, random walk", recorded(35_777, 3600)),
        ("525,600 minutes, random walk", recorded(525_600, 60)),
    ]
    file = market_folder() / "BTC-USDT_1h_binance.parquet"
    if file.is_file():
        data = read_histories(Settings(), {"BTC-USD": file}, None).until_lock()
        found.insert(1, (f"{data.histories[0].close.size:,} hours of bitcoin", data))
    return found


def memory() -> None:
    """Peak memory of one, three, five and ten years of hours of three instruments."""
    print("\n| years of hours, three instruments | peak, MB |\n|---:|---:|")
    for years in (1, 3, 5, 10):
        done = subprocess.run(  # noqa: S603  our own program
            [sys.executable, __file__, _MEMORY, str(years)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        print(f"| {years} | {done.stdout.strip()} |")


def peak_of(years: int) -> float:
    """Peak memory of this process after one backtest, MB."""
    data = recorded(years * YEAR_HOURS, 3600, SYMBOLS)
    run_backtest(Settings(), data, BacktestPlan(open_locked=True))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def others() -> None:
    """A plain z-score by other libraries, on the same bars."""
    data = recorded(35_777, 3600).histories[0]
    print("\n| on 35,777 hours | what it does | seconds |\n|---|---|---:|")
    for name, build in (("backtesting.py", backtesting_py), ("vectorbt", vectorbt)):
        try:
            call = build(data.open, data.high, data.low, data.close)
        except ImportError as fault:
            print(f"| {name} | not installed here ({fault.name}) | – |")
            continue
        call()
        print(f"| {name} | z-score of 240 bars, in below -2, out above 0 | {timed(call):.3f} |")


def z_scores(close: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Distance from the mean of 240 bars in deviations."""
    window, n = 240, close.shape[0]
    sums = np.cumsum(np.concatenate([[0.0], close]))
    squares = np.cumsum(np.concatenate([[0.0], close**2]))
    mean = (sums[window:] - sums[:-window]) / window
    spread = np.sqrt(np.maximum((squares[window:] - squares[:-window]) / window - mean**2, 1e-12))
    return np.concatenate([np.zeros(n - mean.size), (close[window - 1 :] - mean) / spread])


def backtesting_py(*prices: np.ndarray) -> Callable[[], object]:  # type: ignore[type-arg]
    """The strategy in backtesting.py."""
    import pandas as pd
    from backtesting import Backtest, Strategy

    close = prices[3]
    frame = pd.DataFrame(
        dict(zip(("Open", "High", "Low", "Close"), prices, strict=True)),
        index=pd.date_range("2020-01-01", periods=close.size, freq="h"),
    )

    class Reversion(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.z = self.I(z_scores, self.data.Close)

        def next(self) -> None:
            if not self.position and self.z[-1] < -2.0:
                self.buy()
            elif self.position and self.z[-1] > 0.0:
                self.position.close()

    def run() -> object:
        return Backtest(frame, Reversion, cash=1e6, commission=0.0005).run()

    return run


def vectorbt(*prices: np.ndarray) -> Callable[[], object]:  # type: ignore[type-arg]
    """The strategy in vectorbt."""
    import pandas as pd
    import vectorbt as vbt

    close = pd.Series(prices[3])

    def run() -> object:
        z = z_scores(prices[3])
        book = vbt.Portfolio.from_signals(close, z < -2.0, z > 0.0, fees=0.0005, freq="1h")
        return book.total_return()

    return run


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == [_MEMORY]:
        print(f"{peak_of(int(sys.argv[2])):.0f}")
    else:
        speed()
        others()
        memory()
