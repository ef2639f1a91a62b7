"""What a record of trades proves, and how little: the statistics of MATH.md section 5.

Refuses to annualise, to clip and to guess: Sharpe ratios are per period, trades are in R units.
"""

from engine.review.statistics.betting import (
    EDGE_BETS,
    FUTILITY_BETS,
    SequentialTest,
    edge_process,
    expected_sample_sizes,
    futility_process,
    sequential_test,
)
from engine.review.statistics.bootstrap import (
    automatic_block_length,
    bootstrap_variance_of_mean,
)
from engine.review.statistics.overfitting import Overfitting, probability_of_backtest_overfitting
from engine.review.statistics.sharpe import (
    deflated_sharpe_ratio,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record_length,
    probabilistic_sharpe_ratio,
    sharpe_standard_error,
)
from engine.review.statistics.trades import TradeStatistics, trade_statistics

__all__ = [
    "EDGE_BETS",
    "FUTILITY_BETS",
    "Overfitting",
    "SequentialTest",
    "TradeStatistics",
    "automatic_block_length",
    "bootstrap_variance_of_mean",
    "deflated_sharpe_ratio",
    "edge_process",
    "expected_max_sharpe",
    "expected_sample_sizes",
    "futility_process",
    "min_backtest_length",
    "min_track_record_length",
    "probabilistic_sharpe_ratio",
    "probability_of_backtest_overfitting",
    "sequential_test",
    "sharpe_standard_error",
    "trade_statistics",
]
