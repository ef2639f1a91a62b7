"""The whole study: every point run, judged, logged and held to the rule that was registered.

Refuses to judge a trial by itself: the rule is applied when all are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.errors import ResearchError
from engine.market.columns import from_micros
from engine.model.canonical import digest
from engine.model.instruments import Calendar
from engine.research.edge import judging
from engine.research.edge.holding import Weeks, by_week
from engine.research.edge.hypotheses import (
    COST_BPS,
    Point,
    every_point,
    taker_of_limits,
)
from engine.research.edge.judging import BPS, Judged, benjamini_hochberg, holm, judge
from engine.research.edge.market import LOCKED_FROM, Market, read_market
from engine.research.trials import Enrolment, Search, Trial, TrialLog, search_of
from engine.review.statistics import deflated_sharpe_ratio
from engine.review.statistics.resampling import Interval

SEARCH = "edge study"
FILES = {
    "BTC": ("BTC-USDT_1h_binance.parquet", Calendar.CONTINUOUS),
    "gold": ("XAU-USD_1h_mt5.parquet", Calendar.METALS),
    "silver": ("XAG-USD_1h_mt5.parquet", Calendar.METALS),
    "gold by day": ("XAU-USD_1d_mt5.parquet", Calendar.METALS),
    "silver by day": ("XAG-USD_1d_mt5.parquet", Calendar.METALS),
}
LEAST_TRADES = 50
LEVEL = 0.05
LEAST_DEFLATED = 0.95
PERIOD_DAYS = 7.0
_KEPT_DIGITS = 5

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """One trial when all are known.

    Attributes
    ----------
    holm, false_discovery : float in [0, 1]
        Its p corrected for every trial of the study.
    deflated_sharpe : float in [0, 1] or None
        Of its weekly returns, for every trial in the log.
    net_twice_bps : float, basis points a trade
        At twice the cost.
    failed : tuple of str
        Letters of the conditions that it does not meet.
    """

    point: Point
    weeks: Weeks
    judged: Judged
    holm: float
    false_discovery: float
    deflated_sharpe: float | None
    net_twice_bps: float
    failed: tuple[str, ...]

    @property
    def survives(self) -> bool:
        """Whether every condition is met."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class EdgeStudy:
    """Everything that was found.

    Attributes
    ----------
    maker_less_taker : mapping of (market, place on the grid) to Interval
        Hypothesis 5: basis points a signal.
    """

    found: tuple[Found, ...]
    search: Search
    maker_less_taker: Mapping[tuple[str, tuple[int, ...]], Interval]
    markets: tuple[Market, ...]
    draws: int

    def of(self, hypothesis: str) -> tuple[Found, ...]:
        """Trials of one hypothesis."""
        return tuple(each for each in self.found if each.point.hypothesis == hypothesis)

    def verdict(self, hypothesis: str) -> str:
        """What the registered rule says of a hypothesis."""
        found = self.of(hypothesis)
        if any(each.survives for each in found):
            return "supported"
        enough = [each for each in found if each.judged.trades >= LEAST_TRADES]
        if enough and all(each.judged.net.high < 0.0 for each in enough):
            return "refuted as far as this goes"
        return "not shown"


def run_study(
    folder: Path,
    log: TrialLog,
    draws: int = judging.DRAWS,
    tell: Tell = lambda _done, _all, _what: None,
) -> EdgeStudy:
    """Run every trial of every hypothesis on the files of a folder.

    Parameters
    ----------
    log : TrialLog
        Gets every trial; must hold no other search.

    Raises
    ------
    MarketDataError, ResearchError, JournalError
        One line with its mend.
    """
    if any(trial.search != SEARCH for trial in log.trials()):
        raise ResearchError(f"{log.path} holds other searches: give the study a log of its own")
    paths = {name: folder / file for name, (file, _) in FILES.items()}
    markets = [read_market(name, paths[name], FILES[name][1]) for name in FILES]
    hourly, daily = markets[:3], markets[3:]
    gold, silver = (_renamed(market) for market in daily)
    points = list(every_point(hourly, (gold, silver)))
    weeks: list[Weeks] = []
    judged: list[Judged] = []
    for k, point in enumerate(points):
        tell(k, len(points), f"{point.hypothesis} on {point.market.name}")
        sums = by_week(point.market, point.price, point.trades, point.cost_bps / BPS)
        verdict = judge(sums, draws)
        weeks.append(sums)
        judged.append(verdict if verdict is not None else _NOTHING)
    enrolled = Enrolment.on_files(SEARCH, {"draws": draws}, _code_hash(), paths)
    trials = [_trial(enrolled, *each) for each in zip(points, weeks, judged, strict=True)]
    log.append(trials)
    search = search_of(log.trials())
    found = _decided(points, weeks, judged, trials, search)
    return EdgeStudy(found, search, _makers(hourly, points, weeks, draws), tuple(markets), draws)


_FLAT = Interval(0.0, 0.0, 0.0)
_NOTHING = Judged(0, _FLAT, _FLAT, _FLAT, 1.0)


def _code_hash() -> str:
    """The study has no settings: its rules are its costs and its lock."""
    return digest((sorted(COST_BPS.items()), LOCKED_FROM.isoformat()))


def _renamed(market: Market) -> Market:
    return replace(market, name=market.name.partition(" ")[0])


def _trial(enrolled: Enrolment, point: Point, weeks: Weeks, judged: Judged) -> Trial:
    knobs = {"hypothesis": point.hypothesis, "instrument": point.market.name, **point.axes}
    market = point.market
    metrics = {
        "trades_count": float(judged.trades),
        "gross_bps": judged.gross.value,
        "net_bps": judged.net.value,
        "net_low_bps": judged.net.low,
        "net_high_bps": judged.net.high,
        "timing_bps": judged.timing.value,
        "p_one_sided": judged.p,
        "cost_bps": point.cost_bps,
    }
    used = tuple(each for each in enrolled.data if each.symbol.startswith(market.name))
    return replace(enrolled, knobs=knobs, data=used).trial(
        from_micros(int(market.opened_at[0])),
        from_micros(int(market.opened_at[-1])),
        {name: round(value, 4) if name != "p_one_sided" else value
         for name, value in metrics.items()},
        np.round(weeks.net, _KEPT_DIGITS).tolist(),
        PERIOD_DAYS,
    )  # fmt: skip


def _decided(
    points: Sequence[Point],
    weeks: Sequence[Weeks],
    judged: Sequence[Judged],
    trials: Sequence[Trial],
    search: Search,
) -> tuple[Found, ...]:
    p = [each.p for each in judged]
    corrected, discovered = holm(p), benjamini_hochberg(p)
    nets = {
        (each.hypothesis, each.market.name, each.steps): said.net.value
        for each, said in zip(points, judged, strict=True)
        if each.steps
    }
    found = []
    for k, point in enumerate(points):
        said, count = judged[k], judged[k].trades
        twice = said.net.value - point.cost_bps if count else 0.0
        deflated = _deflated(trials[k], search)
        conditions = {
            "a": count >= LEAST_TRADES,
            "b": said.net.low > 0.0 and said.timing.low > 0.0,
            "c": corrected[k] < LEVEL,
            "d": deflated is not None and deflated >= LEAST_DEFLATED,
            "e": twice > 0.0,
            "f": all(net > 0.0 for net in _beside(point, nets)),
        }
        failed = tuple(name for name, met in conditions.items() if not met)
        corrections = float(corrected[k]), float(discovered[k])
        found.append(Found(point, weeks[k], said, *corrections, deflated, twice, failed))
    return tuple(found)


def _beside(point: Point, nets: Mapping[tuple[str, str, tuple[int, ...]], float]) -> list[float]:
    """Net means of the neighbours on the grid."""
    found = []
    for axis in range(len(point.steps)):
        for step in (-1, 1):
            place = (*point.steps[:axis], point.steps[axis] + step, *point.steps[axis + 1 :])
            if (net := nets.get((point.hypothesis, point.market.name, place))) is not None:
                found.append(net)
    return found


def _deflated(trial: Trial, search: Search) -> float | None:
    moments = trial.moments
    if moments is None:
        return None
    return deflated_sharpe_ratio(
        moments.sharpe, moments.periods, search.trials, search.variance,
        moments.skew, moments.kurtosis,
    )  # fmt: skip


def _makers(
    hourly: Sequence[Market], points: Sequence[Point], weeks: Sequence[Weeks], draws: int
) -> dict[tuple[str, tuple[int, ...]], Interval]:
    """Hypothesis 5: maker less taker, a signal."""
    told = {}
    for market in hourly:
        taker = taker_of_limits(market)
        taken = by_week(market, market.open, taker, COST_BPS[market.name] / BPS)
        for point, sums in zip(points, weeks, strict=True):
            if point.hypothesis == "maker" and point.market is market:
                told[market.name, point.steps] = judging.judge_difference(
                    sums.net, taken.net, taken.trades, draws
                )
    return told


def last_seen(study: EdgeStudy) -> datetime:
    """Open of the newest bar that any trial saw."""
    return max(from_micros(int(m.opened_at[-1])) for m in study.markets).astimezone(UTC)
