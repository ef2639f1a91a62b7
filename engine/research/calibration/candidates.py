"""Candidates of a study as a Parquet file, one row each.

Refuses open candidates: a row has its outcome.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine.probability.batch import Case
from engine.research.calibration.rows import LAYER_NAMES, judgement_of, layer_llrs
from engine.research.calibration.study import Study


def write_candidates(study: Study, path: Path) -> None:
    """Write every closed candidate, those of the teaching fold too (`judged` is false there)."""
    import polars as pl

    rows = [_row(case, study.horizon_days) for case in study.rows.cases]
    table = pl.DataFrame(rows)
    extra = {name: pl.Series(odds) for name, odds in study.rows.odds.items()}
    extra = {f"p_{name}": odds for name, odds in extra.items() if name not in _NAMED}
    table = table.with_columns(**extra, judged=pl.Series(study.judged))
    table.write_parquet(path)


_NAMED = ("base_rate", "pipeline")


def _row(case: Case, horizon_days: float) -> dict[str, object]:
    judged, outcome = judgement_of(case), case.outcome
    if outcome is None:
        raise ValueError("case must be closed")
    row: dict[str, object] = {
        "instrument": case.instrument,
        "at": datetime.fromtimestamp(case.opened_at, UTC),
        "setup": case.kind.value,
        "target_frac": case.target / case.entry - 1.0,
        "stop_frac": 1.0 - case.stop / case.entry,
        "horizon_days": horizon_days,
        "p_prior": judged.p_prior,
        "p": judged.p_mean,
        "p_low": judged.p_low,
        "y": int(outcome.value == "target"),
        "outcome": outcome.value,
        "r_net": case.gross_frac - case.cost_frac,
    }
    row |= {f"llr_{name}": llr for name, llr in layer_llrs(case).items()}
    row |= {
        "closed_at": datetime.fromtimestamp(case.closed_at, UTC),
        "uniqueness": case.uniqueness,
    }
    return row


REQUIRED = (
    "instrument", "at", "setup", "target_frac", "stop_frac", "horizon_days", "p_prior", "p",
    "p_low", "y", "outcome", "r_net", *(f"llr_{name}" for name in LAYER_NAMES),
)  # fmt: skip
"""Columns that come first, in this order."""
