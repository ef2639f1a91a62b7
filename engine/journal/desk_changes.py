"""How the events of the desk itself change the ledger: its market, halts and posts.

Refuses nothing but a second opening: these events record what was, they decide nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.ledger import Halt, Ledger, ModelUse, month_of
from engine.journal.review_changes import Mark, count_label, count_mark, count_session
from engine.journal.voice_changes import price_signals
from engine.model import events as happened
from engine.model.actors import Role
from engine.model.events import Event
from engine.model.fees import FeeTier
from engine.model.witnesses import SCOUT_PURPOSE
from engine.ports import Envelope
from engine.probability.scouts import votes_in

CURVE_POINTS = 2000


@change.register
def _(event: happened.DeskOpened, ledger: Ledger, envelope: Envelope) -> None:
    if ledger.opened_at is not None:
        raise InvariantBroken(f"the desk was opened twice, again by entry {envelope.seq}")
    ledger.mode, ledger.market, ledger.simulated = event.mode, event.market, event.simulated
    ledger.opened_at = envelope.at
    ledger.start_cash_usd = ledger.cash_usd = ledger.equity_usd = event.cash_usd
    ledger.high_water_usd = ledger.halt_high_water_usd = event.cash_usd
    ledger.kill_high_water_usd = event.cash_usd
    ledger.day_open_usd = ledger.week_open_usd = event.cash_usd


@change.register
def _(event: happened.SessionStarted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.sessions += 1
    ledger.config_hash = event.config_hash
    count_session(ledger, event.config_hash)
    ledger.seed, ledger.epoch_at = event.seed, event.epoch_at


@change.register
def _(event: happened.HistoryStudied, ledger: Ledger, envelope: Envelope) -> None:
    ledger.studied.setdefault(event.instrument, event.first_at)
    for label in event.labels:
        ledger.labels[label.instrument, label.opened_at, label.kind] = label


@change.register
def _(event: happened.BarsAssessed, ledger: Ledger, envelope: Envelope) -> None:
    ledger.prices.update(event.prices)
    for assessment in event.assessments:
        ledger.assessed[assessment.instrument] = (envelope.seq, assessment)
        if assessment.odds is not None:
            began = (assessment.instrument, assessment.at)
            ledger.candidate_costs[began] = assessment.odds.cost_frac
            ledger.testimony.hear(*began)
            votes = votes_in(assessment.scores)
            if votes:
                ledger.candidate_votes[began] = votes
    for instrument, calm in event.calm:
        ledger.calm_bars[instrument] = ledger.calm_bars.get(instrument, 0) + 1 if calm else 0
    for instrument, card, sentence in event.cards:
        ledger.cards[instrument] = (card, sentence)
    price_signals(ledger, event)
    _stretch_excursions(ledger, event.ranges)
    _mark(ledger, event.bars_at, event.equity_usd)
    closed = tuple(name for name in event.ranges if name in ledger.prices)
    count_mark(ledger, Mark(event.bars_at, event.equity_usd, event.caught_up, closed))
    ledger.newest_scan = (envelope.seq, event)


def _stretch_excursions(ledger: Ledger, ranges: dict[str, tuple[Decimal, Decimal]]) -> None:
    for position in list(ledger.positions.values()):
        if position.instrument in ranges:
            low, high = ranges[position.instrument]
            ledger.positions[position.id] = replace(
                position,
                worst_price=min(position.worst_price, low),
                best_price=max(position.best_price, high),
            )


def _mark(ledger: Ledger, at: datetime, equity: Decimal) -> None:
    before = ledger.bars_at
    if before is None or before.date() != at.date():
        ledger.day_open_usd = ledger.equity_usd
    if before is None or before.isocalendar()[:2] != at.isocalendar()[:2]:
        ledger.week_open_usd = ledger.equity_usd
    ledger.bars_at, ledger.equity_usd = at, equity
    ledger.high_water_usd = max(ledger.high_water_usd, equity)
    ledger.halt_high_water_usd = max(ledger.halt_high_water_usd, equity)
    ledger.kill_high_water_usd = max(ledger.kill_high_water_usd, equity)
    ledger.equity_curve.append((at, equity))
    if len(ledger.equity_curve) > CURVE_POINTS:
        del ledger.equity_curve[1:-1:2]


@change.register(happened.BarRefused)
@change.register(happened.CandidateOpened)
@change.register(happened.ApprovalRefused)
@change.register(happened.AccessRefused)
def _(event: Event, ledger: Ledger, envelope: Envelope) -> None:
    """For the record only."""


@change.register
def _(event: happened.CandidateClosed, ledger: Ledger, envelope: Envelope) -> None:
    label = event.label
    ledger.labels[label.instrument, label.opened_at, label.kind] = label
    ledger.candidate_costs.pop((label.instrument, label.opened_at), None)
    ledger.candidate_votes.pop((label.instrument, label.opened_at), None)
    ledger.memos.votes.pop((label.instrument, label.opened_at), None)
    ledger.monitors.count(label)
    count_label(ledger, label)
    ledger.testimony.judge(label.instrument, label.opened_at, hit=label.hit)


@change.register
def _(event: happened.Halted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.halt = Halt(event.by, event.reason, envelope.at)


@change.register
def _(event: happened.Resumed, ledger: Ledger, envelope: Envelope) -> None:
    if event.by.role is not Role.OWNER:
        raise InvariantBroken(f"entries were resumed by {event.by.name}, who is not the owner")
    ledger.halt = None


@change.register
def _(event: happened.NoticePosted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.posts[event.of_seq] = (event.channel_id, event.message_id)
    ledger.untold.pop(event.of_seq, None)


@change.register
def _(event: happened.ReportPosted, ledger: Ledger, envelope: Envelope) -> None:
    ledger.reports[event.job] = event.slot_at


@change.register
def _(event: happened.FeeTierRead, ledger: Ledger, envelope: Envelope) -> None:
    ledger.fee_tiers[event.venue] = FeeTier(
        event.venue, event.name, event.maker_frac, event.taker_frac, envelope.at.date()
    )


@change.register
def _(event: happened.ModelUsed, ledger: Ledger, envelope: Envelope) -> None:
    if event.purpose.startswith(SCOUT_PURPOSE):
        tokens = event.tokens_in + event.tokens_out
        ledger.testimony.spend(envelope.at.date(), tokens)
    key = (month_of(envelope.at), event.provider, event.model, event.purpose)
    before = ledger.model_use.get(key, ModelUse())
    ledger.model_use[key] = ModelUse(
        calls=before.calls + 1,
        tokens_in=before.tokens_in + event.tokens_in,
        tokens_cached=before.tokens_cached + event.tokens_cached,
        tokens_out=before.tokens_out + event.tokens_out,
        cost_usd=before.cost_usd + event.cost_usd,
        busy_seconds=before.busy_seconds + event.busy_seconds,
    )
