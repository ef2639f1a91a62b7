"""Whether the verdict can be trusted: many eight-week desks whose edge is known.

    python bench/verdict.py [--desks 300] [--walks 300] [--seed 0] [--workers 2] [--json]

Every desk is a whole record, written through the real fold (``bench/desks.py``), taken out,
measured and judged by the real code. Planted desks win 1.5 R or lose 1 R with a chance that has
the stated edge; their odds are right but for a little noise. Walking desks buy at random on a
price without drift, with targets, stops and a time limit in the proportions of the settings, and
are looked at every week from the eighth to the twentieth. The exit code is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import lru_cache, partial

import numpy as np

from bench.desks import BAR, BTC, START, Played, Scribe, bar_events, opened, written
from engine.config import Settings
from engine.model.reviews import Verdict
from engine.model.setups import Outcome
from engine.probability.barrier import martingale_odds
from engine.probability.layer import FloatArray
from engine.research.trials.deflation import Search, search_of
from engine.research.trials.entries import DataUsed, Trial
from engine.review.decision import decide
from engine.review.evidence import Evidence
from engine.review.measuring import Beside, is_scheduled, look_of, review_of
from engine.review.record import record_of

WEEKS = 8
DAY_BARS = round(1.0 / BAR.days)
WIN_R, RISK_FRAC, FEE_FRAC = 1.5, 0.02, 0.001
NOISE = 0.004
"""Of the price between trades, a bar; and the error of the odds given is `ODDS_ERROR`."""
ODDS_ERROR = 0.03
DRIFTLESS = 1.0 / (1.0 + WIN_R)
DRAWS = 400
EDGES = (-0.1, 0.0, 0.1, 0.2, 0.3, 0.5)
COUNTS = (60, 100, 160)
VERDICTS = (Verdict.GO_FULL, Verdict.GO_PILOT, Verdict.NO_GO, Verdict.KEEP_PAPER)
PROMISED: dict[tuple[float, int], tuple[float, float, float, float]] = {
    (-0.1, 60): (0.000, 0.002, 0.187, 0.810),
    (-0.1, 100): (0.001, 0.001, 0.330, 0.669),
    (-0.1, 160): (0.001, 0.000, 0.550, 0.449),
    (0.0, 60): (0.002, 0.011, 0.078, 0.910),
    (0.0, 100): (0.006, 0.012, 0.123, 0.859),
    (0.0, 160): (0.011, 0.009, 0.209, 0.771),
    (0.1, 60): (0.011, 0.045, 0.027, 0.917),
    (0.1, 100): (0.041, 0.061, 0.037, 0.860),
    (0.1, 160): (0.082, 0.057, 0.050, 0.811),
    (0.2, 60): (0.043, 0.120, 0.008, 0.829),
    (0.2, 100): (0.159, 0.151, 0.008, 0.681),
    (0.2, 160): (0.334, 0.140, 0.009, 0.516),
    (0.3, 60): (0.138, 0.231, 0.001, 0.630),
    (0.3, 100): (0.412, 0.211, 0.002, 0.375),
    (0.3, 160): (0.708, 0.118, 0.002, 0.172),
    (0.5, 60): (0.544, 0.281, 0.000, 0.176),
    (0.5, 100): (0.913, 0.062, 0.000, 0.026),
    (0.5, 160): (0.994, 0.004, 0.000, 0.002),
}
"""P(GO-FULL), P(GO-PILOT), P(NO-GO), P(KEEP-PAPER) of the statistical part, MATH.md section 5."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one desk was told: by the whole rule, and by its statistical part."""

    whole: Verdict
    statistical: Verdict
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Cell:
    """Desks of one edge and one number of trades.

    Attributes
    ----------
    whole, statistical : tuple of float
        Shares of `VERDICTS`.
    promised : tuple of float
        As MATH.md has them, for the statistical part.
    met : bool
        Whether the statistical part is within four Monte Carlo errors of it.
    """

    edge: float
    trades: int
    desks: int
    whole: tuple[float, ...]
    statistical: tuple[float, ...]
    promised: tuple[float, ...]
    met: bool


@dataclass(frozen=True, slots=True)
class Walk:
    """Desks on a price without drift.

    Attributes
    ----------
    full, pilot : float in [0, 1]
        Share that was told to go at any weekly look.
    """

    name: str
    desks: int
    mean_trades: float
    mean_expectancy_r: float
    full: float
    pilot: float
    met: bool


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Defaults, on the bars of the bench."""
    found = Settings()
    return found.model_copy(update={"market": found.market.model_copy(update={"timeframe": BAR})})


@lru_cache(maxsize=1)
def trials() -> Search:
    """A search of twelve configurations over a year, one of which is good: not overfitted."""
    rng = np.random.default_rng(1)
    data = (DataUsed(BTC, "0" * 64),)
    means = [0.0025, *([0.0] * 11)]
    return search_of([
        Trial(
            search="bench", knobs={"number": number}, config_hash="0" * 64, data=data,
            first_at=START, last_at=START + timedelta(days=365),
            returns=tuple((mean + 0.01 * rng.normal(size=365)).tolist()),
        )
        for number, mean in enumerate(means)
    ])  # fmt: skip


def beside() -> Beside:
    """Everything that the rule reads beside the record, known and good."""
    return Beside(replays=True, search=trials(), backtest_r=(-0.5, 1.5), draws=DRAWS)


# ---- planted edges -------------------------------------------------------------------------


def planted(edge: float, count: int, rng: np.random.Generator) -> Scribe:
    """Eight weeks of a desk that wins 1.5 R or loses 1 R, with a mean of `edge` R."""
    p = (1.0 + edge) * DRIFTLESS
    bars = WEEKS * 7 * DAY_BARS
    slot = bars // count
    steps = NOISE * rng.normal(size=bars) - NOISE**2 / 2.0
    log_price = math.log(100.0) + np.cumsum(steps)
    made = []
    for number in range(count):
        begin = number * slot
        end = begin + max(slot - 1, 1)
        won = bool(rng.random() < p)
        move = math.log1p((WIN_R if won else -1.0) * RISK_FRAC + 2.0 * FEE_FRAC)
        log_price[end:] += log_price[begin] + move - log_price[end]
        made.append((begin, end, won, float(np.clip(p + ODDS_ERROR * rng.normal(), 0.05, 0.95))))
    closes = np.exp(log_price)
    return written(settings(), closes, [
        Played(
            begin=begin, end=end, entry=float(closes[begin]), exit=float(closes[end]),
            outcome=Outcome.TARGET if won else Outcome.STOP, target_frac=WIN_R * RISK_FRAC,
            stop_frac=RISK_FRAC,
            risk_frac=RISK_FRAC, fee_frac=FEE_FRAC, p_mean=odds, p_driftless=DRIFTLESS,
        )
        for begin, end, won, odds in made
    ])  # fmt: skip


def judged(scribe: Scribe) -> Judged:
    """The verdict of the scheduled look at eight weeks."""
    record = record_of(scribe.ledger, START + timedelta(weeks=WEEKS))
    if record is None:
        raise RuntimeError("a desk of the bench must have its plan registered")
    review = review_of(record, beside(), scheduled=is_scheduled(record))
    evidence = review.measured.evidence
    return Judged(
        whole=review.decision.verdict,
        statistical=decide(statistical_part(evidence), scheduled=True).verdict,
        evidence=evidence,
    )


def statistical_part(evidence: Evidence) -> Evidence:
    """The evidence with everything passed that the table of MATH.md takes for granted."""
    return replace(
        evidence, dsr=evidence.psr, random_entry_p=0.0, brier_skill=0.01, spiegelhalter_z=0.0,
        pbo=0.1, slippage_ratio=1.0, drawdown_frac=0.0,
    )  # fmt: skip


def study(edge: float, count: int, desks: int, seed: int) -> Cell:
    """Judge many desks of one kind."""
    rng = np.random.default_rng([seed, round(1000 + 100 * edge), count])
    found = [judged(planted(edge, count, rng)) for _ in range(desks)]
    whole = Counter(each.whole for each in found)
    part = Counter(each.statistical for each in found)
    promised = PROMISED[edge, count]
    shares = tuple(part[verdict] / desks for verdict in VERDICTS)
    near = [
        abs(share - wanted) <= 4.0 * math.sqrt(wanted * (1.0 - wanted) / desks) + 0.003
        for share, wanted in zip(shares, promised, strict=True)
    ]
    return Cell(
        edge, count, desks, tuple(whole[verdict] / desks for verdict in VERDICTS), shares,
        promised, all(near),
    )  # fmt: skip


# ---- prices without drift ------------------------------------------------------------------

WALK_WEEKS = 20
STEPS = 24
"""Steps inside a bar."""
SIGMA = 0.03
"""Volatility per square-root day."""


@dataclass(frozen=True, slots=True)
class Strolled:
    """What became of one walking desk."""

    verdicts: tuple[Verdict, ...]
    trades: int
    expectancy_r: float


def walked(fee_frac: float, rng: np.random.Generator) -> Strolled:
    """Buy at random, and hold to target, stop or time limit; look every week from the eighth."""
    bars = WALK_WEEKS * 7 * DAY_BARS
    step = SIGMA * math.sqrt(BAR.days / STEPS)
    moves = step * rng.normal(size=bars * STEPS) - step**2 / 2.0
    path = 100.0 * np.exp(np.cumsum(moves))
    made = list(_random_trades(path, fee_frac, rng))
    scribe = opened(settings(), [settings().instrument(BTC)])
    verdicts = []
    for bar, events in bar_events(scribe, path[STEPS - 1 :: STEPS], made):
        for event in events:
            scribe.add(event)
        weeks = (bar + 1) / (7 * DAY_BARS)
        if weeks >= WEEKS and weeks == int(weeks):
            verdicts.append(_look(scribe))
    record = record_of(scribe.ledger, scribe.at)
    results = [each.trade.r_multiple for each in record.trades] if record else []
    return Strolled(tuple(verdicts), len(results), float(np.mean(results)))


def _look(scribe: Scribe) -> Verdict:
    record = record_of(scribe.ledger, scribe.at)
    if record is None:
        raise RuntimeError("a desk of the bench must have its plan registered")
    review = review_of(record, beside(), scheduled=is_scheduled(record))
    scribe.add(look_of(record, review, scribe.at))
    return review.decision.verdict


def _random_trades(
    path: FloatArray, fee_frac: float, rng: np.random.Generator
) -> Iterator[Played]:
    pipeline = settings().pipeline
    spread = SIGMA * math.sqrt(pipeline.horizon_days)
    gain = math.expm1(pipeline.target_sigmas * spread)
    loss = -math.expm1(-pipeline.stop_sigmas * spread)
    odds = martingale_odds(gain, loss, SIGMA, pipeline.horizon_days).target
    limit = round(pipeline.horizon_days * DAY_BARS) * STEPS
    bars, bar = path.size // STEPS, 0
    while (begin := bar + int(rng.integers(0, 3))) < bars - 1:
        now = (begin + 1) * STEPS - 1
        ahead = path[now + 1 : now + 1 + limit] / path[now] - 1.0
        out = np.flatnonzero((ahead >= gain) | (ahead <= -loss))
        last = int(out[0]) if out.size else ahead.size - 1
        end = (now + 1 + last) // STEPS
        if end >= bars:
            return
        move = float(np.clip(ahead[last], -loss, gain))
        yield Played(
            begin=begin, end=end, entry=float(path[now]), exit=float(path[now]) * (1.0 + move),
            outcome=_outcome(move, gain, loss), target_frac=gain, stop_frac=loss,
            risk_frac=loss + 2.0 * fee_frac, fee_frac=fee_frac,
            p_mean=float(np.clip(odds + ODDS_ERROR * rng.normal(), 0.02, 0.98)),
            p_driftless=odds,
        )  # fmt: skip
        bar = end + 1


def _outcome(move: float, gain: float, loss: float) -> Outcome:
    if move >= gain:
        return Outcome.TARGET
    return Outcome.STOP if move <= -loss else Outcome.TIMEOUT


def stroll(name: str, fee_frac: float, desks: int, seed: int) -> Walk:
    """Judge many desks on prices without drift, every week."""
    rng = np.random.default_rng([seed, round(fee_frac * 1e6), 77])
    found = [walked(fee_frac, rng) for _ in range(desks)]
    full = sum(Verdict.GO_FULL in each.verdicts for each in found) / desks
    pilot = sum(Verdict.GO_PILOT in each.verdicts for each in found) / desks
    return Walk(
        name=name,
        desks=desks,
        mean_trades=float(np.mean([each.trades for each in found])),
        mean_expectancy_r=float(np.mean([each.expectancy_r for each in found])),
        full=full,
        pilot=pilot,
        met=full <= 0.01 and full + pilot <= 0.02,
    )


# ---- the whole -----------------------------------------------------------------------------


def go_share(cells: Sequence[Cell], edge: float) -> float:
    """Share of desks of one edge that the whole rule told to go, in full or as a pilot."""
    ours = [cell for cell in cells if cell.edge == edge]
    going = sum((cell.whole[0] + cell.whole[1]) * cell.desks for cell in ours)
    return going / sum(cell.desks for cell in ours)


def _row(cell: Cell) -> str:
    def told(shares: Sequence[float]) -> str:
        return "/".join(f"{share:.3f}" for share in shares)

    mark = "met" if cell.met else "MISSED"
    return (
        f"edge {cell.edge:+.2f} R, {cell.trades:3d} trades, {cell.desks} desks: statistical "
        f"{told(cell.statistical)}, MATH.md {told(cell.promised)} {mark}; whole rule "
        f"{told(cell.whole)}"
    )


def main() -> int:
    """Run all of it and say which bars were met."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--desks", type=int, default=300, help="desks of each edge and count")
    parser.add_argument("--walks", type=int, default=300, help="desks of each kind of walk")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    taker = float(settings().costs.kraken.taker_frac)
    kinds = (("no costs", 0.0), (f"full costs, {taker:.2%} a leg", taker))
    with ProcessPoolExecutor(args.workers) as pool:
        one = partial(study, desks=args.desks, seed=args.seed)
        cells = list(pool.map(one, *zip(*PROMISED, strict=True)))
        names, fees = zip(*kinds, strict=True)
        walks = list(pool.map(partial(stroll, desks=args.walks, seed=args.seed), names, fees))
    zero = go_share(cells, 0.0)
    if args.json:
        told = {"cells": [asdict(c) for c in cells], "walks": [asdict(w) for w in walks]}
        print(json.dumps(told | {"zero_edge_go_share": zero}, indent=2))
    else:
        print("\n".join(_row(cell) for cell in cells))
        print(f"zero edge, any GO by the whole rule: {zero:.2%} (at most 2 %)")
        for walk in walks:
            print(
                f"walk, {walk.name}: {walk.desks} desks, {walk.mean_trades:.0f} trades, "
                f"{walk.mean_expectancy_r:+.3f} R a trade; GO-FULL {walk.full:.2%}, "
                f"GO-PILOT {walk.pilot:.2%} at any of thirteen looks: "
                f"{'met' if walk.met else 'MISSED'}"
            )
    return 0 if all(c.met for c in cells) and all(w.met for w in walks) and zero <= 0.02 else 1


if __name__ == "__main__":
    sys.exit(main())
