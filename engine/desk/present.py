"""From the ledger to views: what the desk's guests are shown.

Refuses to change anything, and waits for nothing but a chart's history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from engine.config import Settings
from engine.desk.charting import resample
from engine.desk.limits import breaker_views, limit_views
from engine.desk.picture import Moment, picture_of
from engine.desk.policy import Policy
from engine.desk.words import CLOSED_BY, usd
from engine.journal.ledger import ZERO, Ledger, OrderRecord, ProposalRecord
from engine.model.bars import Timeframe
from engine.model.orders import Purpose
from engine.model.positions import LotState, Position, Trade
from engine.model.proposals import CardKind, ProposalStatus
from engine.model.setups import Assessment, LayerRole, Setup
from engine.model.verdicts import Refused
from engine.ports import Clock, MarketFeed
from engine.probability.pipeline import LAYERS
from engine.risk import RiskPicture, desk_state
from engine.views import (
    BreakdownView,
    ChartView,
    LayerView,
    Level,
    Mark,
    MarketView,
    OrderView,
    PortfolioView,
    PositionView,
    PostRef,
    ProfitRow,
    ProposalView,
    ScanRow,
    ScanView,
    StatusView,
)

_FINEST_CHART_BARS = 20
_LONGEST_CHART_BARS = 500
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Present:
    """Views of one ledger.

    Attributes
    ----------
    started_at : datetime, aware UTC
        When this process took the desk up.
    software : str
        Version of Executor.
    moment : callable (instant) -> Moment
        Prices and assessments as they are known then.
    before : callable (instrument) -> Decimal or None
        Price of a day before the newest bar.
    """

    ledger: Ledger
    settings: Settings
    market: MarketView
    feed: MarketFeed
    clock: Clock
    instruments: tuple[str, ...]
    started_at: datetime
    software: str
    silent: tuple[str, ...]
    policy: Policy
    moment: Callable[[datetime], Moment]
    before: Callable[[str], Decimal | None]

    # ------------------------------------------------------------------ research

    def scan(self, instrument: str | None = None) -> ScanView | Refused:
        """Newest assessment of every instrument, or of one."""
        if instrument is not None and instrument not in self.instruments:
            return self._unwatched(instrument)
        wanted = self.instruments if instrument is None else (instrument,)
        rows = tuple(self._row(name) for name in wanted if name in self.ledger.assessed)
        return ScanView(
            seq=self.ledger.newest_scan[0] if self.ledger.newest_scan else 0,
            at=self.ledger.bars_at,
            market=self.market,
            rows=rows,
            equity_usd=self.ledger.equity_usd,
            state=desk_state(self._picture(), self.policy.limits),
            silent=self.silent,
        )

    def _row(self, instrument: str) -> ScanRow:
        seq, assessment = self.ledger.assessed[instrument]
        card, sentence = self.ledger.cards.get(instrument, ("", ""))
        price = self.ledger.prices[instrument]
        before = self.before(instrument)
        return ScanRow(
            instrument=instrument,
            at=assessment.at,
            price=price,
            change_day_frac=float(price / before - 1) if before else 0.0,
            card=CardKind(card) if card else None,
            sentence=sentence,
            proposal_id=self._raised_from(seq, instrument),
            assessment=assessment,
        )

    def _raised_from(self, seq: int, instrument: str) -> str:
        for record in reversed(self.ledger.proposals.values()):
            if record.terms.instrument == instrument:
                assessed_at = self.ledger.assessed[instrument][1].at
                return record.terms.id if record.assessment.at == assessed_at else ""
        return ""

    def breakdown(self, reference: str) -> BreakdownView | Refused:
        """The twelve layers behind an instrument's newest bar, or behind a proposal."""
        record = self.ledger.proposals.get(reference.upper())
        if record is not None:
            card: CardKind | None = record.terms.kind
            return self._layers_of(record.assessment, card, record.reason, record)
        if reference not in self.instruments:
            return self._unwatched(reference)
        if reference not in self.ledger.assessed:
            return _no_bar_yet(reference)
        word, sentence = self.ledger.cards.get(reference, ("", ""))
        card = CardKind(word) if word else None
        return self._layers_of(self.ledger.assessed[reference][1], card, sentence, None)

    def _layers_of(
        self,
        assessment: Assessment,
        card: CardKind | None,
        sentence: str,
        record: ProposalRecord | None,
    ) -> BreakdownView:
        return BreakdownView(
            instrument=assessment.instrument,
            at=assessment.at,
            price=record.terms.entry if record else self.ledger.prices[assessment.instrument],
            assessment=assessment,
            layers=layer_views(assessment),
            waterfall=assessment.log_odds,
            card=card,
            sentence=sentence,
            terms=record.terms if record else None,
            market=self.market,
        )

    async def chart(
        self, reference: str, timeframe: Timeframe | None, bars: int
    ) -> ChartView | Refused:
        """Newest bars of an instrument, or of a proposal's, with levels and fills."""
        record = self.ledger.proposals.get(reference.upper())
        instrument = record.terms.instrument if record else reference
        if instrument not in self.instruments:
            return self._unwatched(instrument)
        wanted = timeframe or self.market.timeframe
        ratio = wanted.length / self.market.timeframe.length
        if ratio != int(ratio):
            return Refused(
                "timeframe",
                f"{wanted} cannot be made of whole {self.market.timeframe} bars",
                "",
                f"Choose {self.market.timeframe} or a multiple of it.",
            )
        count = min(max(bars, _FINEST_CHART_BARS), _LONGEST_CHART_BARS)
        until = self.ledger.bars_at or self.clock.now()
        fine = await self.feed.history(instrument, until, count * int(ratio))
        shown = resample(fine, wanted)[-count:]
        if not shown:
            return _no_bar_yet(instrument)
        return ChartView(
            instrument=instrument,
            timeframe=wanted,
            bars=shown,
            levels=self._levels(instrument, record),
            marks=self._marks(instrument, shown[0].open_at),
            market=self.market,
        )

    def _levels(self, instrument: str, record: ProposalRecord | None) -> tuple[Level, ...]:
        if record is not None:
            terms = record.terms
            named = (("target", terms.target), ("entry", terms.entry), ("stop", terms.stop))
            return tuple(Level(name, price) for name, price in named)
        held = [p for p in self.ledger.positions.values() if p.instrument == instrument]
        if held:
            named = (
                ("target", held[0].target),
                ("entry", held[0].entry_price),
                ("stop", held[0].stop),
            )
            return tuple(Level(name, price) for name, price in named)
        setup = self._newest_setup(instrument)
        if setup is None:
            return ()
        return tuple(
            Level(name, Decimal(repr(price)))
            for name, price in (
                ("target", setup.target),
                ("entry", setup.entry),
                ("stop", setup.stop),
            )
        )

    def _newest_setup(self, instrument: str) -> Setup | None:
        assessed = self.ledger.assessed.get(instrument)
        return assessed[1].setup if assessed else None

    def _marks(self, instrument: str, since: datetime) -> tuple[Mark, ...]:
        trades = [t for t in self.ledger.trades if t.instrument == instrument]
        held = [p for p in self.ledger.positions.values() if p.instrument == instrument]
        bought = [Mark(t.opened_at, t.entry_price, True) for t in trades]
        bought += [Mark(p.opened_at, p.entry_price, True) for p in held]
        sold = [Mark(t.closed_at, t.exit_price, False) for t in trades]
        return tuple(sorted((m for m in (*bought, *sold) if m.at >= since), key=lambda m: m.at))

    # ------------------------------------------------------------------ execution

    def proposals(self, *, only_open: bool) -> tuple[ProposalView, ...]:
        """Proposals, newest first."""
        records = (
            self.ledger.open_proposals() if only_open else list(self.ledger.proposals.values())
        )
        return tuple(self.proposal_view(record) for record in reversed(records))

    def proposal(self, proposal_id: str) -> ProposalView | Refused:
        """One proposal by its id, in any case of letters."""
        record = self.ledger.proposals.get(proposal_id.strip().upper())
        if record is None:
            return Refused(
                "proposal",
                f"there is no proposal {proposal_id!r}",
                "",
                "/proposals lists those that are open.",
            )
        return self.proposal_view(record)

    def proposal_view(self, record: ProposalRecord) -> ProposalView:
        """A proposal with its decision and what followed."""
        favour, against = sides(record.assessment)
        return ProposalView(
            seq=record.seq,
            terms=record.terms,
            short_hash=record.terms_hash[:12],
            status=record.status,
            asked=record.asked,
            assessment=record.assessment,
            layers_for=favour,
            layers_against=against,
            witnesses=self.silent,
            decided_by=record.decided_by,
            decided_at=record.decided_at,
            decided_quantity=record.decided_quantity,
            decision_price=record.decision_price,
            reason=record.reason,
            outcome=self._outcome(record),
            price_now=self.ledger.prices.get(record.terms.instrument),
            post=self._post(record.seq),
            market=self.market,
        )

    def _post(self, seq: int) -> PostRef | None:
        place = self.ledger.posts.get(seq)
        return PostRef(seq, *place) if place else None

    def _outcome(self, record: ProposalRecord) -> str:
        if record.status is not ProposalStatus.APPROVED:
            return ""
        for trade in self.ledger.trades:
            if trade.id == record.terms.id:
                return f"Closed {CLOSED_BY[trade.closed_by]}: {usd(trade.pnl_usd)}."
        held = self.ledger.positions.get(record.terms.id)
        if held is not None:
            return f"Open: {held.quantity} bought at {held.entry_price:,.2f}."
        entry = self._entry_order(record.terms.id)
        if entry is None:
            return "The order is being prepared."
        waiting = "; it fills at the next price" if entry.open else ""
        return f"The order is {entry.state.replace('_', ' ')}{waiting}. {entry.reason}".rstrip()

    def _entry_order(self, proposal_id: str) -> OrderRecord | None:
        for record in reversed(self.ledger.orders.values()):
            if record.order.proposal_id == proposal_id and record.order.purpose is Purpose.ENTRY:
                return record
        return None

    def positions(self) -> tuple[PositionView, ...]:
        """Open positions, oldest first."""
        return tuple(self.position_view(held) for held in self.ledger.positions.values())

    def position_view(self, held: Position) -> PositionView:
        """A position at the newest known price."""
        price = self.ledger.prices.get(held.instrument, held.entry_price)
        gained = (price - held.entry_price) * held.quantity
        risked = (held.entry_price - held.stop) * held.quantity
        return PositionView(
            position=held,
            price_now=price,
            value_usd=price * held.quantity,
            unrealised_usd=gained,
            r_now=float(gained / risked) if risked > 0 else 0.0,
            guard=self._guard(held),
        )

    def _guard(self, held: Position) -> str:
        resting = any(
            o.open and o.order.proposal_id == held.id and o.order.purpose is Purpose.STOP
            for o in self.ledger.orders.values()
        )
        if held.id in self.ledger.exits_requested:
            return "It is being sold at the market."
        if resting:
            return "Its stop rests at the paper broker and is checked on every bar and quote."
        if held.lot is not LotState.SELLABLE:
            return "Its lot is not settled yet; the stop is placed when it is."
        return "No stop rests: the desk places one on the next bar."

    def orders(self) -> tuple[OrderView, ...]:
        """Orders that are not final, oldest first."""
        return tuple(order_view(record) for record in self.ledger.open_orders())

    def portfolio(self) -> PortfolioView:
        """Cash, positions, profit and the use of every cap."""
        ledger = self.ledger
        equity = ledger.marked_equity_usd()
        peak = max(ledger.high_water_usd, equity)
        return PortfolioView(
            mode=ledger.mode,
            equity_usd=equity,
            cash_usd=ledger.cash_usd,
            settled_cash_usd=ledger.cash_usd - ledger.reserved_usd(),
            day_usd=equity - ledger.day_open_usd,
            week_usd=equity - ledger.week_open_usd,
            total_usd=equity - ledger.start_cash_usd,
            drawdown_frac=float(1 - equity / peak) if peak > 0 else 0.0,
            positions=self.positions(),
            limits=limit_views(self._picture(), self.policy.limits),
            equity_curve=tuple(ledger.equity_curve),
            market=self.market,
        )

    def trades(self, limit: int) -> tuple[Trade, ...]:
        """Closed trades, newest first."""
        return tuple(reversed(self.ledger.trades[-limit:])) if limit > 0 else ()

    def profit(self, days: int) -> tuple[ProfitRow, ...]:
        """Result of each of the last `days` UTC days, oldest first."""
        today = self.clock.now().date()
        by_day: dict[date, list[Decimal]] = defaultdict(list)
        for trade in self.ledger.trades:
            by_day[trade.closed_at.date()].append(trade.pnl_usd)
        wanted = (today - n * _DAY for n in range(days - 1, -1, -1))
        return tuple(ProfitRow(d, len(by_day[d]), sum(by_day[d], ZERO)) for d in wanted)

    # ------------------------------------------------------------------ oversight

    def status(self) -> StatusView:
        """State, halts, breakers, counts and the head of the journal."""
        ledger = self.ledger
        halt = ledger.halt
        return StatusView(
            mode=ledger.mode,
            state=desk_state(self._picture(), self.policy.limits),
            now=self.clock.now(),
            started_at=self.started_at,
            market=self.market,
            instruments=self.instruments,
            last_bars_at=ledger.bars_at,
            halted_by=halt.by if halt else None,
            halted_reason=halt.reason if halt else "",
            halted_at=halt.at if halt else None,
            breakers=breaker_views(ledger, self._picture(), self.policy.limits),
            open_proposals=len(ledger.open_proposals()),
            open_positions=len(ledger.positions),
            open_orders=len(ledger.open_orders()),
            equity_usd=ledger.marked_equity_usd(),
            cash_usd=ledger.cash_usd,
            journal_seq=ledger.seq,
            journal_hash=ledger.head,
            config_hash=ledger.config_hash,
            software=self.software,
            restarts=max(ledger.sessions - 1, 0),
            labels=len(ledger.labels),
        )

    def _picture(self) -> RiskPicture:
        return picture_of(self.ledger, self.policy, self.moment(self.clock.now()))

    def _unwatched(self, instrument: str) -> Refused:
        watched = ", ".join(self.instruments)
        return Refused(
            "instrument", f"{instrument!r} is not watched", "", f"Watched are {watched}."
        )


def _no_bar_yet(instrument: str) -> Refused:
    return Refused(
        "market", f"no bar of {instrument} has closed yet", "", "Ask again after the next close."
    )


def layer_views(assessment: Assessment) -> tuple[LayerView, ...]:
    """All twelve layers in order, each with what it said of `assessment`."""
    said = {reading.name: reading for reading in assessment.readings}
    return tuple(
        LayerView(
            number=spec.number,
            name=spec.name,
            title=spec.title,
            role=spec.role,
            summary=spec.summary,
            reading=said[spec.name],
            contribution=said[spec.name].weight * said[spec.name].llr,
        )
        for spec in LAYERS
    )


def sides(assessment: Assessment) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences of the layers that raised the odds, and of those that lowered them."""
    moved = [
        layer
        for layer in layer_views(assessment)
        if layer.contribution != 0 and layer.role in (LayerRole.EVIDENCE, LayerRole.CONTEXT)
    ]
    moved.sort(key=lambda layer: -abs(layer.contribution))
    told = [(layer.contribution > 0, f"{layer.title}: {layer.reading.reason}") for layer in moved]
    return tuple(t for up, t in told if up), tuple(t for up, t in told if not up)


def order_view(record: OrderRecord) -> OrderView:
    """An order and where it stands."""
    return OrderView(record.order, record.state, record.filled, record.reason)
