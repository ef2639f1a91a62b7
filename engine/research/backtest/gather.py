"""From a finished walk to its result.

Refuses to sum up: statistics are made of a result, not in it.
"""

from __future__ import annotations

from collections import Counter
from functools import singledispatch

from engine.model import events as happened
from engine.model.events import Event
from engine.model.orders import Purpose
from engine.model.positions import Trade
from engine.ports import Envelope
from engine.probability.batch import Case
from engine.research.backtest.curve import curve_of
from engine.research.backtest.fine import FineBars
from engine.research.backtest.line import MICROS, Line, instant, micros
from engine.research.backtest.result import Candidate, CostRun, Decision, Happening
from engine.research.backtest.walker import Walker

_UNREACHED = Decision("", "", "")


def candidate_of(case: Case, decision: Decision | None) -> Candidate:
    """A judged case with what the desk made of it."""
    judged, odds, done = case.judged, case.odds, case.outcome is not None
    if judged is None or odds is None:
        raise ValueError("case must be judged")
    return Candidate(
        instrument=case.instrument,
        kind=case.kind,
        at=instant(case.opened_at),
        row=case.index,
        entry=case.entry,
        target=case.target,
        stop=case.stop,
        volatility=case.volatility,
        p_martingale=case.martingale[0],
        p_prior=judged.p_prior,
        p_mean=judged.p_mean,
        p_low=judged.p_low,
        break_even=odds.break_even,
        ev_mean_frac=odds.ev_mean_frac,
        ev_low_frac=odds.ev_low_frac,
        cost_frac=odds.cost_frac,
        outcome=case.outcome,
        closed_at=instant(case.closed_at) if done else None,
        gross_frac=case.gross_frac if done else None,
        net_frac=case.gross_frac - case.cost_frac if done else None,
        uniqueness=case.uniqueness,
        llrs={name: evidence.llr for name, evidence in judged.evidence.items()},
        weights=dict(judged.weights),
        decision=decision or _UNREACHED,
    )


def run_of(
    walker: Walker, factor: float, line: Line, first: int, last: int, fine: FineBars | None
) -> CostRun:
    """The result of one desk."""
    ledger = walker.ledger
    ids = [trade.id for trade in ledger.trades] + list(ledger.positions)
    return CostRun(
        cost_factor=factor,
        start_cash_usd=ledger.start_cash_usd,
        end_equity_usd=ledger.marked_equity_usd(),
        trades=tuple(ledger.trades),
        terms={name: ledger.proposals[name].terms for name in ids},
        open_positions=tuple(ledger.positions.values()),
        equity=curve_of(ledger, line, first, last),
        stopped=dict(walker.stopped()),
        raised=dict(Counter(r.terms.kind.value for r in ledger.proposals.values())),
        happenings=tuple(h for h in map(_happening, walker.notebook.kept) if h is not None),
        ambiguous=sum(_is_ambiguous(walker, line, fine, trade) for trade in ledger.trades),
        bars_taken=walker.taken,
    )


def _is_ambiguous(walker: Walker, line: Line, fine: FineBars | None, trade: Trade) -> bool:
    """Whether the bar that ended a trade held its stop and its target."""
    if trade.closed_by not in (Purpose.STOP, Purpose.TARGET):
        return False
    terms = walker.ledger.proposals[trade.id].terms
    finer = None if fine is None else fine.track(trade.instrument)
    track = line.track(trade.instrument) if finer is None else finer
    # An exit at the open is stamped with it, and belongs to the bar that follows.
    row = track.row_of((micros(trade.closed_at) - 1) // MICROS) + 1
    if row >= track.history.close.shape[0]:
        return False
    low, high = float(track.history.low[row]), float(track.history.high[row])
    return low <= float(terms.stop) and high >= float(terms.target)


def _happening(envelope: Envelope) -> Happening | None:
    told = _told(envelope.event)
    return None if told is None else Happening(envelope.at, *told)


@singledispatch
def _told(event: Event) -> tuple[str, str] | None:
    """Kind and words of an event that a reader asks after; None for the others."""
    del event
    return None


@_told.register
def _(event: happened.BreakerTripped) -> tuple[str, str] | None:
    return "tripped", f"{event.name}: {event.value} against {event.bound}"


@_told.register
def _(event: happened.BreakerReset) -> tuple[str, str] | None:
    return "reset", f"{event.name} by {event.by.name}"


@_told.register
def _(event: happened.ApprovalRefused) -> tuple[str, str] | None:
    return "yes refused", f"{event.proposal_id}: {event.reason}"


@_told.register
def _(event: happened.ProposalWithdrawn) -> tuple[str, str] | None:
    return "withdrawn", f"{event.proposal_id}: {event.reason}"


@_told.register
def _(event: happened.ProposalExpired) -> tuple[str, str] | None:
    return "expired", event.proposal_id


@_told.register
def _(event: happened.OrderRejected) -> tuple[str, str] | None:
    return "order rejected", f"{event.client_id}: {event.reason}"
