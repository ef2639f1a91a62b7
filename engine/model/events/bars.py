"""Bars, candidates and what the layers said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.events.root import Event
from engine.model.setups import Assessment, Label, Setup


@dataclass(frozen=True, slots=True)
class BarsAssessed(Event):
    """The twelve layers looked at every bar that closed at one instant.

    Attributes
    ----------
    bars_at : datetime, aware UTC
        The common close.
    prices : mapping of str to Decimal, quote currency
        Newest known price of each instrument.
    ranges : mapping of str to (low, high), quote currency
        Extremes of the bars that closed, for excursions of open positions.
    equity_usd : Decimal, US dollars
        Cash and open positions at those prices.
    caught_up : bool
        True for bars fetched after an absence.
    cards : tuple of (instrument, card kind or empty, sentence)
        What became of each assessment and the number that decided.
    calm : tuple of (instrument, bool)
        Whether volatility and the bar's move were below the alarm.
    """

    bars_at: datetime
    assessments: tuple[Assessment, ...]
    prices: dict[str, Decimal]
    ranges: dict[str, tuple[Decimal, Decimal]]
    equity_usd: Decimal
    caught_up: bool
    cards: tuple[tuple[str, str, str], ...]
    calm: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class BarRefused(Event):
    """A bar failed its checks and never reached the pipeline."""

    instrument: str
    bar_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class CandidateOpened(Event):
    """A setup was seen; its counterfactual triple barrier is open."""

    setup: Setup


@dataclass(frozen=True, slots=True)
class CandidateClosed(Event):
    """A candidate's triple barrier closed: the layers may learn from it now."""

    label: Label
