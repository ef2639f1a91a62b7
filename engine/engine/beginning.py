"""What a process writes down when it takes a desk up: who it is, which limits and plan hold.

Refuses to write limits and a plan that are on record already.
"""

from __future__ import annotations

from engine.engine.parts import EngineParts, Funding
from engine.model import events as happened
from engine.model.events import Event
from engine.review.plan import Watched, registration_due


def beginning(parts: EngineParts) -> tuple[Event, ...]:
    """The session's start; before it, on an empty record, the opening of the desk.

    Where the desk goes on with other money, that comes last: what follows is counted in it.
    """
    settings, market, ledger = parts.settings, parts.market, parts.recorder.ledger
    started = happened.SessionStarted(
        software=parts.software,
        market=market.name,
        config_hash=settings.hash,
        seed=parts.seed,
        epoch_at=parts.epoch_at,
    )
    funding = parts.funding
    changed = (_changed(funding),) if funding is not None else ()
    if ledger.opened_at is not None:
        return (started, *changed)
    opened = happened.DeskOpened(
        mode=settings.desk.mode if funding is None else funding.mode,
        market=market.name,
        simulated=market.simulated,
        cash_usd=settings.desk.cash_usd if funding is None else funding.cash_usd,
        software=parts.software,
    )
    return (opened, started, *changed)


def _changed(funding: Funding) -> happened.ModeChanged:
    return happened.ModeChanged(
        funding.mode, funding.cash_usd, dict(funding.set_aside), funding.why
    )


def limits_to_record(parts: EngineParts) -> tuple[Event, ...]:
    """The limits that hold from here on; nothing where the record says so already."""
    ledger, values = parts.recorder.ledger, parts.policy.bounds.values()
    held_back = tuple((h.name, h.wanted, h.in_force) for h in parts.held_back)
    if (values, held_back) == (ledger.limits, ledger.limits_held_back):
        return ()
    return (happened.LimitsSet(values, held_back, parts.settings.hash),)


def plan_to_record(parts: EngineParts) -> tuple[Event, ...]:
    """The plan by which the record is judged; nothing where it is registered as it is.

    Raises
    ------
    ConfigError
        If the backtest that the settings name cannot be read.
    """
    market, known = parts.market, parts.policy.instruments
    watched = Watched(
        market=market.name,
        real_market=not (market.simulated or market.paced),
        instruments=tuple(known[each] for each in parts.instruments),
    )
    due = registration_due(parts.settings, watched, parts.recorder.ledger)
    return () if due is None else (due,)
