"""Every tunable of the pipeline, with its unit and default.

Refuses values out of range at construction, naming the key, the value and the rule.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Settings of the twelve layers; the ``[pipeline]`` table of config.toml has these keys.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    stretch_sigmas: float = 1.0
    """Standard deviations below the window's mean that make a reversion candidate, > 0."""
    exhaustion_depth_sigmas: float = 0.5
    """Momentum of a fall, in sigmas of one bar, before its slowing is a candidate, >= 0."""
    exhaustion_rsi: float = 50.0
    """Highest RSI of an exhaustion candidate, in (0, 100)."""
    target_sigmas: float = 1.5
    """Target above entry in forecast standard deviations over the horizon, > 0."""
    stop_sigmas: float = 1.0
    """Stop below entry in forecast standard deviations over the horizon, > 0."""
    horizon_days: float = 2.0
    """Time limit of a setup, market days, > 0; closed hours do not count."""
    reversion_window_bars: int = 240
    """Bars over which the mean and the pull to it are estimated, >= 100."""
    ewma_decay_per_day: float = 0.94
    """Memory of the fallback volatility forecast, fraction kept a day, in (0, 1)."""
    kappa_labels: float = 20.0
    """Labels that the martingale prior is worth, in [10, 200]."""
    forgetting_half_life_labels: float = 250.0
    """Effective labels of a cell after which an old one counts half, > 0."""
    evidence_bins: int = 5
    """Bins of a raw score, >= 2."""
    evidence_alpha_labels: float = 50.0
    """Pseudo-labels that pull a bin's likelihood ratio to one, > 0."""
    evidence_min_labels: int = 50
    """Closed labels before a layer's score counts as evidence, >= 10."""
    fusion_few_labels: float = 50.0
    """Effective labels below which layers are taken as equally correlated, > 0."""
    fusion_enough_labels: float = 200.0
    """Effective labels from which fusion weights are refined by regression, > 0."""
    calibration_min_labels: float = 200.0
    """Effective labels before odds are corrected at all, > 0."""
    isotonic_min_labels: float = 1000.0
    """Effective labels from which the correction is isotonic instead of a beta map, > 0."""
    refit_every_labels: int = 25
    """Closed labels between refits of fusion and calibration, >= 1."""
    lower_bound_level: float = 0.20
    """Chance that the true odds lie below the lower bound, in [0.05, 0.30]."""
    gate_risk_share: float = 0.1
    """Least expected value at the lower bound, as a share of the net loss at the stop, >= 0."""
    gate_cost_share: float = 0.5
    """Least expected value at the lower bound, as a share of the round-trip cost, >= 0."""

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            _require(name, getattr(self, name), getattr(self, name) > 0.0, "> 0")
        for name in ("exhaustion_depth_sigmas", "gate_risk_share", "gate_cost_share"):
            _require(name, getattr(self, name), getattr(self, name) >= 0.0, ">= 0")
        for name, least in _AT_LEAST.items():
            _require(name, getattr(self, name), getattr(self, name) >= least, f">= {least}")
        for name, (low, high) in _BETWEEN.items():
            inside = low <= getattr(self, name) <= high
            _require(name, getattr(self, name), inside, f"in [{low:g}, {high:g}]")


_POSITIVE = (
    "stretch_sigmas", "target_sigmas", "stop_sigmas", "horizon_days",
    "forgetting_half_life_labels", "evidence_alpha_labels", "fusion_few_labels",
    "fusion_enough_labels", "calibration_min_labels", "isotonic_min_labels",
)  # fmt: skip
_AT_LEAST = {
    "reversion_window_bars": 100,
    "evidence_bins": 2,
    "evidence_min_labels": 10,
    "refit_every_labels": 1,
}
_BETWEEN = {
    "exhaustion_rsi": (0.0, 100.0),
    "ewma_decay_per_day": (0.01, 0.9999),
    "kappa_labels": (10.0, 200.0),
    "lower_bound_level": (0.05, 0.30),
}


def _require(name: str, value: float, holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} must be {rule}, was {value:g}")
