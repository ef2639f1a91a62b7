"""The risk of a desk, read from its record alone: beside a running desk, or without any.

Refuses to guess what only a market tells: it is shown as not measured.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config import Settings
from engine.desk.picture import Moment, picture_of
from engine.desk.policy import policy_of
from engine.desk.present.risk import RiskCase, risk_view
from engine.errors import JournalError
from engine.journal.ledger import Ledger
from engine.journal.reading import ledger_of
from engine.market.sessions import is_open
from engine.model.canonical import plain
from engine.opening import in_force, kill_files
from engine.risk import MarketState
from engine.views import RiskView


def read_risk(settings: Settings, journal: Path) -> RiskView:
    """Limits, breakers and history of the desk whose record is `journal`, as of its newest entry.

    Parameters
    ----------
    settings : Settings
        Whose limits are shown; the view tells whether the desk ran with them.

    Raises
    ------
    JournalError
        If there is no journal, it does not verify, or no desk has opened on it yet.
    ConfigError
        If the settings lack an instrument that the desk holds.
    """
    ledger = ledger_of(journal)
    if ledger.at is None or ledger.opened_at is None:
        raise JournalError(f"{journal}: no desk has opened on it yet; start one with --db")
    instruments = tuple(dict.fromkeys((*_watched(ledger, settings), *_held(ledger))))
    policy, _ = in_force(policy_of(settings, instruments), ledger)
    moment = Moment(
        now=ledger.at,
        prices=ledger.prices,
        assessed={},
        timeframe=settings.market.timeframe,
        is_open=is_open,
    )
    picture = picture_of(ledger, policy, moment)
    return risk_view(
        RiskCase(
            ledger=ledger,
            picture=replace(picture, markets=tuple(map(_unmeasured, picture.markets))),
            limits=policy.limits,
            limits_hash=settings.hash,
            kill_switch=kill_files(settings, journal),
            market=None,
            as_of=ledger.at,
        )
    )


def risk_as_json(view: RiskView) -> dict[str, Any]:
    """The view as plain JSON data; money and instants are text, exactly."""
    told: dict[str, Any] = plain(view)
    return told


def _watched(ledger: Ledger, settings: Settings) -> tuple[str, ...]:
    return tuple(ledger.assessed) or settings.desk.watch


def _held(ledger: Ledger) -> tuple[str, ...]:
    held = [position.instrument for position in ledger.positions.values()]
    return (*held, *(record.order.instrument for record in ledger.open_orders()))


def _unmeasured(market: MarketState) -> MarketState:
    return replace(
        market, open=None, bar_age_for=None, volatility_rank_frac=None, move_sigmas=None
    )
