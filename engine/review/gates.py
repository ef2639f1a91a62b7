"""What the review measures, and each gate that a number must pass.

Refuses to take the unknown for a pass or for a failure: a gate over a missing number is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.model.reviews import Gate, Group, PlannedGate
from engine.review.evidence import Evidence

MIN_WEEKS = 8.0
MIN_TRADES = 60
PATIENCE_WEEKS = 26.0


Holds = Callable[[Evidence], bool | None]
Value = TypeVar("Value")
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One row of the table of gates."""

    group: Group
    name: str
    value: Callable[[Evidence], str]
    bound: str
    holds: Holds
    need: str

    def look(self, evidence: Evidence) -> Gate:
        passed = self.holds(evidence)
        told = "" if passed else self.need
        return Gate(self.group, self.name, self.value(evidence), self.bound, passed, told)


def gates(evidence: Evidence) -> tuple[Gate, ...]:
    """Every gate of the decision rule, in the order in which it is read.

    References
    ----------
    MATH.md section 5, "Decision rule".
    """
    return tuple(rule.look(evidence) for rule in _RULES)


def planned_gates() -> tuple[PlannedGate, ...]:
    """Every gate with its bound, as a plan fixes them before the first day."""
    return tuple(PlannedGate(rule.group, rule.name, rule.bound) for rule in _RULES)


def _number(read: Callable[[Evidence], float | None], form: str) -> Callable[[Evidence], str]:
    return _told(read, lambda value: form.format(value).replace("%", " %"))


def _yes(read: Callable[[Evidence], bool | None], yes: str, no: str) -> Callable[[Evidence], str]:
    return _told(read, lambda value: yes if value else no)


def _told(
    read: Callable[[Evidence], Value | None], words: Callable[[Value], str]
) -> Callable[[Evidence], str]:
    def show(evidence: Evidence) -> str:
        value = read(evidence)
        return UNKNOWN if value is None else words(value)

    return show


def _if(read: Callable[[Evidence], Value | None], test: Callable[[Value], bool]) -> Holds:
    """A gate over one number: open while the number is not known."""

    def holds(evidence: Evidence) -> bool | None:
        value = read(evidence)
        return None if value is None else test(value)

    return holds


def _promised(evidence: Evidence) -> bool | None:
    if evidence.expectancy is None or evidence.backtest_interval is None:
        return None
    low, high = evidence.backtest_interval
    return low <= evidence.expectancy <= high


def _waited(evidence: Evidence) -> float:
    since_a_go = evidence.weeks_since_go
    return evidence.weeks if since_a_go is None else min(since_a_go, evidence.weeks)


_RULES: tuple[_Rule, ...] = (
    _Rule(
        Group.ENOUGH,
        "time on paper",
        _number(lambda e: e.weeks, "{:.1f} weeks"),
        "at least 8 weeks",
        _if(lambda e: e.weeks, lambda value: value >= MIN_WEEKS),
        "Wait: earlier only a reason to stop is listened to.",
    ),
    _Rule(
        Group.ENOUGH,
        "closed trades",
        _number(lambda e: float(e.trades), "{:.0f}"),
        "at least 60",
        _if(lambda e: float(e.trades), lambda value: value >= MIN_TRADES),
        "Wait for more closed trades.",
    ),
    _Rule(
        Group.INTEGRITY,
        "market",
        _yes(lambda e: e.real_market, "real", "simulated or replayed"),
        "real prices, as they come",
        # Prices that were made up or known before prove nothing, and contradict nothing.
        lambda e: e.real_market or None,
        "Run the desk on a public market: only that record can lead to a go.",
    ),
    _Rule(
        Group.INTEGRITY,
        "replay of the record",
        _yes(lambda e: e.replays, "identical", "different"),
        "identical",
        lambda e: e.replays,
        "Find out why the record does not replay; nothing else counts until then.",
    ),
    _Rule(
        Group.INTEGRITY,
        "broken invariants",
        _number(lambda e: e.violations_count, "{:.0f}"),
        "none",
        _if(lambda e: e.violations_count, lambda value: value <= 0),
        "Mend the cause and register the plan anew: the clock starts again.",
    ),
    _Rule(
        Group.INTEGRITY,
        "uptime",
        _number(lambda e: e.uptime_frac, "{:.1%}"),
        "at least 98 %",
        _if(lambda e: e.uptime_frac, lambda value: value >= 0.98),
        "Keep the desk up; missed bars are missed exits.",
    ),
    _Rule(
        Group.INTEGRITY,
        "slippage",
        _number(lambda e: e.slippage_ratio, "{:.2f} of the model"),
        "at most 1.50",
        _if(lambda e: e.slippage_ratio, lambda value: value <= 1.5),
        "Raise the modelled slippage to what is paid, or trade where it is less.",
    ),
    _Rule(
        Group.INTEGRITY,
        "parameters",
        _yes(lambda e: e.frozen, "unchanged", "changed"),
        "as registered",
        lambda e: e.frozen,
        "Register the plan anew: any change starts the clock again.",
    ),
    _Rule(
        Group.STOP,
        "futility",
        _number(lambda e: e.futility_peak, "{:.1f}"),
        "below 20",
        _if(lambda e: e.futility_peak, lambda value: value < 20.0),
        "The record contradicts the edge that it was designed for.",
    ),
    _Rule(
        Group.STOP,
        "drawdown",
        _number(lambda e: e.drawdown_frac, "{:.1%}"),
        "below 15 %",
        _if(lambda e: e.drawdown_frac, lambda value: value < 0.15),
        "The desk has lost what it may lose.",
    ),
    _Rule(
        Group.STOP,
        "calibration breaker",
        _yes(lambda e: e.calibration_tripped, "tripped", "armed"),
        "armed",
        _if(lambda e: e.calibration_tripped, lambda tripped: not tripped),
        "Find out why the odds do not keep their word; refit, then reset it.",
    ),
    _Rule(
        Group.STOP,
        "overfitting",
        _number(lambda e: e.pbo, "{:.2f}"),
        "at most 0.50",
        _if(lambda e: e.pbo, lambda value: value <= 0.5),
        "The configuration was chosen from noise.",
    ),
    _Rule(
        Group.STOP,
        "patience",
        _number(_waited, "{:.1f} weeks without a go"),
        "less than 26 weeks",
        _if(_waited, lambda value: value < PATIENCE_WEEKS),
        "Half a year has not shown it.",
    ),
    _Rule(
        Group.FULL,
        "evidence of an edge",
        _number(lambda e: e.edge_peak, "{:.2f}"),
        "at least 20 at any time",
        _if(lambda e: e.edge_peak, lambda value: value >= 20.0),
        "More trades as good as the best so far; it may be looked at every week.",
    ),
    _Rule(
        Group.FULL,
        "deflated Sharpe ratio",
        _number(lambda e: e.dsr, "{:.3f}"),
        "at least 0.90",
        _if(lambda e: e.dsr, lambda value: value >= 0.90),
        "A longer record, or fewer configurations tried before it.",
    ),
    _Rule(
        Group.FULL,
        "against random entries",
        _number(lambda e: e.random_entry_p, "p = {:.3f}"),
        "at most 0.05",
        _if(lambda e: e.random_entry_p, lambda value: value <= 0.05),
        "Entries must beat entries made at random with the same holding times.",
    ),
    _Rule(
        Group.FULL,
        "skill of the odds",
        _number(lambda e: e.brier_skill, "{:+.2%}"),
        "above 0",
        _if(lambda e: e.brier_skill, lambda value: value > 0.0),
        "The odds must say more than the driftless price does.",
    ),
    _Rule(
        Group.FULL,
        "calibration of the odds",
        _number(lambda e: e.spiegelhalter_z, "z = {:+.2f}"),
        "between -2 and 2",
        _if(lambda e: e.spiegelhalter_z, lambda z: abs(z) < 2.0),
        "The odds must be right as often as they say.",
    ),
    _Rule(
        Group.FULL,
        "overfitting, strict",
        _number(lambda e: e.pbo, "{:.2f}"),
        "below 0.20",
        _if(lambda e: e.pbo, lambda value: value < 0.2),
        "The chosen configuration must also lead where it was not chosen.",
    ),
    _Rule(
        Group.PILOT,
        "probabilistic Sharpe ratio",
        _number(lambda e: e.psr, "{:.3f}"),
        "at least 0.95",
        _if(lambda e: e.psr, lambda value: value >= 0.95),
        "A longer or better record.",
    ),
    _Rule(
        Group.PILOT,
        "evidence of an edge now",
        _number(lambda e: e.edge_last, "{:.2f}"),
        "at least 5",
        _if(lambda e: e.edge_last, lambda value: value >= 5.0),
        "More good trades.",
    ),
    _Rule(
        Group.PILOT,
        "against random entries, pilot",
        _number(lambda e: e.random_entry_p, "p = {:.3f}"),
        "at most 0.10",
        _if(lambda e: e.random_entry_p, lambda value: value <= 0.10),
        "Entries must beat entries made at random with the same holding times.",
    ),
    _Rule(
        Group.PILOT,
        "what the backtest promised",
        _number(lambda e: e.expectancy, "{:+.3f} R"),
        "inside its 90 % interval",
        _promised,
        "Paper and backtest must tell the same story.",
    ),
)
