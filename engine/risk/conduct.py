"""Breakers on how the desk's own machinery fares: clock, orders, costs of execution, odds.

Refuses to trust the desk more than its record: what differs from the model waits for the owner.
"""

from __future__ import annotations

from engine.risk.breaker import COUNT, OWNER_RESETS, Breaker, Scope, at_once
from engine.risk.picture import Look
from engine.risk.readings import Reading, danger, reading


def clock_offset(look: Look) -> Reading:
    """Seconds by which the clock is provably off the venue's."""
    return danger(look.picture.clock.offset_seconds) if look.picture.clock else None


def clock_back(look: Look) -> Reading:
    """Seconds by which the clock stands before the newest entry of the record."""
    return reading(look.picture.clock.back_seconds) if look.picture.clock else None


def slippage(look: Look) -> Reading:
    """Realised over modelled cost of execution."""
    return reading(look.picture.venue.slippage_ratio) if look.picture.venue else None


def rejects(look: Look) -> Reading:
    """Most orders refused within the window."""
    return reading(look.picture.venue.rejects_count) if look.picture.venue else None


def strange_fills(look: Look) -> Reading:
    """Fills of orders that the desk never sent."""
    return reading(look.picture.venue.strange_fills_count) if look.picture.venue else None


def mismatches(look: Look) -> Reading:
    """Balances in which venue and record differ."""
    return reading(look.picture.venue.mismatches_count) if look.picture.venue else None


def unanswered(look: Look) -> Reading:
    """Orders whose fate is unknown now."""
    return reading(look.picture.venue.unanswered_count) if look.picture.venue else None


def overconfidence(look: Look) -> Reading:
    """E-process against odds that promise too much."""
    return reading(look.picture.odds.e_process) if look.picture.odds else None


def brier_cusum(look: Look) -> Reading:
    """CUSUM of standardised Brier losses."""
    return reading(look.picture.odds.brier_cusum) if look.picture.odds else None


_REFIT = "The owner resets it with a reason once the odds are refitted; the count begins anew."

CONDUCT: tuple[Breaker, ...] = (
    Breaker(
        "clock skew",
        Scope.DESK,
        clock_offset,
        lambda look: look.limits.clock_offset_for.total_seconds(),
        why="This machine's clock is off the venue's, so bars and time limits are cut wrongly.",
        resets="It resets once the clock is synchronised.",
        shown="{:.1f} s",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "clock ran back",
        Scope.DESK,
        clock_back,
        lambda _look: 0.0,
        why="The clock shows a time before the newest entry of the record.",
        resets="It resets once the clock has passed that entry again.",
        shown="{:.1f} s",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "balances",
        Scope.DESK,
        mismatches,
        lambda _look: 1.0,
        why="The venue holds other amounts than the record says.",
        resets="The owner finds out why, puts it right and resets it with a reason.",
        shown="{:.0f} differing",
    ),
    Breaker(
        "unknown orders",
        Scope.DESK,
        strange_fills,
        lambda _look: 1.0,
        why="The venue filled an order that this desk never sent.",
        resets=OWNER_RESETS,
        shown="{:.0f} fills",
        rebased=True,
    ),
    Breaker(
        "order rejects",
        Scope.DESK,
        rejects,
        lambda look: look.limits.rejects_count,
        why="The venue keeps refusing the desk's orders.",
        resets=OWNER_RESETS,
        shown="{:.0f} within the window",
        rebased=True,
    ),
    Breaker(
        "slippage",
        Scope.DESK,
        slippage,
        lambda look: look.limits.slippage_ratio,
        why="Fills cost more than the cost model promises on every card.",
        resets=OWNER_RESETS,
        shown="{:.2f} x modelled",
        at_bound=False,
        rebased=True,
    ),
    Breaker(
        "overconfidence",
        Scope.DESK,
        overconfidence,
        lambda look: look.limits.e_process,
        why="Targets are met less often than the odds have promised.",
        resets=_REFIT,
        shown="{:.1f} to 1",
        rebased=True,
    ),
    Breaker(
        "Brier score",
        Scope.DESK,
        brier_cusum,
        lambda look: look.limits.brier_cusum,
        why="The odds miss by more than chance explains.",
        resets=_REFIT,
        shown="{:.2f} sd",
        rebased=True,
    ),
    Breaker(
        "orders without an answer",
        Scope.DESK,
        unanswered,
        lambda _look: 1.0,
        why="The fate of an order is unknown.",
        resets="Entries resume once the venue has said what became of it.",
        shown=COUNT,
        words="an order may be live, and the venue has not said so yet",
        latched=False,
    ),
)
