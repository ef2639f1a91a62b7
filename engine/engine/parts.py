"""What an engine is made of.

Refuses to choose anything: the composition root does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engine.config import Settings
from engine.costs import Conditions
from engine.desk.memos import MemoRule
from engine.desk.policy import Policy
from engine.engine.crosschecks import NOBODY, Witnesses
from engine.engine.recorder import Recorder
from engine.model.bars import BarsClosed
from engine.ports import (
    Analyst,
    Broker,
    Clock,
    Headlines,
    Journal,
    KillSwitch,
    MarketFeed,
    Scouts,
)
from engine.probability.pipeline import Pipeline
from engine.risk import HeldBack
from engine.views import MarketView


@dataclass(frozen=True, slots=True)
class Funding:
    """Money with which a desk goes on, or begins, in another mode.

    Attributes
    ----------
    cash_usd : Decimal, US dollars, > 0
        What the desk may call its own.
    set_aside : mapping of str to Decimal, US dollars or base units
        What else is there, which is not the desk's.
    why : str
        One clause.
    """

    mode: str
    cash_usd: Decimal
    set_aside: Mapping[str, Decimal]
    why: str


Pieces = Callable[[BarsClosed], Sequence[BarsClosed]]


def whole(batch: BarsClosed) -> Sequence[BarsClosed]:
    """The bars as they are: there are no finer ones."""
    return (batch,)


@dataclass(frozen=True, slots=True)
class EngineParts:
    """Everything an engine is made of, chosen by the composition root.

    Attributes
    ----------
    recorder : Recorder
        Already replayed.
    conditions : Conditions
        What costs are read from; shared with the paper venue.
    silent : tuple of str
        Witnesses that cannot speak at all; of the scouts the record says it.
    scouts : Scouts or None
        None where there is no model server to ask.
    witnesses : Witnesses
        Who may contradict the market.
    headlines : Headlines or None
        What witnesses that read are given; None where nothing is read.
    analyst : Analyst or None
        Who reads large and contested proposals again; None asks nobody.
    held_back : tuple of HeldBack
        Looser limits of the settings that wait until nothing is open.
    hold_seconds : float, real seconds, >= 0
        How long a paced replay waits for the owner while a proposal is open.
    seed, epoch_at : int, datetime or None
        What makes a simulated market again after a restart.
    guards : mapping of str to str
        Who guards the stop of each instrument, one clause.
    funding : Funding or None
        None where the desk goes on with the money that is on record.
    locked : str
        Why a live desk that holds something may not be live any more: it comes up halted, to
        guard and sell what it holds; empty where it may.
    compare_every : timedelta or None
        Pause between two comparisons of record and account beside those with every bar; None
        where paper keeps the account itself.
    pieces : callable (BarsClosed) -> sequence of BarsClosed
        Finer bars of the same stretch, in order of time, against which orders trade.
    kill_switch : KillSwitch or None
        None only where nothing outside could throw it, as with a record in memory.
    kill_look_seconds : float, real seconds, > 0
        How often it is looked at when neither bars nor orders come.
    """

    settings: Settings
    policy: Policy
    market: MarketView
    instruments: tuple[str, ...]
    journal: Journal
    recorder: Recorder
    feed: MarketFeed
    broker: Broker
    pipeline: Pipeline
    clock: Clock
    software: str
    conditions: Conditions = field(default_factory=Conditions)
    silent: tuple[str, ...] = ()
    scouts: Scouts | None = None
    witnesses: Witnesses = NOBODY
    headlines: Headlines | None = None
    analyst: Analyst | None = None
    held_back: tuple[HeldBack, ...] = ()
    hold_seconds: float = 0.0
    seed: int = 0
    epoch_at: datetime | None = None
    guards: Mapping[str, str] = field(default_factory=dict)
    funding: Funding | None = None
    locked: str = ""
    compare_every: timedelta | None = None
    pieces: Pieces = whole
    kill_switch: KillSwitch | None = None
    kill_look_seconds: float = 1.0


def memo_rule_of(parts: EngineParts) -> MemoRule:
    """When memos are wanted: never, where nobody is asked."""
    settings = parts.settings.analyzer
    return MemoRule(
        on=parts.analyst is not None,
        above_usd=settings.above_usd,
        contested=settings.contested_frac,
    )
