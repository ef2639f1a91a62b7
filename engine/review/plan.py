"""The plan of the review, made from the settings, and what a change of it is.

Refuses to let a change pass: other settings or another plan are a new registration, and its clock
starts at nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.config import Settings
from engine.journal.ledger import Ledger
from engine.model.events import PlanRegistered
from engine.model.instruments import Instrument
from engine.model.reviews import ReviewPlan
from engine.review.backtest import promised_r
from engine.review.gates import MIN_TRADES, MIN_WEEKS, PATIENCE_WEEKS, planned_gates
from engine.review.statistics import EDGE_BETS, FUTILITY_BETS

FIRST_LOOK_WEEKS = 6.0
DESIGN_EDGE_R = 0.15
_LARGEST_WIN = 1.75
"""Largest win over the ratio of target to stop in sigmas: both are taken in logarithms, so that
wide barriers pay a little more than their ratio."""
_BELOW = 1.0 - 1e-9
_MODE = "desk.mode"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a desk watches, beside its settings.

    Attributes
    ----------
    market : str
        Name of the feed.
    real_market : bool
        False where prices are simulated or replayed.
    """

    market: str
    real_market: bool
    instruments: tuple[Instrument, ...]


def plan_of(settings: Settings, watched: Watched) -> ReviewPlan:
    """How a desk with these settings is judged.

    Raises
    ------
    ConfigError
        If the backtest that the settings name cannot be read.
    """
    pipeline = settings.pipeline
    largest_r = _LARGEST_WIN * pipeline.target_sigmas / pipeline.stop_sigmas
    return ReviewPlan(
        first_look_weeks=FIRST_LOOK_WEEKS,
        least_weeks=MIN_WEEKS,
        patience_weeks=PATIENCE_WEEKS,
        least_trades=MIN_TRADES,
        design_edge_r=DESIGN_EDGE_R,
        edge_bets=EDGE_BETS,
        futility_bets=futility_bets_for(largest_r),
        market=watched.market,
        real_market=watched.real_market,
        instruments=tuple(each.symbol for each in watched.instruments),
        calendars=tuple(dict.fromkeys(each.calendar.value for each in watched.instruments)),
        bar_seconds=settings.market.timeframe.length.total_seconds(),
        backtest_r=promised_r(settings.review.backtest),
        gates=planned_gates(),
    )


def futility_bets_for(largest_r: float, design_edge_r: float = DESIGN_EDGE_R) -> tuple[float, ...]:
    """Bets that no win can break.

    Parameters
    ----------
    largest_r : float, R units, > design_edge_r

    References
    ----------
    MATH.md section 5: ``bet <= 1 / (largest win - design edge)``.

    Examples
    --------
    >>> futility_bets_for(1.5)
    (0.05, 0.1, 0.2, 0.4)
    >>> [round(bet, 6) for bet in futility_bets_for(10.15)]
    [0.0125, 0.025, 0.05, 0.1]
    """
    if not largest_r > design_edge_r:
        raise ValueError(f"largest_r must be > {design_edge_r:g}, was {largest_r!r}")
    # A hair less than what the largest win just allows: rounding must not break the bets.
    shrunk = min(1.0, _BELOW / ((largest_r - design_edge_r) * max(FUTILITY_BETS)))
    return tuple(bet * shrunk for bet in FUTILITY_BETS)


def parameters_of(settings: Settings) -> dict[str, str]:
    """Every setting that decides trades, by its dotted key; the mode is not one of them."""
    found = dict(_flat("", settings.trading()))
    del found[_MODE]
    return found


def as_mode(settings: Settings, mode: str) -> Settings:
    """The same settings in another mode."""
    return settings.model_copy(update={"desk": settings.desk.model_copy(update={"mode": mode})})


def registration_due(
    settings: Settings, watched: Watched, ledger: Ledger
) -> PlanRegistered | None:
    """The registration that must be written before the next bar; None where it stands already.

    Raises
    ------
    ConfigError
        If the backtest that the settings name cannot be read.
    """
    plan, parameters = plan_of(settings, watched), parameters_of(settings)
    paper_hash = as_mode(settings, "paper").hash
    before = ledger.registration
    changed: tuple[str, ...] = ()
    if before is not None:
        changed = _differences(before.event, plan, parameters)
        if not changed and before.event.parameters_hash == paper_hash:
            return None
    return PlanRegistered(
        plan=plan,
        parameters=parameters,
        parameters_hash=paper_hash,
        live_hash=as_mode(settings, "live").hash,
        changed=changed or (("the settings",) if before is not None else ()),
    )


def _differences(
    before: PlanRegistered, plan: ReviewPlan, parameters: Mapping[str, str]
) -> tuple[str, ...]:
    names = sorted({*before.parameters, *parameters})
    found = [
        f"{name}: {before.parameters.get(name, 'not set')} → {parameters.get(name, 'not set')}"
        for name in names
        if before.parameters.get(name) != parameters.get(name)
    ]
    return (*found, *_plan_differences(before.plan, plan))


def _plan_differences(before: ReviewPlan, plan: ReviewPlan) -> list[str]:
    if before.hash == plan.hash:
        return []
    return [
        f"plan, {name.replace('_', ' ')}"
        for name in ReviewPlan.__dataclass_fields__
        if getattr(before, name) != getattr(plan, name)
    ]


def _flat(path: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        inner = [_flat(f"{path}.{key}" if path else key, part) for key, part in value.items()]
        return [pair for pairs in inner for pair in pairs]
    if isinstance(value, list):
        return [(path, ", ".join(str(part) for part in value))]
    return [(path, str(value))]
