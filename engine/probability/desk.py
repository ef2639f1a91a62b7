"""What the pipeline keeps of one instrument, and how its candidates come to be.

Refuses a bar that contradicts itself or its predecessor.
"""

from __future__ import annotations

import math
from datetime import datetime

from engine.model.bars import Bar
from engine.model.setups import Setup, SetupKind
from engine.probability import candidates, features
from engine.probability.features import Features
from engine.probability.knowledge import TURBULENT
from engine.probability.layer import InstrumentScale
from engine.probability.settings import PipelineSettings
from engine.probability.tracking import Tracker

KINDS = (
    (candidates.REVERSION, SetupKind.REVERSION),
    (candidates.EXHAUSTION, SetupKind.EXHAUSTION),
)
"""Kinds by their bit; a bar that is both is a reversion, for the barriers are the same."""
SCORED = ("regime", "mean_reversion", "exhaustion", "alignment", "liquidity")
"""Layers whose raw scores come from the instrument's own prices."""


class Desk:
    """State of one instrument: memories, open candidates, and the last bar.

    Parameters
    ----------
    timeframe_days : float, days, > 0
    """

    def __init__(
        self, settings: PipelineSettings, scale: InstrumentScale, timeframe_days: float
    ) -> None:
        self.scale = scale
        self.setting = features.scaling(settings, scale, timeframe_days)
        self.state = features.start(settings, timeframe_days)
        self.tracker = Tracker(horizon_bars(settings.horizon_days, timeframe_days))
        self.bars = 0
        self.last: Bar | None = None
        self.found: Features | None = None

    def check(self, bar: Bar, at: datetime) -> None:
        """Raise ValueError unless the bar can follow the last one."""
        check_bar(bar)
        if bar.close_at != at:
            raise ValueError(f"bar of {bar.instrument} must close at {at}, closes {bar.close_at}")
        if self.last is not None and bar.close_at <= self.last.close_at:
            raise ValueError(
                f"bars of {bar.instrument} must come in order: "
                f"{bar.close_at} after {self.last.close_at}"
            )

    def advance(self, bar: Bar) -> Features:
        """Take one closed bar in."""
        self.bars += 1
        self.last = bar
        seconds = int(bar.close_at.timestamp())
        self.found = features.advance(
            self.state, seconds, bar.high, bar.low, bar.close, self.setting
        )
        return self.found

    def setup(self, bar: Bar, found: Features) -> Setup | None:
        """Candidate that the bar begins, if any."""
        if found.kinds == 0:
            return None
        kind = next(kind for bit, kind in KINDS if found.kinds & bit)
        return self.setup_at(bar, found, kind)

    def setup_at(self, bar: Bar, found: Features, kind: SetupKind) -> Setup | None:
        """Setup at the bar's close, whether a trigger fired or not; None without a scale."""
        if not found.scale.valid:
            return None
        target, stop = features.levels(found, bar.close, self.setting)
        if target == 0.0:
            return None
        reversion = found.reversion
        return Setup(
            instrument=bar.instrument,
            kind=kind,
            at=bar.close_at,
            entry=bar.close,
            target=target,
            stop=stop,
            target_frac=target / bar.close - 1.0,
            stop_frac=1.0 - stop / bar.close,
            horizon_days=self.setting.horizon_days,
            volatility=math.sqrt(found.scale.variance),
            anchor=bar.close * math.exp(reversion.anchor) if reversion.valid else bar.close,
        )

    def scores(self, setup: Setup, found: Features) -> features.Scores:
        """Raw scores of a candidate; all NaN but the martingale's when a layer broke down."""
        try:
            return features.score(
                self.state, found, setup.entry, setup.target, setup.stop, self.setting
            )
        except (ArithmeticError, ValueError):
            return features.martingale_only(
                found, setup.entry, setup.target, setup.stop, self.setting
            )


def finite_scores(raw: features.Scores, found: Features, cross_asset: float) -> dict[str, float]:
    """Scores by layer, without those that a layer does not have."""
    scores = {name: float(getattr(raw, name)) for name in SCORED}
    scores["cross_asset"] = cross_asset
    scores["gap_frac"] = float(raw.beyond_stop_frac)
    if found.regime.valid:
        scores[TURBULENT] = 1.0 if found.regime.turbulent > 0.5 else 0.0
    return {name: value for name, value in scores.items() if math.isfinite(value)}


def horizon_bars(horizon_days: float, timeframe_days: float) -> int:
    """Closed bars in the time limit of a setup."""
    return max(1, round(horizon_days / timeframe_days))


def check_bar(bar: Bar) -> None:
    """Raise ValueError unless the bar's prices are positive, finite and agree with each other."""
    where = f"({bar.instrument}, {bar.close_at})"
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    for name, price in prices.items():
        if not 0.0 < price < math.inf:
            raise ValueError(f"{name} must be > 0 and finite, was {price:g} {where}")
    if bar.high < max(bar.open, bar.close) or bar.low > min(bar.open, bar.close):
        raise ValueError(f"bar must have low <= open, close <= high {where}")
