"""A sweep's results as files and as JSON: every point, not the best alone.

Refuses to rank without the sentence that says what the rank is worth.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from engine.model.canonical import canonical_json
from engine.research.folders import whole_files
from engine.research.sweeping.evaluate import PLAN
from engine.research.sweeping.sweep import Swept
from engine.research.trials import Trial, search_as_json


def swept_as_json(swept: Swept) -> dict[str, Any]:
    """A sweep as plain data, points in the order of the grid."""
    return {
        "points": swept.of,
        "done": len(swept.trials),
        "found": swept.found,
        "complete": swept.complete,
        "sweep": search_as_json(swept.search),
        "ever": search_as_json(swept.ever),
        "results": [_result(trial) for trial in swept.trials],
    }


def grid_knobs(trial: Trial) -> dict[str, Any]:
    """The knobs of a trial that a grid turned."""
    return {name: value for name, value in trial.knobs.items() if not name.startswith(PLAN)}


def write_sweep(swept: Swept, folder: Path) -> list[Path]:
    """Write ``sweep.json`` and ``points.csv``; the files written.

    Raises
    ------
    ConfigError
        If the folder cannot be written.
    """
    rows = [{**_result(trial)["knobs"], **_flat(trial)} for trial in swept.trials]
    with whole_files(folder) as beside:
        told = canonical_json(swept_as_json(swept))
        beside("sweep.json").write_text(told + "\n", encoding="utf-8")
        with beside("points.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else ["points"])
            writer.writeheader()
            writer.writerows(rows)
    return [folder / "sweep.json", folder / "points.csv"]


def _result(trial: Trial) -> dict[str, Any]:
    return {"knobs": grid_knobs(trial), **_flat(trial)}


def _flat(trial: Trial) -> dict[str, Any]:
    moments = trial.moments
    return {"sharpe_a_day": None if moments is None else moments.sharpe, **trial.metrics}
