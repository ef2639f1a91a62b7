"""Whole records of desks that never ran, written entry by entry through the real fold.

Refuses short cuts: bars, cards, approvals, orders, fills, lots and labels stand in each ledger as
a desk would have written them, so that what measures and judges them is the real code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from engine.config import Settings
from engine.desk.picture import equity_at
from engine.journal.fold import apply
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.bars import Timeframe
from engine.model.events import Event
from engine.model.instruments import Instrument
from engine.model.orders import Fill, Order, OrderType, Purpose, Side
from engine.model.proposals import CardKind, CostLines, ProposalTerms
from engine.model.setups import Assessment, Label, Outcome, SetupKind
from engine.ports import Envelope
from engine.probability.layer import FloatArray
from engine.probability.special import logit
from engine.review.plan import Watched, registration_due

BTC = "BTC-USD"
START = datetime(2026, 1, 5, tzinfo=UTC)
BAR = Timeframe.H4
CASH = 10_000
STEP = Decimal("0.000001")
NOTIONAL_USD = Decimal(1000)
_WAYS_OUT = {
    Outcome.TARGET: Purpose.TARGET,
    Outcome.STOP: Purpose.STOP,
    Outcome.TIMEOUT: Purpose.TIME_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Played:
    """A trade that a record is to hold.

    Attributes
    ----------
    begin, end : int, bars
        It is opened at the close of `begin` and closed at the close of `end`.
    entry, exit : float, quote currency
    target_frac, stop_frac : float, fraction of entry
    risk_frac : float, fraction of entry
        What is lost at the stop, costs included.
    fee_frac : float, fraction of notional
        Of each leg.
    p_mean, p_driftless : float in (0, 1)
        The odds that were given, and those of a price without drift.
    """

    begin: int
    end: int
    entry: float
    exit: float
    outcome: Outcome
    target_frac: float
    stop_frac: float
    risk_frac: float
    fee_frac: float
    p_mean: float
    p_driftless: float


@dataclass
class Scribe:
    """A ledger, and the pen that writes into it."""

    plan: happened.PlanRegistered
    ledger: Ledger = field(default_factory=Ledger)
    at: datetime = START

    def add(self, event: Event, after: timedelta = timedelta(0)) -> None:
        """Write one entry, `after` the one before."""
        self.at += after
        seq = self.ledger.seq + 1
        link = f"{seq:064x}"
        apply(
            self.ledger,
            Envelope(seq, self.at, "", 1, 0, self.plan.parameters_hash, event, link, link),
        )


def opened(
    settings: Settings,
    instruments: Sequence[Instrument],
    *,
    at: datetime = START,
    real: bool = True,
    market: str = "kraken",
    cash: int = CASH,
) -> Scribe:
    """A desk that has just opened, its plan registered."""
    due = registration_due(settings, Watched(market, real, tuple(instruments)), Ledger())
    if due is None:
        raise RuntimeError("an empty record must have its plan registered")
    scribe = Scribe(due, at=at)
    scribe.add(happened.DeskOpened("paper", market, not real, Decimal(cash), "bench"))
    scribe.add(happened.SessionStarted("bench", market, settings.hash, 0, None))
    scribe.add(due)
    return scribe


def written(settings: Settings, closes: FloatArray, played: Sequence[Played]) -> Scribe:
    """The record of a desk that saw `closes`, bar by bar, and made these trades."""
    scribe = opened(settings, [settings.instrument(BTC)])
    for _, events in bar_events(scribe, closes, played):
        for event in events:
            scribe.add(event)
    return scribe


def bar_events(
    scribe: Scribe, closes: FloatArray, played: Sequence[Played]
) -> Iterator[tuple[int, Iterator[Event]]]:
    """What each bar brings: exits, its assessment, entries; the caller writes it down."""
    begins = {each.begin: (number, each) for number, each in enumerate(played)}
    ends = {each.end: (number, each) for number, each in enumerate(played)}
    for bar, close in enumerate(closes):
        # Nobody reads the posts of these desks; what waits to be told only takes time.
        scribe.ledger.untold.clear()
        scribe.at = START + (bar + 1) * BAR.length
        yield bar, _of_bar(scribe, float(close), ends.get(bar), begins.get(bar))


def _of_bar(
    scribe: Scribe,
    close: float,
    ending: tuple[int, Played] | None,
    beginning: tuple[int, Played] | None,
) -> Iterator[Event]:
    if ending is not None:
        yield from _closing(*ending, scribe.at)
    yield _assessed(scribe, close)
    if beginning is not None:
        yield from _opening(*beginning, scribe.at)


def _money(value: float) -> Decimal:
    return Decimal(value).quantize(STEP)


def _assessed(scribe: Scribe, close: float) -> Event:
    price = _money(close)
    return happened.BarsAssessed(
        bars_at=scribe.at,
        assessments=(),
        prices={BTC: price},
        ranges={BTC: (price, price)},
        equity_usd=equity_at(scribe.ledger, {BTC: price}),
        caught_up=False,
        cards=(),
    )


def _opening(number: int, each: Played, at: datetime) -> Iterator[Event]:
    terms = _terms(number, each, at)
    seen = Assessment(BTC, at, each.entry, (), None, None, (), {})
    yield happened.ProposalRaised(terms, terms.hash, seen, asked=False)
    yield happened.ProposalApproved(
        terms.id, terms.hash, DESK, terms.entry, terms.quantity, "small enough"
    )
    yield from _traded(terms, each, at, Purpose.ENTRY)
    yield happened.LotSettled(terms.id)
    yield happened.LotReleased(terms.id)


def _closing(number: int, each: Played, at: datetime) -> Iterator[Event]:
    terms = _terms(number, each, START + (each.begin + 1) * BAR.length)
    yield from _traded(terms, each, at, _WAYS_OUT[each.outcome])
    yield happened.CandidateClosed(
        Label(
            instrument=BTC,
            kind=SetupKind.REVERSION,
            opened_at=terms.created_at,
            closed_at=at,
            outcome=each.outcome,
            target_frac=each.target_frac,
            stop_frac=each.stop_frac,
            horizon_days=2.0,
            gross_frac=each.exit / each.entry - 1.0,
            net_frac=each.exit / each.entry - 1.0 - 2.0 * each.fee_frac,
            uniqueness=1.0,
            log_odds_prior=logit(each.p_driftless),
            scores={},
            llrs={},
            p_mean=each.p_mean,
        )
    )


def _traded(terms: ProposalTerms, each: Played, at: datetime, purpose: Purpose) -> Iterator[Event]:
    buys = purpose is Purpose.ENTRY
    price = _money(each.entry if buys else each.exit)
    order = Order(
        client_id=f"{terms.id}-{purpose.value}",
        proposal_id=terms.id,
        instrument=BTC,
        side=Side.BUY if buys else Side.SELL,
        type={Purpose.TARGET: OrderType.LIMIT, Purpose.STOP: OrderType.STOP}.get(
            purpose, OrderType.MARKET
        ),
        purpose=purpose,
        quantity=terms.quantity,
        created_at=at,
        limit_price=price if purpose is Purpose.TARGET else None,
        stop_price=price if purpose is Purpose.STOP else None,
    )
    yield happened.OrderIntended(order)
    yield happened.OrderAccepted(order.client_id, order.client_id)
    yield happened.OrderFilled(
        Fill(
            fill_id=order.client_id,
            client_id=order.client_id,
            at=at,
            price=price,
            quantity=terms.quantity,
            fee_usd=(price * terms.quantity * _money(each.fee_frac)).quantize(STEP),
            reference_price=price,
        )
    )


def _terms(number: int, each: Played, at: datetime) -> ProposalTerms:
    entry = _money(each.entry)
    quantity = (NOTIONAL_USD / entry).quantize(Decimal("0.00000001"))
    notional = entry * quantity
    return ProposalTerms(
        id=f"P-{number:04d}",
        kind=CardKind.PROPOSAL,
        setup_kind=SetupKind.REVERSION,
        instrument=BTC,
        venue="kraken",
        order_type=OrderType.MARKET,
        entry=entry,
        target=_money(each.entry * (1.0 + each.target_frac)),
        stop=_money(each.entry * (1.0 - each.stop_frac)),
        quantity=quantity,
        notional_usd=notional,
        risk_usd=notional * _money(each.risk_frac),
        size_frac=float(notional) / CASH,
        size_steps=(),
        size_set_by="bench",
        costs=CostLines(2.0 * each.fee_frac, 0.0, 0.0, "bench"),
        p_prior=each.p_driftless,
        p_mean=each.p_mean,
        p_low=each.p_mean,
        break_even=0.4,
        ev_mean_frac=0.0,
        ev_low_frac=0.0,
        horizon_days=2.0,
        created_at=at,
        expires_at=at + BAR.length,
        time_limit_at=at + timedelta(days=2),
        config_hash="",
    )
