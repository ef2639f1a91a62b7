"""A desk on recorded history: the live engine on paper, with a virtual clock and no journal file.

Refuses rules of its own: what decides, fills, sizes and stops here is what does so live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version

from engine.clock import VirtualClock
from engine.config import Settings
from engine.desk.policy import Policy, policy_of
from engine.engine import Engine, EngineParts
from engine.engine.parts import whole
from engine.engine.recorder import Recorder
from engine.model.instruments import Instrument
from engine.opening.paper import paper_venue
from engine.research.backtest.feed import WrittenFeed
from engine.research.backtest.fine import FineBars
from engine.research.backtest.line import Line
from engine.research.backtest.memory import WrittenConditions
from engine.research.backtest.notebook import Notebook
from engine.research.backtest.pipeline import WrittenPipeline
from engine.research.backtest.plan import BacktestPlan
from engine.views import MarketView

_STUDIED_BARS = 200
"""Bars before the start that the desk looks at itself; the layers have seen all of them."""


def policy_for(
    settings: Settings, instruments: Mapping[str, Instrument], plan: BacktestPlan, factor: float
) -> Policy:
    """The owner's policy at a multiple of every cost."""
    policy = policy_of(settings, tuple(instruments))
    return replace(
        policy,
        costs=policy.costs.times(factor),
        exploratory=policy.exploratory and plan.exploratory,
    )


def engine_on(
    settings: Settings, policy: Policy, line: Line, pipeline: WrittenPipeline,
    clock: VirtualClock, notebook: Notebook, fine: FineBars | None = None,
) -> Engine:  # fmt: skip
    """An engine on `line`, not yet opened."""
    conditions = WrittenConditions(line)
    feed = WrittenFeed(line)
    return Engine(
        EngineParts(
            settings=_short_of_study(settings),
            policy=policy,
            market=MarketView(feed.name, feed.description, False, True, line.timeframe),
            instruments=tuple(policy.instruments),
            journal=notebook,
            recorder=Recorder(notebook, clock),
            feed=feed,
            broker=paper_venue(settings, policy, conditions, cash_usd=settings.desk.cash_usd),
            conditions=conditions,
            pipeline=pipeline,
            clock=clock,
            software=version("executor"),
            pieces=whole if fine is None else fine.pieces,
        )
    )


def _short_of_study(settings: Settings) -> Settings:
    """The settings with as short a study as there can be: the layers know the history already."""
    market = settings.market.model_copy(update={"warmup_bars": _STUDIED_BARS})
    return settings.model_copy(update={"market": market})
