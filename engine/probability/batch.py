"""Whole histories through the pipeline: what live would have said, bar by bar, years in seconds.

Refuses to differ from live: the layers' kernels are the same functions, compiled, and the
learning is the same `Knowledge`; a test proves the answers equal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from engine.model.setups import Label, Odds, Outcome, SetupKind
from engine.probability import features
from engine.probability.desk import KINDS, SCORED, horizon_bars
from engine.probability.history import History
from engine.probability.history_pairs import pair_scores
from engine.probability.knowledge import EVIDENCE_LAYERS, FUSED, TURBULENT, Judgement, Knowledge
from engine.probability.labels import NONE, OUTCOMES, close_labels
from engine.probability.layer import (
    FloatArray,
    IntArray,
    Speed,
    as_written,
    compiled,
)
from engine.probability.scan import COLUMNS, Candidates, scan
from engine.probability.settings import PipelineSettings
from engine.probability.worth import expected_miss, value_odds

_KINDS = dict(KINDS)
__all__ = [
    "Case", "History", "Sought", "columns", "judge", "judge_one", "label_of", "occasions",
    "odds_after", "run", "seek",
]  # fmt: skip
_ODDS = COLUMNS[:2]  # of the target and of the stop


@dataclass(slots=True)
class Case:
    """One candidate of a history, from its first bar to its label.

    Attributes
    ----------
    index : int
        Position in its history of the bar that began it.
    closed : int
        Position of the bar that closed its label; -1 while open.
    gap_frac : float, fraction of entry, >= 0
        Chance of a gap through the stop times its mean loss, as known when it was judged.
    anchor : float, quote currency
        The mean from which the price was stretched.
    """

    instrument: str
    kind: SetupKind
    index: int
    opened_at: int
    entry: float
    target: float
    stop: float
    volatility: float
    martingale: tuple[float, float]
    scores: dict[str, float]
    cost_frac: float
    outcome: Outcome | None
    closed: int
    closed_at: int
    gross_frac: float
    uniqueness: float
    judged: Judgement | None = field(default=None)
    odds: Odds | None = field(default=None)
    gap_frac: float = 0.0
    anchor: float = math.nan


@dataclass(frozen=True, slots=True)
class Sought:
    """Every candidate of some histories, not yet judged, and layer 5 at every bar.

    Attributes
    ----------
    cases : list of Case
        By time, then by instrument.
    scales : tuple of ndarrays of shape (n, 4), float64
        One a history: variance per day, percentile, last move in sigmas, 1 where valid.
    """

    cases: list[Case]
    scales: tuple[FloatArray, ...]


def run(
    settings: PipelineSettings,
    histories: Sequence[History],
    timeframe_days: float,
    cost_frac: Mapping[str, float],
    *,
    compile_kernels: bool = True,
) -> list[Case]:
    """Every candidate of the histories, judged in order of time by what was known then.

    Parameters
    ----------
    histories : sequence of History
        In the order of the configured instruments.
    cost_frac : mapping of symbol to float, fraction, > 0
        Round trip.
    compile_kernels : bool
        False runs the same loops in plain Python.

    Returns
    -------
    list of Case
        By time, then by instrument.
    """
    cases = seek(
        settings, histories, timeframe_days, cost_frac, compile_kernels=compile_kernels
    ).cases
    order = {history.scale.symbol: place for place, history in enumerate(histories)}
    judge(settings, cases, order, Knowledge(settings, speed=_speed(compile_kernels)))
    return cases


def seek(
    settings: PipelineSettings,
    histories: Sequence[History],
    timeframe_days: float,
    cost_frac: Mapping[str, float],
    *,
    compile_kernels: bool = True,
) -> Sought:
    """Every candidate of the histories with its scores and its end; see `run`."""
    pairs = pair_scores(histories, timeframe_days, _speed(compile_kernels))
    cases, scales = [], []
    for history, pair in zip(histories, pairs, strict=True):
        found, scale = _cases(settings, history, timeframe_days, cost_frac, pair, compile_kernels)
        cases += found
        scales.append(scale)
    order = {history.scale.symbol: place for place, history in enumerate(histories)}
    cases.sort(key=lambda case: (case.opened_at, order[case.instrument]))
    return Sought(cases, tuple(scales))


def judge(
    settings: PipelineSettings,
    cases: Sequence[Case],
    order: Mapping[str, int],
    knowledge: Knowledge | None = None,
) -> None:
    """Judge and learn in the order of live: an instant's candidates first, then its labels.

    Parameters
    ----------
    knowledge : Knowledge, optional
        Learns on the way; a blank one with compiled kernels by default.
    """
    knowledge = knowledge or Knowledge(settings, speed=compiled)
    for _, closing, case in occasions(cases, order):
        if closing:
            knowledge.learn(label_of(settings, case))
        else:
            judge_one(knowledge, case)


def occasions(cases: Sequence[Case], order: Mapping[str, int]) -> list[tuple[int, bool, Case]]:
    """When cases open and close: instant in seconds since 1970, whether it closes, the case.

    In the order of live: an instant's candidates are judged before its labels are learnt.
    """
    events = [(case.opened_at, 0, order[case.instrument], case.index, case) for case in cases]
    events += [
        (case.closed_at, 1, order[case.instrument], case.index, case)
        for case in cases
        if case.outcome is not None
    ]
    events.sort(key=lambda event: event[:4])
    return [(at, bool(closing), case) for at, closing, _, _, case in events]


def _speed(compile_kernels: bool) -> Speed:
    return compiled if compile_kernels else as_written


def columns(cases: Sequence[Case]) -> dict[str, list[object]]:
    """Cases as columns: what a Parquet file of candidates holds.

    Returns
    -------
    dict of str to list
        ``instrument, at, setup, target_frac, stop_frac, horizon_days`` are the setup,
        ``p_martingale, p_prior, p, p_low`` the odds, ``y, outcome, r_gross, r_net`` the end (None
        while open), ``score_<layer>`` and ``llr_<layer>`` what the layers said.
    """
    judged = [case for case in cases if case.judged is not None and case.odds is not None]
    table: dict[str, list[object]] = {}
    for case in judged:
        for name, value in _row(case).items():
            table.setdefault(name, []).append(value)
    return table


def _row(case: Case) -> dict[str, object]:
    judged, odds, done = case.judged, case.odds, case.outcome is not None
    if judged is None or odds is None:
        raise ValueError("case must be judged")
    row: dict[str, object] = {
        "instrument": case.instrument,
        "at": datetime.fromtimestamp(case.opened_at, UTC),
        "setup": case.kind.value,
        "target_frac": case.target / case.entry - 1.0,
        "stop_frac": 1.0 - case.stop / case.entry,
        "volatility": case.volatility,
        "p_martingale": case.martingale[0],
        "p_prior": judged.p_prior,
        "p": judged.p_mean,
        "p_low": judged.p_low,
        "ev_low": odds.ev_low_frac,
        "fused": judged.fused,
        "uniqueness": case.uniqueness if done else None,
        "closed_at": datetime.fromtimestamp(case.closed_at, UTC) if done else None,
        "outcome": case.outcome.value if case.outcome else None,
        "y": int(case.outcome is Outcome.TARGET) if done else None,
        "r_gross": case.gross_frac if done else None,
        "r_net": case.gross_frac - case.cost_frac if done else None,
    }
    for name in EVIDENCE_LAYERS:
        evidence = judged.evidence.get(name)
        row[f"score_{name}"] = case.scores.get(name)
        row[f"llr_{name}"] = evidence.llr if evidence else 0.0
        row[f"weight_{name}"] = judged.weights.get(name, 0.0)
    return row


def _cases(
    settings: PipelineSettings,
    history: History,
    timeframe_days: float,
    cost_frac: Mapping[str, float],
    pair: FloatArray,
    compile_kernels: bool,
) -> tuple[list[Case], FloatArray]:
    speed = _speed(compile_kernels)
    run_scan, run_close = speed(scan), speed(close_labels)
    prices = history.open, history.high, history.low, history.close
    found, scale = run_scan(
        features.start(settings, timeframe_days),
        history.closed_at,
        *prices[1:],
        features.scaling(settings, history.scale, timeframe_days),
    )
    bars = horizon_bars(settings.horizon_days, timeframe_days)
    ends = run_close(found.opened, found.target, found.stop, *prices, bars)
    shares = _uniqueness(found.opened, ends.closed, history.close.shape[0])
    cost = cost_frac[history.scale.symbol]
    # Plain numbers, a column at a time: taking them out of the arrays one by one costs far more.
    rows = zip(
        found.opened.tolist(), found.kind.tolist(), found.target.tolist(), found.stop.tolist(),
        found.volatility.tolist(), _scores(found, pair), ends.outcome.tolist(),
        ends.closed.tolist(), ends.gross_frac.tolist(), shares.tolist(),
        found.scores[:, : len(_ODDS)].tolist(), found.anchor.tolist(), strict=True,
    )  # fmt: skip
    return [_case(history, cost, *row) for row in rows], scale


def _scores(found: Candidates, pair: FloatArray) -> list[dict[str, float]]:
    """Each candidate's scores by layer, without those that a layer does not have."""
    columns = found.scores[:, [COLUMNS.index(name) for name in (*SCORED, "gap_frac")]]
    names = (*SCORED, "gap_frac", "cross_asset", TURBULENT)
    table = np.column_stack([columns, pair[found.opened], found.turbulent])
    return [
        {name: value for name, value in zip(names, row, strict=True) if math.isfinite(value)}
        for row in table.tolist()
    ]


def _case(
    history: History,
    cost_frac: float,
    index: int,
    kind: int,
    target: float,
    stop: float,
    volatility: float,
    scores: dict[str, float],
    touch: int,
    closed: int,
    gross_frac: float,
    uniqueness: float,
    martingale: list[float],
    anchor: float,
) -> Case:
    return Case(
        instrument=history.scale.symbol,
        kind=_KINDS[kind],
        index=index,
        opened_at=int(history.closed_at[index]),
        entry=float(history.close[index]),
        target=target,
        stop=stop,
        volatility=volatility,
        martingale=(martingale[0], martingale[1]),
        scores=scores,
        cost_frac=cost_frac,
        outcome=None if touch == NONE else OUTCOMES[touch],
        closed=closed,
        closed_at=int(history.closed_at[closed]) if closed >= 0 else 0,
        gross_frac=gross_frac,
        uniqueness=uniqueness,
        anchor=anchor,
    )


def _uniqueness(opened: IntArray, closed: IntArray, bars: int) -> FloatArray:
    """Mean over each label's bars of one over the number of labels alive; NaN while open."""
    ends = np.where(closed >= 0, closed, bars - 1)
    change = np.zeros(bars + 1)
    np.add.at(change, opened + 1, 1.0)
    np.add.at(change, ends + 1, -1.0)
    alive = np.cumsum(change)[:bars]
    shared = np.concatenate([[0.0], np.cumsum(1.0 / np.where(alive > 0.0, alive, np.inf))])
    span = np.maximum(ends - opened, 1)
    return np.where(
        closed >= 0, np.minimum((shared[ends + 1] - shared[opened + 1]) / span, 1.0), np.nan
    )


def judge_one(knowledge: Knowledge, case: Case) -> None:
    """Give a case its odds by what is known now."""
    judged = knowledge.judge(case.instrument, case.kind, case.martingale[0], case.scores)
    case.judged = judged
    case.gap_frac = case.scores.get("gap_frac", 0.0) * knowledge.gap_chance(case.instrument)
    case.odds = odds_after(case, judged, case.cost_frac)


def odds_after(case: Case, judged: Judgement, cost_frac: float) -> Odds:
    """Odds of a judged case after another cost, as live would have valued them."""
    target_frac, stop_frac = case.target / case.entry - 1.0, 1.0 - case.stop / case.entry
    miss = expected_miss(*case.martingale, target_frac, stop_frac, judged.shares)
    chances = judged.p_prior, judged.p_mean, judged.p_low
    return value_odds(*chances, target_frac, stop_frac, miss, cost_frac, case.gap_frac)


def label_of(settings: PipelineSettings, case: Case) -> Label:
    """What a judged and closed case teaches."""
    judged, outcome = case.judged, case.outcome
    if judged is None or outcome is None:
        raise ValueError("case must be judged and closed before it teaches")
    base = judged.steps[0][1] + judged.steps[1][1]
    return Label(
        instrument=case.instrument,
        kind=case.kind,
        opened_at=datetime.fromtimestamp(case.opened_at, UTC),
        closed_at=datetime.fromtimestamp(case.closed_at, UTC),
        outcome=outcome,
        target_frac=case.target / case.entry - 1.0,
        stop_frac=1.0 - case.stop / case.entry,
        horizon_days=settings.horizon_days,
        gross_frac=case.gross_frac,
        net_frac=case.gross_frac - case.cost_frac,
        uniqueness=case.uniqueness,
        log_odds_prior=judged.steps[0][1],
        scores=case.scores | {"base_rate": base, FUSED: judged.fused},
        llrs={name: evidence.llr for name, evidence in judged.evidence.items()},
        p_mean=judged.p_mean,
    )
