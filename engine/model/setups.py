"""Setups, what the twelve layers said of them, and how they ended.

Refuses to decide anything: these are the records on which a decision stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SetupKind(StrEnum):
    """What made a closed bar a candidate."""

    REVERSION = "reversion"
    EXHAUSTION = "exhaustion"


class LayerRole(StrEnum):
    """What a layer may do to the odds (MATH.md section 0)."""

    PRIOR = "prior"
    CONTEXT = "context"
    EVIDENCE = "evidence"
    SCALE = "scale"
    TAIL = "tail"
    FUSION = "fusion"
    CALIBRATION = "calibration"


class Outcome(StrEnum):
    """Which barrier of the triple barrier was met first."""

    TARGET = "target"
    STOP = "stop"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Setup:
    """A long candidate with its three barriers, fixed before any probability is computed.

    Attributes
    ----------
    at : datetime, aware UTC
        Close of the bar on which it was seen.
    entry, target, stop : float, quote currency
        `target` and `stop` already stand on the tick, rounded against us.
    target_frac, stop_frac : float, > 0
        Simple distance of target and stop from `entry`, as fractions of it.
    horizon_days : float, days, > 0
    volatility : float, per square-root day, > 0
        Forecast of layer 5 that set the barriers.
    anchor : float, quote currency
        The mean from which the price was stretched, frozen at entry.
    """

    instrument: str
    kind: SetupKind
    at: datetime
    entry: float
    target: float
    stop: float
    target_frac: float
    stop_frac: float
    horizon_days: float
    volatility: float
    anchor: float


@dataclass(frozen=True, slots=True)
class LayerReading:
    """What one layer said of one bar.

    Attributes
    ----------
    name : str
        As in ``LAYERS``, for example ``mean_reversion``.
    llr : float, nats
        Log-likelihood ratio for "target first"; exactly 0 when the layer is neutral.
    variance : float, nats squared, >= 0
        Estimation variance of `llr`.
    n_eff : float, >= 0
        Effective number of closed labels behind `llr`.
    weight : float in [0, 1]
        Dependence correction that fusion gave it.
    valid : bool
        False means neutral, and `reason` says why.
    reason : str
        One sentence in plain words.
    diagnostics : mapping of str to float
        Finite numbers worth showing, each named with its unit.
    """

    name: str
    role: LayerRole
    llr: float
    variance: float
    n_eff: float
    weight: float
    valid: bool
    reason: str
    diagnostics: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Odds:
    """Calibrated chance that the target is reached before the stop and the time limit.

    Attributes
    ----------
    p_prior : float in [0, 1]
        Layer 1: martingale barrier odds updated by the base rate.
    p_mean : float in [0, 1]
        Posterior after fusion and calibration.
    p_low : float in [0, 1]
        Lower bound that sizes the trade.
    break_even : float in [0, 1]
        Target probability at which expected value after costs is zero.
    ev_mean_frac, ev_low_frac : float, fraction of entry
        Expected value after costs at `p_mean` and at `p_low`.
    cost_frac : float, fraction of entry, > 0
        Round trip: fees, half spreads and slippage.
    gap_frac : float, fraction of entry, >= 0
        Expected loss beyond the stop at `p_mean`: part of the expected values, not of the cost.
    """

    p_prior: float
    p_mean: float
    p_low: float
    break_even: float
    ev_mean_frac: float
    ev_low_frac: float
    cost_frac: float
    gap_frac: float = 0.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything the pipeline has to say of one instrument at one closed bar.

    Attributes
    ----------
    price : float, quote currency
        Close of the bar.
    readings : tuple of LayerReading, one a layer, in the order of ``LAYERS``
    setup : Setup or None
        None when the bar is no candidate.
    odds : Odds or None
        Present exactly when `setup` is, and every number in it is finite.
    log_odds : tuple of (str, float), nats
        The waterfall: prior first, then each step that moved it, weights included; it sums to
        the log-odds of `Odds.p_mean`. Empty without a setup.
    scores : mapping of str to float
        Raw score a layer before it becomes evidence, kept so that a closed label can teach it.
    note : str
        Why there is no setup, or what is unusual; empty if nothing is.
    entries_blocked : str
        Why the pipeline itself forbids entries now (no scale, failing layers); else empty.
    """

    instrument: str
    at: datetime
    price: float
    readings: tuple[LayerReading, ...]
    setup: Setup | None
    odds: Odds | None
    log_odds: tuple[tuple[str, float], ...]
    scores: dict[str, float]
    note: str = ""
    entries_blocked: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """A candidate whose triple barrier has closed: the only thing the layers learn from.

    Attributes
    ----------
    opened_at, closed_at : datetime, aware UTC
    outcome : Outcome
    gross_frac : float
        Simple return from entry to exit before costs, as a fraction of entry.
    net_frac : float
        The same after the modelled costs.
    uniqueness : float in (0, 1]
        Mean over its span of one over the number of concurrent labels
        (Lopez de Prado 2018, chapter 4).
    log_odds_prior : float, nats
        Log-odds of the martingale prior at entry.
    scores : mapping of str to float
        Raw scores at entry, one a layer that had one.
    llrs : mapping of str to float, nats
        What the layers said at entry, out of sample by construction.
    p_mean : float in [0, 1]
        The odds given at entry.
    """

    instrument: str
    kind: SetupKind
    opened_at: datetime
    closed_at: datetime
    outcome: Outcome
    target_frac: float
    stop_frac: float
    horizon_days: float
    gross_frac: float
    net_frac: float
    uniqueness: float
    log_odds_prior: float
    scores: dict[str, float]
    llrs: dict[str, float]
    p_mean: float

    @property
    def hit(self) -> bool:
        """Whether the target came first."""
        return self.outcome is Outcome.TARGET
