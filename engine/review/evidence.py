"""Everything that the verdict rests on, measured or missing.

Refuses to fill in what could not be measured: None is unknown, and unknown is not failed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that the verdict rests on; None where it could not be measured.

    Attributes
    ----------
    weeks : float, weeks, >= 0
        Since the plan was registered and nothing of it has changed.
    trades : int
        Closed trades since then.
    weeks_since_go : float, weeks, or None
        Since a look last said go; None where none has.
    real_market : bool or None
        Whether prices were real and came as they were made; False for simulated and replayed.
    replays : bool or None
        Whether the record, replayed, gives the same state.
    violations_count : int or None
        Broken invariants and refused attempts at what may never happen.
    uptime_frac : float in [0, 1] or None
    slippage_ratio : float, >= 0, or None
        Realised over modelled.
    frozen : bool or None
        Whether parameters and plan stayed as registered.
    drawdown_frac : float, fraction of the high-water mark, or None
        Worst since the plan was registered.
    calibration_tripped : bool or None
        Whether the calibration breaker stands tripped.
    pbo : float in [0, 1] or None
    edge_peak, edge_last : float, >= 0, or None
        Highest and newest value of the edge process.
    futility_peak : float, >= 0, or None
    psr, dsr : float in [0, 1] or None
        Probabilistic (above 0) and deflated Sharpe ratio.
    random_entry_p : float in [0, 1] or None
        Share of random entries that did as well.
    brier_skill : float or None
        Against the driftless price.
    spiegelhalter_z : float or None
    expectancy : float, R units, or None
        Net mean result.
    backtest_interval : (float, float), R units, or None
        Central 90 % of the expectancy that the backtest promised.
    """

    weeks: float
    trades: int
    weeks_since_go: float | None = None
    real_market: bool | None = None
    replays: bool | None = None
    violations_count: int | None = None
    uptime_frac: float | None = None
    slippage_ratio: float | None = None
    frozen: bool | None = None
    drawdown_frac: float | None = None
    calibration_tripped: bool | None = None
    pbo: float | None = None
    edge_peak: float | None = None
    edge_last: float | None = None
    futility_peak: float | None = None
    psr: float | None = None
    dsr: float | None = None
    random_entry_p: float | None = None
    brier_skill: float | None = None
    spiegelhalter_z: float | None = None
    expectancy: float | None = None
    backtest_interval: tuple[float, float] | None = None
