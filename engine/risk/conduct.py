"""Breakers on how the desk's own machinery fares: clock, orders, costs of execution, odds.

Refuses to trust the desk more than its record: what differs from the model waits for the owner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.risk.breaker import COUNT, OWNER_RESETS, Breaker, Measure, Scope, at_once
from engine.risk.picture import Look, RiskPicture
from engine.risk.readings import Reading, danger, reading
from engine.risk.surroundings import ClockState, OddsRecord, VenueState

Part = TypeVar("Part")


def _of(part: Callable[[RiskPicture], Part | None], read: Callable[[Part], Reading]) -> Measure:
    """A number of one part of the picture; unknown where the whole part is."""

    def measure(look: Look) -> Reading:
        found = part(look.picture)
        return None if found is None else reading(read(found))

    return measure


def _clock(picture: RiskPicture) -> ClockState | None:
    return picture.clock


def _venue(picture: RiskPicture) -> VenueState | None:
    return picture.venue


def _odds(picture: RiskPicture) -> OddsRecord | None:
    return picture.odds


_REFIT = "The owner resets it with a reason once the odds are refitted; the count begins anew."

CONDUCT: tuple[Breaker, ...] = (
    Breaker(
        "invariant",
        Scope.DESK,
        lambda look: reading(look.picture.invariant_attempts),
        lambda _look: 1.0,
        why="Something tried what may never happen, and was refused.",
        resets="The owner finds out what tried it, and resets it with a reason.",
        shown=COUNT,
        rebased=True,
    ),
    Breaker(
        "clock skew",
        Scope.DESK,
        _of(_clock, lambda clock: danger(clock.offset_seconds)),
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
        _of(_clock, lambda clock: clock.back_seconds),
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
        _of(_venue, lambda venue: venue.mismatches_count),
        lambda _look: 1.0,
        why="The account at the venue differs from the record.",
        resets="The owner finds out why, puts it right and resets it with a reason.",
        shown="{:.0f} differing",
    ),
    Breaker(
        "venue ledger",
        Scope.DESK,
        _of(_venue, lambda venue: venue.unread_seconds),
        lambda look: look.limits.unread_for.total_seconds(),
        why="The venue's ledger cannot be read: interest or financing would go unseen.",
        resets="It resets once the ledger is read again.",
        shown="{:.0f} s unread",
        at_bound=False,
        may_reset=at_once,
    ),
    Breaker(
        "unknown orders",
        Scope.DESK,
        _of(_venue, lambda venue: venue.strange_fills_count),
        lambda _look: 1.0,
        why="The venue filled an order that this desk never sent.",
        resets=OWNER_RESETS,
        shown="{:.0f} fills",
        rebased=True,
    ),
    Breaker(
        "order rejects",
        Scope.DESK,
        _of(_venue, lambda venue: venue.rejects_count),
        lambda look: look.limits.rejects_count,
        why="The venue keeps refusing the desk's orders.",
        resets=OWNER_RESETS,
        shown="{:.0f} within the window",
        rebased=True,
    ),
    Breaker(
        "slippage",
        Scope.DESK,
        _of(_venue, lambda venue: venue.slippage_ratio),
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
        _of(_odds, lambda odds: odds.e_process),
        lambda look: look.limits.e_process,
        why="Targets are met less often than the odds have promised.",
        resets=_REFIT,
        shown="{:.1f} to 1",
        rebased=True,
    ),
    Breaker(
        "Brier score",
        Scope.DESK,
        _of(_odds, lambda odds: odds.brier_cusum),
        lambda look: look.limits.brier_cusum,
        why="The odds miss by more than they allow for; chance alone does so now and then.",
        resets=_REFIT,
        shown="{:.2f} sd",
        rebased=True,
    ),
    Breaker(
        "orders without an answer",
        Scope.DESK,
        _of(_venue, lambda venue: venue.unanswered_count),
        lambda _look: 1.0,
        why="The fate of an order is unknown.",
        resets="Entries resume once the venue has said what became of it.",
        shown=COUNT,
        words="an order may be live, and the venue has not said so yet",
        latched=False,
    ),
)
