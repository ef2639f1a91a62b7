"""A walk's results as files and as JSON.

Refuses to show a fold's choice without what it earned afterwards.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from engine.model.canonical import canonical_json
from engine.research.daily import DAY_SECONDS
from engine.research.folders import whole_files
from engine.research.sweeping.report import grid_knobs
from engine.research.trials import search_as_json
from engine.research.walkforward.walk import Fold, Walk


def walk_as_json(walk: Walk) -> dict[str, Any]:
    """A walk as plain data."""
    moments, mean = walk.moments, walk.mean
    return {
        "sentence": walk.sentence,
        "embargo_days": walk.embargo.total_seconds() / DAY_SECONDS,
        "folds": [_fold(fold) for fold in walk.folds],
        "stitched": {
            "days": int(walk.returns.size),
            "total_return_frac": float(np.prod(1.0 + walk.returns)) - 1.0,
            "sharpe_a_day": None if moments is None else moments.sharpe,
            "mean_a_day_frac": None if mean is None else mean._asdict(),
            "p_above_zero": walk.above_zero,
        },
        "dispersion": dispersion_of(walk),
        "points": search_as_json(walk.points.search),
    }


def dispersion_of(walk: Walk) -> dict[str, Any]:
    """How far folds and combinations lie apart, Sharpe ratios a day."""
    folds = [found.sharpe if (found := f.trial.moments) else 0.0 for f in walk.folds]
    judged = np.array(walk.judged)
    low, middle, high = (
        np.quantile(judged, (0.05, 0.5, 0.95)) if judged.size else (None, None, None)
    )
    return {
        "folds_mean": float(np.mean(folds)),
        "folds_sd": float(np.std(folds, ddof=1)),
        "combinations": len(walk.judged),
        "combinations_below_zero_frac": float(np.mean(judged < 0.0)) if judged.size else None,
        "combinations_q05": None if low is None else float(low),
        "combinations_median": None if middle is None else float(middle),
        "combinations_q95": None if high is None else float(high),
    }


def write_walk(walk: Walk, folder: Path) -> list[Path]:
    """Write ``walkforward.json`` and the stitched ``equity.csv``; the files written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    equity = np.cumprod(1.0 + walk.returns)
    with whole_files(folder) as beside:
        told = canonical_json(walk_as_json(walk))
        beside("walkforward.json").write_text(told + "\n", encoding="utf-8")
        with beside("equity.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["day", "return_frac", "equity"])
            writer.writerows(
                (f"{datetime.fromtimestamp(int(day) * DAY_SECONDS, UTC):%Y-%m-%d}", gain, level)
                for day, gain, level in zip(
                    walk.days, walk.returns.tolist(), equity.tolist(), strict=True
                )
            )
    return [folder / "walkforward.json", folder / "equity.csv"]


def _fold(fold: Fold) -> dict[str, Any]:
    moments = fold.trial.moments
    return {
        "taught_until": fold.stretch.taught_until.isoformat(),
        "begin": fold.stretch.begin.isoformat(),
        "end": fold.stretch.end.isoformat(),
        "chosen": grid_knobs(fold.trial),
        "taught_sharpe_a_day": fold.taught_sharpe,
        "sharpe_a_day": None if moments is None else moments.sharpe,
        **fold.trial.metrics,
    }
