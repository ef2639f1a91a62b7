"""What each layer says of a bar, in numbers and in one plain sentence.

Refuses to hide silence: a layer without evidence is shown as neutral with its reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from engine.model.setups import LayerReading, LayerRole
from engine.probability.alignment import BARS
from engine.probability.cross_asset import MIN_DAYS
from engine.probability.features import Features, Scaling, telling_reversion
from engine.probability.knowledge import Judgement, Knowledge
from engine.probability.layer import LayerSpec, neutral
from engine.probability.liquidity import MIN_QUOTES
from engine.probability.pairs import PairBook
from engine.probability.scouts import votes_in
from engine.probability.tail import MIN_LOSSES, gpd_tail
from engine.probability.volatility import MIN_BARS, Scale

NO_SETUP = "no setup on this bar, so there is nothing to weigh"
_DAYS_A_YEAR = 365.0
_MOMENTUM_BARS = 53


def clean(diagnostics: Mapping[str, float]) -> dict[str, float]:
    """The finite numbers among `diagnostics`."""
    return {name: float(v) for name, v in diagnostics.items() if math.isfinite(v)}


def speak(
    spec: LayerSpec, reason: str, diagnostics: Mapping[str, float], n_eff: float = 0.0
) -> LayerReading:
    """Reading of a layer that works but moves the odds only in its own role."""
    return LayerReading(
        spec.name, spec.role, 0.0, 0.0, n_eff, 0.0, True, reason, clean(diagnostics)
    )


def weigh(reading: LayerReading, knowledge: Knowledge, judged: Judgement) -> LayerReading:
    """The same reading as evidence: with its likelihood ratio, or why it has none yet."""
    evidence = judged.evidence.get(reading.name)
    if evidence is not None:
        weight = judged.weights[reading.name]
        return replace(
            reading,
            llr=evidence.llr,
            variance=evidence.variance,
            n_eff=evidence.n_eff,
            weight=weight,
            valid=True,
            reason=f"{reading.reason}: {describe(weight * evidence.llr)}",
        )
    if not reading.valid:
        return reading
    if reading.name not in knowledge.bins:
        return replace(reading, valid=False)
    bins = knowledge.bins[reading.name]
    silent = f"{reading.reason}; needs {bins.wanted} closed labels, has {bins.count}"
    return replace(reading, valid=False, reason=silent)


def describe(move: float) -> str:
    """A move of the log-odds in plain words.

    Examples
    --------
    >>> describe(0.4)
    'raises the odds by a factor of 1.49'
    """
    if abs(move) < 5e-4:
        return "leaves the odds as they are"
    verb = "raises" if move > 0.0 else "lowers"
    return f"{verb} the odds by a factor of {math.exp(abs(move)):.2f}"


def read_volatility(spec: LayerSpec, scale: Scale, bars: int) -> LayerReading:
    """Layer 5's reading."""
    if not scale.valid:
        return neutral(spec, _needs_bars(MIN_BARS + 1, bars))
    daily = math.sqrt(scale.variance)
    return speak(
        spec,
        f"moves about {daily:.2%} a day; quieter than this on {scale.percentile:.0%} of days",
        {
            "volatility_per_day": daily,
            "volatility_per_year": daily * math.sqrt(_DAYS_A_YEAR),
            "percentile_frac": scale.percentile,
            "last_move_sigmas": scale.surprise,
        },
    )


def read_reversion(
    spec: LayerSpec, features: Features, setting: Scaling, window: int, bars: int
) -> LayerReading:
    """Layer 3's reading before any weighing."""
    if not features.reversion.valid:
        return neutral(spec, _needs_bars(window + 1, bars))
    reversion, visible = telling_reversion(features, setting)
    fit = reversion.fit
    half_life = math.log(2.0) / fit.kappa if fit.kappa > 0.0 else math.inf
    diagnostics = clean(
        {
            "stretch_sigmas": reversion.stretch,
            "half_life_days": half_life,
            "dickey_fuller_t": fit.dickey_fuller,
            "random_walk_weight": fit.walk_weight,
        }
    )
    if not visible:
        why = f"no significant pull to the mean (Dickey-Fuller {fit.dickey_fuller:.2f})"
        return neutral(spec, why, diagnostics)
    return speak(
        spec,
        f"{reversion.stretch:+.1f} sigma from its mean, half-life {half_life:.2f} days",
        diagnostics,
    )


def read_exhaustion(spec: LayerSpec, features: Features, bars: int) -> LayerReading:
    """Layer 4's reading before any weighing."""
    momentum = features.momentum
    if not momentum.valid:
        return neutral(spec, _needs_bars(_MOMENTUM_BARS, bars))
    words = f"RSI {momentum.rsi:.0f}, momentum {momentum.momentum:+.1f} sigma"
    if momentum.divergence == 1.0:
        words += ", bullish divergence"
    diagnostics = {
        "rsi": momentum.rsi,
        "momentum_sigmas": momentum.momentum,
        "momentum_change_sigmas": momentum.change,
        "divergence": momentum.divergence,
    }
    return speak(spec, words, diagnostics)


def read_regime(spec: LayerSpec, features: Features, returns: int) -> LayerReading:
    """Layer 2's reading before any weighing."""
    weather = features.regime
    if not weather.valid:
        return neutral(spec, f"needs 500 closed four-hour bars that vary, has {returns}")
    word = "turbulent" if weather.turbulent > 0.5 else "calm"
    diagnostics = {
        "turbulent_frac": weather.turbulent,
        "calm_volatility_per_day": weather.calm_volatility,
        "turbulent_volatility_per_day": weather.turbulent_volatility,
    }
    return speak(spec, f"{word}: {weather.turbulent:.0%} chance of turbulence", diagnostics)


def read_tail(spec: LayerSpec, features: Features, bar_days: float, bars: int) -> LayerReading:
    """Layer 6's reading; it never moves the odds."""
    losses = features.tail
    if not losses.valid:
        return neutral(spec, _needs_bars(MIN_LOSSES + MIN_BARS, bars))
    fitted = gpd_tail(losses.xi, losses.beta, losses.threshold, 0.05)
    sigma = math.sqrt(features.scale.variance * bar_days)
    worst, mean = sigma * fitted.value_at_risk(0.99), sigma * fitted.expected_shortfall(0.99)
    diagnostics = {
        "shape_xi": losses.xi,
        "value_at_risk_99_frac": worst,
        "expected_shortfall_99_frac": mean,
    }
    words = f"one bar in a hundred loses {worst:.2%} or more, {mean:.2%} on average"
    return speak(spec, words, diagnostics)


def read_alignment(spec: LayerSpec, features: Features, closed: int) -> LayerReading:
    """Layer 7's reading before any weighing; `closed` daily bars are known."""
    frames = features.alignment
    if not frames.valid:
        return neutral(spec, f"needs {BARS} closed bars in every timeframe, has {closed} days")
    diagnostics = {"support": frames.support, "daily_trend_t": frames.daily_trend}
    words = (
        "slower trends support a long entry"
        if frames.support > 0.0
        else ("slower trends stand against a long entry")
    )
    return speak(spec, f"{words} ({frames.support:+.2f} of 1)", diagnostics)


def read_liquidity(spec: LayerSpec, features: Features) -> LayerReading:
    """Layer 8's reading before any weighing."""
    flow = features.liquidity
    diagnostics = {"bar_spread_bps": 1e4 * float(flow.bar_spread_frac)}
    if not flow.valid:
        return neutral(spec, f"needs {MIN_QUOTES} quotes, has {flow.quotes}", diagnostics)
    diagnostics |= {"spread_bps": 1e4 * flow.spread_frac, "pressure": flow.pressure}
    words = f"spread {1e4 * flow.spread_frac:.1f} bps, pressure {flow.pressure:+.2f} of 1"
    return speak(spec, words, diagnostics)


def read_cross_asset(spec: LayerSpec, symbol: str, book: PairBook) -> LayerReading:
    """Layer 9's reading before any weighing."""
    if book.metals is None or symbol not in book.metals:
        return neutral(spec, "no partner: only gold and silver are compared")
    pair = book.reading(symbol)
    if pair is None:
        return neutral(spec, "gold and silver did not both close a bar now")
    diagnostics = {"correlation": pair.correlation, "common_days": float(pair.days)}
    if pair.days < MIN_DAYS:
        return neutral(spec, f"needs {MIN_DAYS} common days, has {pair.days}", diagnostics)
    diagnostics |= {"ratio_stretch_sigmas": pair.stretch, "engle_granger_t": pair.tie}
    if not pair.valid:
        why = f"gold and silver are not tied (Engle-Granger {pair.tie:.2f})"
        return neutral(spec, why, diagnostics)
    return speak(spec, f"gold-silver ratio {pair.stretch:+.1f} sigma from its mean", diagnostics)


def read_scouts(spec: LayerSpec, scores: Mapping[str, float]) -> LayerReading:
    """Layer 10's reading before any weighing."""
    votes = votes_in(scores)
    if not votes:
        return neutral(spec, "no scout has voted")
    words = ", ".join(f"{name} {'yes' if vote else 'no'}" for name, vote in votes.items())
    return speak(spec, words, {"votes": float(len(votes))})


def read_base_rate(spec: LayerSpec, judged: Judgement | None) -> LayerReading:
    """Layer 1's reading."""
    if judged is None:
        return neutral(spec, NO_SETUP)
    shift, count = judged.steps[1][1], judged.base_count
    if shift == 0.0:
        reason = "no closed labels yet: the odds of a price without drift"
    else:
        reason = f"{count:.0f} effective labels like this one: {describe(shift)}"
    martingale = 1.0 / (1.0 + math.exp(-judged.steps[0][1]))
    diagnostics = {"martingale_odds": martingale, "prior_odds": judged.p_prior}
    return replace(speak(spec, reason, diagnostics, count), llr=shift, weight=1.0)


def read_fusion(spec: LayerSpec, knowledge: Knowledge, judged: Judgement | None) -> LayerReading:
    """Layer 11's reading."""
    if judged is None:
        return neutral(spec, NO_SETUP)
    speaking = len(judged.weights)
    opinions = math.fsum(judged.weights.values())
    if speaking == 0:
        reason = "no layer has evidence yet: the prior stands"
    else:
        reason = f"{speaking} layers speak, worth {opinions:.1f} independent opinions"
    diagnostics = {"opinions": opinions, "sd_nats": judged.sd, "fused_nats": judged.fused}
    return speak(spec, reason, diagnostics, knowledge.fusion.n_eff)


def read_calibration(
    spec: LayerSpec, knowledge: Knowledge, judged: Judgement | None, wanted: float
) -> LayerReading:
    """Layer 12's reading."""
    known = knowledge.calibrator.n_eff
    if judged is None:
        return neutral(spec, NO_SETUP)
    trust = knowledge.trust.weights()
    diagnostics = {"p_mean": judged.p_mean, "p_low": judged.p_low}
    diagnostics |= {f"trust_{name}": share for name, share in trust.items()}
    move = judged.steps[-1][1]
    if not knowledge.calibrator.fitted and move == 0.0:
        reason = f"needs {wanted:.0f} effective labels, has {known:.0f}: the odds pass unchanged"
        return neutral(spec, reason, diagnostics)
    reason = (
        f"{known:.0f} effective labels leave {trust['martingale']:.0%} of the trust with the "
        f"driftless price: {describe(move)}"
    )
    return replace(speak(spec, reason, diagnostics, known), llr=move, weight=1.0)


def _needs_bars(needed: int, has: int) -> str:
    return f"needs {needed} closed bars, has {has}"


def is_evidence(spec: LayerSpec) -> bool:
    """Whether a layer's score may become a likelihood ratio."""
    return spec.role in (LayerRole.EVIDENCE, LayerRole.CONTEXT)
