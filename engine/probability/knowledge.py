"""What the closed labels taught, and the judgement of a candidate that follows from it.

Refuses to learn anything but closed labels, and any of them twice. Given the same sequence of
labels it always knows the same; live and research use this one class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.model.setups import Label, Outcome, SetupKind
from engine.probability.base_rate import BaseRates, Cell, log_odds_shift
from engine.probability.calibration import Calibrator, calibrated_log_odds, lower_log_odds
from engine.probability.evidence import Evidence, ScoreBins
from engine.probability.fusion import MAX_TOTAL, Fusion
from engine.probability.layer import Speed, as_written
from engine.probability.scouts import ScoutBook
from engine.probability.settings import PipelineSettings
from engine.probability.special import logistic, logit
from engine.probability.trust import Trust
from engine.probability.worth import Shares

EVIDENCE_LAYERS = (
    "regime",
    "mean_reversion",
    "exhaustion",
    "alignment",
    "liquidity",
    "cross_asset",
    "scouts",
)
"""Layers that may move the odds by evidence, in the order of ``LAYERS``."""
FUSED = "fusion"
"""Key under which a candidate's fused log-odds travel in its scores to its label."""
TURBULENT = "regime_turbulent"
"""Key of the filtered regime at entry: 1 turbulent, 0 calm; absent without a regime model."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Odds of one candidate and how they came about.

    Attributes
    ----------
    steps : tuple of (str, float), nats
        Waterfall from the martingale prior; sums to the log-odds of `p_mean`.
    evidence : mapping of str to Evidence
        Of the layers that spoke.
    weights : mapping of str to float in [0, 1]
    p_prior, p_mean, p_low : float in (0, 1)
    fused : float, nats
        Log-odds before calibration.
    sd : float, nats
        Standard deviation of the fused log-odds.
    """

    steps: tuple[tuple[str, float], ...]
    evidence: Mapping[str, Evidence]
    weights: Mapping[str, float]
    p_prior: float
    p_mean: float
    p_low: float
    fused: float
    sd: float
    base_count: float
    shares: Shares


class Knowledge:
    """The learning half of the pipeline.

    Parameters
    ----------
    settings : PipelineSettings
    base : BaseRates, optional
        Layer 1's record; a study of what that layer is worth gives one that learns nothing.
    speed : Speed
        `as_written` in live, `compiled` in research.
    """

    def __init__(
        self,
        settings: PipelineSettings,
        base: BaseRates | None = None,
        speed: Speed = as_written,
    ) -> None:
        from statistics import NormalDist  # stdlib, but not needed before the first pipeline

        self._z = -NormalDist().inv_cdf(settings.lower_bound_level)
        self._base = base or BaseRates(
            settings.kappa_labels, settings.forgetting_half_life_labels, speed
        )
        self._kappa = settings.kappa_labels
        self.bins = {
            name: ScoreBins(
                settings.evidence_bins,
                settings.evidence_alpha_labels,
                settings.evidence_min_labels,
                speed,
            )
            for name in EVIDENCE_LAYERS
            if name != "scouts"  # witnesses keep their own record
        }
        self.fusion = Fusion(
            settings.fusion_few_labels,
            settings.fusion_enough_labels,
            settings.refit_every_labels,
        )
        self.calibrator = Calibrator(
            settings.calibration_min_labels,
            settings.isotonic_min_labels,
            settings.refit_every_labels,
            speed,
        )
        self.trust = Trust()
        self.scouts = ScoutBook()
        self._refit_every = settings.refit_every_labels
        self._gaps: dict[str, tuple[float, float]] = {}
        self._known: set[tuple[str, datetime, SetupKind]] = set()
        self._unique: dict[str, tuple[float, int]] = {}

    @property
    def label_count(self) -> int:
        """Labels learnt."""
        return len(self._known)

    def learn(self, label: Label) -> bool:
        """Take in one closed label; False when it was known already.

        Raises
        ------
        ValueError
            If the label carries a number that is not finite, or a uniqueness outside (0, 1].
        """
        key = (label.instrument, label.opened_at, label.kind)
        if key in self._known:
            return False
        _check(label)
        self._known.add(key)
        weight, hit = self._weigh(label), label.hit
        path = cell_path(label.instrument, label.kind, label.scores)
        self._base.learn(
            path,
            label.outcome,
            weight,
            label.gross_frac / label.stop_frac,
            logistic(label.log_odds_prior),
        )
        self.scouts.learn(label.scores, label.kind.value, hit, weight)
        self._learn_gap(label)
        if len(self._known) % self._refit_every == 0:
            self._base.refit()
        for name, bins in self.bins.items():
            if name in label.scores:
                bins.learn(label.scores[name], hit, weight)
        llrs = {name: label.llrs.get(name, 0.0) for name in EVIDENCE_LAYERS}
        prior = label.scores.get("base_rate", label.log_odds_prior)
        self.fusion.learn(llrs, prior, hit, weight)
        fused = label.scores.get(FUSED)
        if fused is not None:
            # Before the calibrator learns: its map must not have seen the outcome it is held to.
            said = self._experts(label.log_odds_prior, prior, fused, label.scores)
            self.trust.learn(said, hit, weight)
            self.calibrator.learn(logistic(fused), hit, weight)
        return True

    def judge(
        self,
        instrument: str,
        kind: SetupKind,
        martingale: float,
        scores: Mapping[str, float],
        families: Mapping[str, str] | None = None,
    ) -> Judgement:
        """Odds of a candidate.

        Parameters
        ----------
        martingale : float in (0, 1)
            Chance of the target for a price without drift.
        scores : mapping of str to float
            Finite raw scores of the layers that have one.
        families : mapping of scout to family, optional
            Scouts of one model family do not count as independent.
        """
        path = cell_path(instrument, kind, scores)
        posterior, cell = self._base.posterior(path, martingale), self._base.counts(path)
        start = calibrated_log_odds(martingale)
        shift = log_odds_shift(posterior, martingale)
        evidence = self._read(scores)
        votes = self.scouts.evidence(scores, kind.value, families or {})
        if votes is not None:
            evidence["scouts"] = votes
        speaking = [name for name in EVIDENCE_LAYERS if name in evidence]
        fusing = self.fusion.weights(speaking)
        llrs = {name: evidence[name].llr for name in speaking}
        weights = dict(zip(speaking, fusing.weights.tolist(), strict=True))
        moves = {name: weights[name] * llrs[name] for name in speaking}
        total = math.fsum(moves.values())
        clipped = min(max(total, -MAX_TOTAL), MAX_TOTAL)
        fused = start + shift + clipped
        final = self.calibrated(start, start + shift, fused, scores)
        variance = posterior.log_odds_variance + fusing.variance(llrs)
        variance += math.fsum(weights[n] ** 2 * evidence[n].variance for n in speaking)
        steps = [("prior", start), ("base_rate", shift), *moves.items()]
        if clipped != total:
            steps.append(("fusion_cap", clipped - total))
        steps.append(("calibration", final - fused))
        return Judgement(
            steps=tuple(steps),
            evidence=evidence,
            weights=weights,
            p_prior=logistic(start + shift),
            p_mean=logistic(final),
            p_low=self.lower(fused, final, math.sqrt(variance)),
            fused=fused,
            sd=math.sqrt(variance),
            base_count=cell.count,
            shares=self._shares(cell),
        )

    def calibrated(
        self, martingale: float, base_rate: float, fused: float, scores: Mapping[str, float]
    ) -> float:
        """Log-odds after layer 12; unchanged, to the last bit, before the first label.

        The fitted pull of layer 3 has no voice before there are labels enough for a map: its
        record is kept from the first, but a score is not evidence by its looks.

        Parameters
        ----------
        martingale, base_rate, fused : float, nats
            Log-odds without drift, after layer 1, and after layer 11.
        """
        experts = self._experts(martingale, base_rate, fused, scores)
        if not self.calibrator.fitted:
            experts["pull"] = fused
        return self.trust.mix(experts)

    def _experts(
        self, martingale: float, base_rate: float, fused: float, scores: Mapping[str, float]
    ) -> dict[str, float]:
        """What each of layer 12's experts says, nats."""
        mapped = fused
        if self.calibrator.fitted:
            mapped = calibrated_log_odds(self.calibrator(logistic(fused)))
        pull = scores.get("mean_reversion")
        return {
            "martingale": martingale,
            "base_rate": base_rate,
            # An expert with nothing to say agrees, and is neither praised nor blamed.
            "pull": fused if pull is None else martingale + pull,
            "fusion": fused,
            "calibration": mapped,
        }

    def lower(self, fused: float, final: float, sd: float) -> float:
        """Lower bound of the odds: the log-odds' own, or the record's when that is lower."""
        bound = logistic(lower_log_odds(final, sd * sd, self._z))
        return min(bound, self.calibrator.lower(logistic(fused), self._z))

    def gap_chance(self, instrument: str) -> float:
        """Chance that a stop is jumped over: one in twenty before there is a record."""
        stops, gaps = self._gaps.get(instrument, (0.0, 0.0))
        return (gaps + 1.0) / (stops + 20.0)

    def _weigh(self, label: Label) -> float:
        """Effective labels that one label counts for: the mean uniqueness of its instrument's.

        Not its own: a label that meets a barrier early overlaps fewer others, so that weights by
        one's own uniqueness depend on the outcome, and a rate weighted by them is biased towards
        whatever ends early. The sum of the weights is the same.
        """
        total, count = self._unique.get(label.instrument, (0.0, 0))
        total, count = total + label.uniqueness, count + 1
        self._unique[label.instrument] = total, count
        return min(total / count, 1.0)

    def _learn_gap(self, label: Label) -> None:
        if label.outcome is Outcome.STOP:
            stops, gaps = self._gaps.get(label.instrument, (0.0, 0.0))
            # A fiftieth of the stop's distance is slippage of the fill, not a gap.
            jumped = -label.gross_frac > 1.02 * label.stop_frac
            self._gaps[label.instrument] = stops + 1.0, gaps + float(jumped)

    def shares(self, instrument: str, kind: SetupKind, scores: Mapping[str, float]) -> Shares:
        """How the setups of this cell that missed the target did end."""
        return self._shares(self._base.counts(cell_path(instrument, kind, scores)))

    def _shares(self, cell: Cell) -> Shares:
        return Shares(self._kappa, cell.stops, cell.timeouts, cell.timeout_sum)

    def _read(self, scores: Mapping[str, float]) -> dict[str, Evidence]:
        found = {}
        for name, bins in self.bins.items():
            evidence = bins.read(scores[name]) if name in scores else None
            if evidence is not None:
                found[name] = evidence
        return found


def cell_path(instrument: str, kind: SetupKind, scores: Mapping[str, float]) -> tuple[str, ...]:
    """Cell of layer 1 for a setup: instrument, kind, and the regime filtered at entry."""
    if TURBULENT not in scores:
        return instrument, kind.value
    return instrument, kind.value, "turbulent" if scores[TURBULENT] > 0.5 else "calm"


def prior_log_odds(judgement: Judgement) -> float:
    """Log-odds after layer 1, nats."""
    return logit(judgement.p_prior)


def _check(label: Label) -> None:
    if not 0.0 < label.uniqueness <= 1.0 + 1e-9:
        raise ValueError(f"uniqueness must be in (0, 1], was {label.uniqueness:g}")
    numbers = [label.gross_frac, label.net_frac, label.log_odds_prior, label.stop_frac]
    numbers += [*label.scores.values(), *label.llrs.values()]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("label must hold finite numbers only")
