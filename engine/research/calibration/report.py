"""What the study found, as plain values; bars of issue "calibrated on real history" included.

Refuses to round a miss into a pass: a bar holds its number, its bound and the interval.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from engine.research.calibration.challengers import CHALLENGERS
from engine.research.calibration.measures import LayerScore, ModelScore
from engine.review.statistics.resampling import Interval

POOLED = "pooled"
MAX_ECE = 0.02
MAX_Z = 2.0


@dataclass(frozen=True, slots=True)
class GroupReport:
    """One instrument, or all of them pooled.

    Attributes
    ----------
    candidates : int
    effective : float
        Sum of uniqueness: overlapping candidates share one outcome's worth of news.
    base_rate : float in [0, 1]
        Share whose target came first.
    block_rows : float
        Mean length of a bootstrap block.
    gate_passed : int
        Candidates whose lower bound would have paid for an entry.
    gate_mean_net : float or None, fraction of entry
        Mean net return of those.
    """

    name: str
    candidates: int
    effective: float
    base_rate: float
    block_rows: float
    gate_passed: int
    gate_mean_net: float | None
    models: tuple[ModelScore, ...]
    layers: tuple[LayerScore, ...]

    def model(self, name: str) -> ModelScore:
        """Scores of one model.

        Raises
        ------
        ValueError
            If there is no such model.
        """
        for model in self.models:
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.models)
        raise ValueError(f"model must be one of {known}, was {name}")


@dataclass(frozen=True, slots=True)
class Bar:
    """One requirement: its number against its bound."""

    name: str
    met: bool
    detail: str


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """Everything `executor calibration` prints.

    Attributes
    ----------
    first_at, last_at : datetime, aware UTC
        First and last candidate that is judged.
    locked_from : datetime or None, aware UTC
        Where the locked fifth begins; None when it was opened.
    taught : int
        Candidates of the first fold, which only teach.
    poison_checked, poison_moved : int
        Odds given again with every later outcome turned round, and how many of them moved.
    challengers : str
        Empty, or why there are none.
    opened : str
        What must be said of the opened last fifth; empty while it is locked.
    """

    timeframe: str
    seed: int
    first_at: datetime
    last_at: datetime
    locked_from: datetime | None
    taught: int
    embargo_days: float
    poison_checked: int
    poison_moved: int
    challengers: str
    notes: tuple[str, ...]
    groups: tuple[GroupReport, ...]
    opened: str = ""

    @property
    def pooled(self) -> GroupReport:
        """All instruments together."""
        return next(group for group in self.groups if group.name == POOLED)

    def bars(self) -> tuple[Bar, ...]:
        """The bars on the pooled candidates."""
        pipeline = self.pooled.model("pipeline")
        middle, high = pipeline.ece_perfect
        known = [model.name for model in self.pooled.models]
        return (
            Bar(
                f"ECE <= {MAX_ECE}",
                pipeline.ece <= MAX_ECE,
                f"{pipeline.ece:.4f}; perfect odds at this count show {middle:.4f}, "
                f"95 % up to {high:.4f}",
            ),
            Bar(
                f"|Spiegelhalter z| < {MAX_Z:g}",
                abs(pipeline.spiegelhalter) < MAX_Z,
                f"{pipeline.spiegelhalter:+.2f}",
            ),
            *(
                _not_worse(name, self.pooled.model(name).excess_brier)
                for name in ("martingale", *CHALLENGERS)
                if name in known
            ),
        )


def _not_worse(name: str, excess: Interval) -> Bar:
    return Bar(
        f"Brier not worse than {name}",
        excess.low <= 0.0,
        f"{excess.value:+.5f} [{excess.low:+.5f}, {excess.high:+.5f}], below 0 is better",
    )


def report_as_json(report: CalibrationReport) -> dict[str, Any]:
    """The report as plain JSON data."""
    data = _plain(asdict(report))
    data["locked"] = report.locked_from is not None
    data["bars"] = [asdict(bar) for bar in report.bars()]
    return data  # type: ignore[no-any-return]


def _plain(value: Any) -> Any:
    if isinstance(value, Interval):
        return {"value": value.value, "low": value.low, "high": value.high}
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value
