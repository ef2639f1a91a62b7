"""Pieces of a small search on generated history whose dips pay, as files and in memory."""

from __future__ import annotations

from pathlib import Path

from engine.clock import VirtualClock
from engine.research.backtest import BacktestPlan
from engine.research.sweeping.evaluate import Piece, enrolled
from engine.research.trials import DataUsed, Knob, TrialLog
from tests.engine.research.backtest.recorded import cheap_settings
from tests.kit.market import MONDAY

DATA = (DataUsed("BTC-USD", "ab" * 32),)
PLAN = BacktestPlan(exploratory=True)
DEPTHS = (0.6, 0.8, 1.0, 1.2, 1.4, 1.6)


def pieces(depths: tuple[float, ...] = DEPTHS, search: str = "sweep") -> list[Piece]:
    """One point a depth of stretch at which a setup begins."""
    found = []
    for depth in depths:
        settings = cheap_settings()
        pipeline = settings.pipeline
        changed = {name: getattr(pipeline, name) for name in type(pipeline).__slots__}
        changed["stretch_sigmas"] = depth
        settings = settings.model_copy(update={"pipeline": type(pipeline)(**changed)})
        knobs: dict[str, Knob] = {"pipeline.stretch_sigmas": depth}
        found.append(enrolled(search, knobs, settings, PLAN, DATA))
    return found


def log_in(folder: Path) -> TrialLog:
    """A trial log on a clock that stands."""
    return TrialLog(folder / "trials.jsonl", VirtualClock(MONDAY))
