"""Power where truth is known: a planted edge is found, and none where there is none.

    python bench/power.py [--bars 60000] [--draws 1000] [--seed 0] [--json]

Ornstein-Uhlenbeck histories with half-lives of 6, 24 and 72 hours: the exact chance of every
setup is known, so the pipeline's odds are held against it. Martingale histories with GARCH
volatility and t tails: whatever skill is found there is noise. The second half of the candidates
is judged, the first half taught. Settings are the defaults, seeds are fixed, and the exit code is
1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from engine.probability.barrier import ou_odds
from engine.probability.batch import Case, History, run
from engine.probability.calibration import expected_calibration_error, spiegelhalter_z
from engine.probability.desk import horizon_bars
from engine.probability.layer import FloatArray, InstrumentScale
from engine.probability.settings import PipelineSettings
from engine.research.calibration.bootstrap import block_rows
from engine.research.calibration.measures import perfect_ece, squared_error
from engine.research.calibration.rows import Rows, closed_cases, rows_of
from engine.review.statistics.resampling import Interval, stationary_rows

HOUR_DAYS = 1.0 / 24.0
STEPS = 30
"""Steps inside an hour, so that highs and lows are nearly those of a continuous path."""
SIGMA = 0.03
"""Volatility per square-root day."""
HALF_LIVES_HOURS = (6.0, 24.0, 72.0)
MARTINGALES = 6
COST_FRAC = 0.001
SCALE = InstrumentScale("BTC-USD", 0.01, continuous=True)
CENTRE = math.log(1000.0)
FIRST_CLOSE = 1_500_000_000 // 3600 * 3600


@dataclass(frozen=True)
class Finding:
    """One kind of history, judged on the second half of its candidates.

    Attributes
    ----------
    truth_error : float or None
        Mean absolute distance of the pipeline's odds from the exact ones.
    martingale_error : float or None
        The same of the martingale prior: what there was to learn.
    gate_share : float in [0, 1]
        Candidates that pass the entry gate.
    """

    name: str
    candidates: int
    base_rate: float
    skill: Interval
    truth_error: float | None
    martingale_error: float | None
    ece: float
    ece_perfect: tuple[float, float]
    spiegelhalter: float
    gate_share: float
    met: dict[str, bool]


def ou_history(half_life_hours: float, bars: int, seed: int) -> History:
    """Bars of a price whose logarithm is pulled to a fixed mean."""
    rng = np.random.default_rng(seed)
    kappa = math.log(2.0) / (half_life_hours / 24.0)
    step = HOUR_DAYS / STEPS
    keep = math.exp(-kappa * step)
    noise = SIGMA * math.sqrt(-math.expm1(-2.0 * kappa * step) / (2.0 * kappa))
    from scipy.signal import lfilter

    shocks = rng.normal(size=bars * STEPS) * noise
    return _bars(CENTRE + np.concatenate([[0.0], lfilter([1.0], [1.0, -keep], shocks)]), bars)


def garch_history(bars: int, seed: int) -> History:
    """Bars of a driftless price: GARCH(1,1) volatility by the hour, t(5) tails."""
    rng = np.random.default_rng(seed)
    scales = np.sqrt(3.0 / rng.chisquare(5, size=bars))
    variance, rates = 1.0, np.empty(bars)
    drive = rng.normal(size=(bars, STEPS)) / math.sqrt(STEPS)
    for i in range(bars):
        rates[i] = variance * scales[i] ** 2
        variance = 0.02 + 0.05 * rates[i] * drive[i].sum() ** 2 + 0.93 * variance
    hourly = SIGMA**2 * HOUR_DAYS * rates
    moves = drive * np.sqrt(hourly)[:, None] - 0.5 * hourly[:, None] / STEPS
    return _bars(CENTRE + np.concatenate([[0.0], np.cumsum(moves.ravel())]), bars)


def _bars(path: FloatArray, bars: int) -> History:
    prices = np.exp(path)
    inside = np.column_stack([prices[:-1:STEPS], prices[1:].reshape(bars, STEPS)])
    closed_at = FIRST_CLOSE + 3600 * np.arange(bars, dtype=np.int64)
    return History(
        SCALE, closed_at, inside[:, 0].copy(), inside.max(axis=1), inside.min(axis=1),
        inside[:, -1].copy(),
    )  # fmt: skip


def judged_rows(history: History, settings: PipelineSettings) -> Rows:
    """Candidates of one history, judged online."""
    cases = run(settings, [history], HOUR_DAYS, {SCALE.symbol: COST_FRAC})
    last = {SCALE.symbol: history.close.size - 1}
    horizon = horizon_bars(settings.horizon_days, HOUR_DAYS)
    return rows_of(closed_cases(cases, last, horizon), settings)


def exact_odds(case: Case, half_life_hours: float, horizon_days: float) -> float:
    """Chance of the target under the very process that made the history."""
    kappa = math.log(2.0) / (half_life_hours / 24.0)
    levels = math.log(case.stop), math.log(case.target), math.log(case.entry)
    return ou_odds(kappa, CENTRE, SIGMA, *levels, horizon_days).target


def study_reversion(half_life_hours: float, bars: int, draws: int, seed: int) -> Finding:
    """Planted reversion: skill above 0, odds near the exact ones."""
    settings = PipelineSettings()
    rows = judged_rows(ou_history(half_life_hours, bars, seed + int(half_life_hours)), settings)
    late = np.arange(rows.count) >= rows.count // 2
    truth = np.array([
        exact_odds(case, half_life_hours, settings.horizon_days)
        for case, judged in zip(rows.cases, late, strict=True) if judged
    ])  # fmt: skip
    found = _finding(f"OU, half-life {half_life_hours:g} h", [rows], settings, draws)
    p, base = rows.odds["pipeline"][late], rows.odds["martingale"][late]
    error = float(np.abs(p - truth).mean())
    met = {"skill interval above 0": found.skill.low > 0.0, "odds within 0.03": error <= 0.03}
    return Finding(**{
        **vars(found), "truth_error": error, "met": met,
        "martingale_error": float(np.abs(base - truth).mean()),
    })  # fmt: skip


def study_martingale(bars: int, draws: int, seed: int) -> Finding:
    """No edge: no skill beyond noise, calibrated, and next to nothing passes the gate."""
    settings = PipelineSettings()
    seeds = range(seed + 1, seed + MARTINGALES + 1)
    rows = [judged_rows(garch_history(bars, each), settings) for each in seeds]
    found = _finding("martingale, GARCH and t(5)", rows, settings, draws)
    met = {
        "skill interval holds 0": found.skill.holds_zero,
        "ECE <= 0.02": found.ece <= 0.02,
        "gate passes < 1 %": found.gate_share < 0.01,
    }
    return Finding(**{**vars(found), "met": met})


def _finding(name: str, runs: list[Rows], settings: PipelineSettings, draws: int) -> Finding:
    late = [np.arange(rows.count) >= rows.count // 2 for rows in runs]
    y = _joined([rows.y for rows in runs], late)
    p = _joined([rows.odds["pipeline"] for rows in runs], late)
    base = _joined([rows.odds["martingale"] for rows in runs], late)
    gated = _joined([rows.gated.astype(np.float64) for rows in runs], late)
    block = max(
        block_rows(rows.opened_at[part], settings.horizon_days * 86_400.0)
        for rows, part in zip(runs, late, strict=True)
    )
    resamples = stationary_rows(y.size, block, draws, seed=7)
    return Finding(
        name=name,
        candidates=y.size,
        base_rate=float(y.mean()),
        skill=resamples.skill(squared_error(p, y), squared_error(base, y)),
        truth_error=None,
        martingale_error=None,
        ece=expected_calibration_error(p.tolist(), y.tolist()),
        ece_perfect=perfect_ece(p, seed=7),
        spiegelhalter=spiegelhalter_z(p.tolist(), y.tolist()),
        gate_share=float(gated.mean()),
        met={},
    )


def _joined(columns: list[FloatArray], parts: list[NDArray[np.bool_]]) -> FloatArray:
    return np.concatenate([column[part] for column, part in zip(columns, parts, strict=True)])


def _line(found: Finding) -> str:
    skill, truth = found.skill, ""
    if found.truth_error is not None:
        truth = f"  |p - exact| {found.truth_error:.4f} (martingale {found.martingale_error:.4f})"
    marks = ", ".join(f"{'met' if met else 'MISSED'}: {bar}" for bar, met in found.met.items())
    return (
        f"{found.name}: n {found.candidates}, base {found.base_rate:.4f}, "
        f"skill {skill.value:+.4f} [{skill.low:+.4f}, {skill.high:+.4f}], ECE {found.ece:.4f} "
        f"(perfect {found.ece_perfect[0]:.4f}-{found.ece_perfect[1]:.4f}), "
        f"z {found.spiegelhalter:+.2f}, gate {found.gate_share:.2%}{truth}\n  {marks}"
    )


def main() -> int:
    """Run all of it and say which bars were met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--bars", type=int, default=60_000, help="hours of each history")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap replications")
    parser.add_argument("--seed", type=int, default=0, help="other histories of the same kinds")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found = [
        study_reversion(hours, args.bars, args.draws, args.seed) for hours in HALF_LIVES_HOURS
    ]
    found.append(study_martingale(args.bars, args.draws, args.seed))
    if args.json:
        print(json.dumps([asdict(each) for each in found], indent=2))
    else:
        print("\n".join(_line(each) for each in found))
    return 0 if all(met for each in found for met in each.met.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
