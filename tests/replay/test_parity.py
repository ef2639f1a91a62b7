"""A session and a backtest of the same market make the same trades, to the cent.

A session streams: it sees the bars one by one through the replay feed, assesses each with the live
pipeline, journals everything and asks an owner. A backtest looks at all bars at once, passes over
those at which nothing can happen and keeps no journal. Both trade at the one paper venue. The
differences that are left have causes, and each cause has its test below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from engine.config import Settings
from engine.journal.memory import MemoryJournal
from engine.market.columns import BarColumns, from_micros, to_micros
from engine.market.files import read_bars
from engine.market.sessions import bar_exists
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.model.orders import Purpose
from engine.model.positions import Origin, Trade
from engine.opening import MarketChoice, open_on
from engine.research.backtest import Approval, BacktestPlan, CostRun, run_backtest
from engine.research.calibration.histories import read_histories
from tests.kit.desk import OWNER, desk_settings, swings
from tests.kit.market import write_bars
from tests.kit.recorded import market_folder

WHOLE_HISTORY = 5000
LAST_BITS = 12
"""Digits to which odds agree: a batch adds the same numbers in another order."""


@dataclass(frozen=True, slots=True)
class Account:
    """What either of them ended with."""

    trades: tuple[Trade, ...]
    equity_usd: Decimal

    @property
    def comparable(self) -> tuple[object, ...]:
        """Everything to the cent and beyond, odds without their last bits."""
        trades = (replace(t, p_mean=round(t.p_mean, LAST_BITS)) for t in self.trades)
        return (*trades, self.equity_usd)


def session(settings: Settings, files: Mapping[str, Path], waits: timedelta) -> Account:
    """Replay `files` through a desk whose owner says yes to everything after a while."""

    async def run() -> Account:
        choice = MarketChoice(files=files, speed=float("inf"), hold_seconds=0.0)
        engine = await open_on(MemoryJournal(settings.hash), settings, choice)
        ledger, clock = engine.ledger, engine.clock
        clicked: set[str] = set()
        async for event in engine._parts.feed.stream(ledger.bars_at):
            await engine.take(event)
            for asked in [p for p in ledger.open_proposals() if p.asked]:
                if asked.terms.id in clicked:
                    continue
                clicked.add(asked.terms.id)
                at = asked.terms.created_at + waits
                clock.jump_to(max(clock.now(), at))  # type: ignore[attr-defined]
                await engine.deciding.approve(OWNER, asked.terms.id, asked.terms.short_hash, 1, "")
        made = Account(tuple(ledger.trades), ledger.marked_equity_usd())
        await engine.aclose()
        return made

    return asyncio.run(run())


def backtest(settings: Settings, files: Mapping[str, Path], waits: timedelta) -> CostRun:
    """The same, all at once."""
    plan = BacktestPlan(
        exploratory=True,
        open_locked=True,  # every stretch below ends long before the lock
        approval=Approval.AFTER_LATENCY,
        latency=waits,
        resets_after=None,
    )
    return run_backtest(settings, read_histories(settings, files, None), plan).base


def account_of(run: CostRun) -> Account:
    return Account(run.trades, run.end_equity_usd)


# ---- generated: dips pay, so that real proposals pass the gate ---------------------------


def paying(auto_below: int, **changes: object) -> Settings:
    near = {"target_sigmas": 0.5, "stop_sigmas": 0.35}
    cheap = {"maker_frac": 0.0001, "taker_frac": 0.0002}
    return desk_settings(
        auto_below=auto_below,
        market={"warmup_bars": WHOLE_HISTORY},
        pipeline=near,
        approval={"expires_minutes": 120.0},
        costs={"kraken": cheap, "ibkr": cheap},
        **changes,
    )


def in_session(columns: BarColumns) -> BarColumns:
    """Without the hours in which metals rest."""
    opens = [from_micros(int(at)) for at in columns.open_us]
    return columns.where(np.array([bar_exists(Calendar.METALS, Timeframe.H1, at) for at in opens]))


def reverting(folder: Path, seed: int, bars: int = 900) -> dict[str, Path]:
    """Bitcoin, gold with its breaks, and a token of gold with a hole in its history."""
    hole = np.ones(bars, dtype=np.bool_)
    hole[500 + seed : 520 + 2 * seed] = False
    made = {
        "BTC-USD": swings(bars, seed=seed),
        "XAU-USD": in_session(swings(bars, instrument="XAU-USD", seed=seed + 1000, price=2000.0)),
        "PAXG-USD": swings(bars, instrument="PAXG-USD", seed=seed + 2000, price=2010.0).where(
            hole
        ),
    }
    return {name: write_bars(folder / f"{name}.parquet", each) for name, each in made.items()}


@pytest.mark.parametrize(
    ("seed", "auto_below", "minutes"), [(1, 10**6, 0), (3, 0, 5), (4, 600, 20)]
)
def test_a_session_and_a_backtest_make_the_same_trades(
    tmp_path: Path, seed: int, auto_below: int, minutes: int
) -> None:
    files, settings = reverting(tmp_path, seed), paying(auto_below)
    waits = timedelta(minutes=minutes)
    lived, told = session(settings, files, waits), backtest(settings, files, waits)
    assert len(lived.trades) >= 10
    assert Origin.PROPOSAL in {trade.origin for trade in lived.trades}
    assert lived.comparable == account_of(told).comparable


def test_resting_entries_and_queues_are_the_same_too(tmp_path: Path) -> None:
    files = reverting(tmp_path, 6)
    settings = paying(10**6, brokers={"kraken": {"post_only_entries": True}})
    lived = session(settings, files, timedelta(0))
    assert lived.trades
    assert lived.comparable == account_of(backtest(settings, files, timedelta(0))).comparable


# ---- recorded ----------------------------------------------------------------------------

_RECORDED = {
    "BTC-USD": "BTC-USDT_1h_binance.parquet",
    "XAU-USD": "XAU-USD_1h_mt5.parquet",
    "XAG-USD": "XAG-USD_1h_mt5.parquet",
}


def recorded(folder: Path, begin: datetime, end: datetime) -> dict[str, Path]:
    """A stretch of the shared history, as files of its own."""
    files = {}
    for name, file in _RECORDED.items():
        columns = read_bars(market_folder() / file, name)
        inside = (columns.open_us >= to_micros(begin)) & (columns.open_us < to_micros(end))
        files[name] = write_bars(folder / f"{name}.parquet", columns.where(inside))
    return files


needs_history = pytest.mark.skipif(
    any(not (market_folder() / file).is_file() for file in _RECORDED.values()),
    reason=f"no {', '.join(_RECORDED.values())} in {market_folder()}",
)


@pytest.mark.market_data
@needs_history
def test_recorded_btc_gold_and_silver_are_traded_alike(tmp_path: Path) -> None:
    files = recorded(tmp_path, datetime(2022, 3, 1, tzinfo=UTC), datetime(2022, 6, 1, tzinfo=UTC))
    settings = Settings.model_validate(
        {
            "market": {"warmup_bars": WHOLE_HISTORY},
            # Real fees leave two trades in four months; the mechanics are compared, not an edge.
            "costs": {
                venue: {
                    "maker_frac": 0.0,
                    "taker_frac": 0.0,
                    "tier": "none",
                    "as_of": "2022-03-01",
                }
                for venue in ("kraken", "ibkr")
            },
        }
    )
    waits = timedelta(minutes=5)
    lived, told = session(settings, files, waits), backtest(settings, files, waits)
    assert {trade.origin for trade in lived.trades} == {Origin.EXPLORATORY}
    assert {trade.closed_by for trade in lived.trades} >= {Purpose.STOP}
    assert lived.comparable == account_of(told).comparable


# ---- the causes of what is left ----------------------------------------------------------


def test_cause_a_session_that_studied_less_knows_less(tmp_path: Path) -> None:
    """Warm-up: live studies its last bars, a backtest everything that there is."""
    files = {"BTC-USD": write_bars(tmp_path / "b.parquet", swings(900, seed=1))}
    short = paying(10**6)
    short = short.model_copy(
        update={"market": short.market.model_copy(update={"warmup_bars": 250})}
    )
    begin = 450
    start = from_micros(int(swings(900, seed=1).close_us[begin]))
    lived = asyncio.run(_first_odds(short, files, start))
    knowing = short.model_copy(
        update={"market": short.market.model_copy(update={"warmup_bars": WHOLE_HISTORY})}
    )
    assert lived != asyncio.run(_first_odds(knowing, files, start))


async def _first_odds(settings: Settings, files: Mapping[str, Path], start: datetime) -> float:
    """Mean odds of the first candidate after `start`."""
    choice = MarketChoice(files=files, speed=float("inf"), hold_seconds=0.0, start=start)
    engine = await open_on(MemoryJournal(settings.hash), settings, choice)
    try:
        async for event in engine._parts.feed.stream(engine.ledger.bars_at):
            await engine.take(event)
            for _, assessment in engine.ledger.assessed.values():
                if assessment.odds is not None and assessment.at > start:
                    return assessment.odds.p_mean
    finally:
        await engine.aclose()
    raise AssertionError("no candidate")


def test_cause_a_replays_question_lives_two_bars(tmp_path: Path) -> None:
    """Expiry: nobody reads at a replay's pace, so a yes after 45 minutes counts in it alone."""
    files, settings = reverting(tmp_path, 3), paying(0)
    half_hour = settings.approval.model_copy(update={"expires_minutes": 30.0})
    settings = settings.model_copy(update={"approval": half_hour})
    waits = timedelta(minutes=45)
    assert session(settings, files, waits).trades
    assert not backtest(settings, files, waits).trades
