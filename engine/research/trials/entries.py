"""What the trial log holds: a configuration that was tried, and a last fifth that was opened.

Refuses numbers that are not finite, and trials that do not say on which data they ran.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.errors import MarketDataError
from engine.model.canonical import digest
from engine.probability.layer import FloatArray

Knob = str | int | float | bool | None
_FLAT = 1e-12
"""A spread below this share of the largest return is rounding, not risk."""


@dataclass(frozen=True, slots=True)
class DataUsed:
    """One file that a trial ran on.

    Attributes
    ----------
    sha256 : str, 64 hexadecimal digits
        Of the file's bytes, as ``sha256sum`` prints it.
    """

    symbol: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One configuration that was tried.

    Attributes
    ----------
    search : str
        Among which trials it was one to choose from: the name of a command or of a study.
    knobs : mapping of str to a plain value
        Everything that decides its result and is not in the settings.
    config_hash : str, 64 hexadecimal digits
        Hash of the trading settings.
    first_at, last_at : datetime, aware UTC
        What of the data it saw.
    period_days : float, days, > 0
        Length of one period of `returns`.
    returns : tuple of float, fraction of equity
        Net result of each period in order; empty where there is no equity.
    metrics : mapping of str to float, finite
        What else was measured, names ending in their unit.
    opened_lock : bool
        Whether it saw the last fifth.
    """

    search: str
    knobs: Mapping[str, Knob]
    config_hash: str
    data: tuple[DataUsed, ...]
    first_at: datetime
    last_at: datetime
    period_days: float = 1.0
    returns: tuple[float, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)
    opened_lock: bool = False

    def __post_init__(self) -> None:
        if not self.data:
            raise ValueError("data must name at least one file")
        for name, value in self.metrics.items():
            if not math.isfinite(value):
                raise ValueError(f"metric {name} must be finite, was {value}; leave it out")
        if not all(map(math.isfinite, self.returns)):
            raise ValueError("returns must be finite in every period")
        if not 0.0 < self.period_days < math.inf:
            raise ValueError(f"period_days must be > 0, was {self.period_days}")

    @property
    def moments(self) -> Moments | None:
        """Moments of `returns`; None where they allow none."""
        return moments_of(self.returns)

    @property
    def identity(self) -> str:
        """What makes it the same trial as another; see `trial_identity`."""
        return trial_identity(self.search, self.knobs, self.config_hash, self.data)


@dataclass(frozen=True, slots=True)
class LockOpening:
    """A last fifth that somebody was about to look at; recorded before the look.

    Attributes
    ----------
    since, until : datetime, aware UTC
        The locked stretch.
    identity : str, 64 hexadecimal digits
        Of the trial that opens it, see `trial_identity`.
    ordinal : int, >= 1
        How many openings of an overlapping stretch there are with this one.
    reason : str
        Why it is opened again; empty for the first time and for the same trial again.
    """

    by: str
    symbols: tuple[str, ...]
    since: datetime
    until: datetime
    identity: str
    ordinal: int = 1
    reason: str = ""


Entry = Trial | LockOpening


class Moments(NamedTuple):
    """Per-period numbers of a run of returns that a Sharpe ratio is judged by."""

    sharpe: float
    periods: int
    skew: float
    kurtosis: float


def data_used(files: Mapping[str, Path]) -> tuple[DataUsed, ...]:
    """Fingerprints of files.

    Raises
    ------
    MarketDataError
        If one cannot be read.
    """
    return tuple(DataUsed(symbol, _sha256(path)) for symbol, path in files.items())


def trial_identity(
    search: str, knobs: Mapping[str, Knob], config_hash: str, data: Sequence[DataUsed]
) -> str:
    """What makes two trials the same one: 64 hexadecimal digits."""
    return digest((search, dict(knobs), config_hash, tuple(data)))


def moments_of(returns: Sequence[float] | FloatArray) -> Moments | None:
    """Moments of returns; None where there are too few, or no risk was taken at all.

    Examples
    --------
    >>> moments_of([0.0, 0.0, 0.0]) is None
    True
    >>> moments_of([0.01, -0.01, 0.02, 0.0]).periods
    4
    """
    values = np.asarray(returns, dtype=np.float64)
    if values.size < 3 or float(np.ptp(values)) <= _FLAT * float(np.abs(values).max(initial=0.0)):
        return None
    away = values - values.mean()
    spread = float(np.sqrt(np.mean(away**2)))
    return Moments(
        sharpe=float(values.mean() / values.std(ddof=1)),
        periods=values.size,
        skew=float(np.mean((away / spread) ** 3)),
        kurtosis=float(np.mean((away / spread) ** 4)),
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as fault:
        reason = fault.strerror or "not readable"
        raise MarketDataError(
            f"{path} cannot be read ({reason}): check the path given to --data"
        ) from fault
