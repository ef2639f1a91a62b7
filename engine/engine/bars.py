"""What happens when bars close: trade through, assess, learn, judge, record, act.

Refuses to record half of it: everything one set of bars decides is written in one piece.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from engine.desk.exits import overdue
from engine.desk.picture import Moment, equity_at, picture_of
from engine.desk.policy import Policy
from engine.desk.proposing import Card, card_of
from engine.engine.execution import Execution
from engine.engine.recorder import Recorder
from engine.engine.study import key_of
from engine.market.checks import admit
from engine.market.sessions import is_open
from engine.model import events as happened
from engine.model.actors import DESK
from engine.model.bars import Bar, BarsClosed, Quote, Timeframe
from engine.model.events import Event
from engine.model.money import exact
from engine.model.orders import Purpose
from engine.model.proposals import CardKind, ProposalTerms
from engine.model.setups import Assessment
from engine.ports import Broker, MarketFeed
from engine.probability.pipeline import Pipeline
from engine.risk import RiskPicture, Trip, breaker_changes

_MOST_ROUNDS = 4
_CALM_RANK = 0.95
_DAY = timedelta(days=1)


@dataclass(slots=True)
class BarsFlow:
    """The path of one set of closed bars through the desk.

    Attributes
    ----------
    newest : dict of str to Bar
        Last admitted bar of each instrument.
    quotes : dict of str to Quote
        Last quote of each instrument.
    closes : dict of str to deque of (datetime, float)
        Closes of the last day of each instrument, oldest first.
    """

    recorder: Recorder
    execution: Execution
    broker: Broker
    pipeline: Pipeline
    policy: Policy
    timeframe: Timeframe
    newest: dict[str, Bar]
    quotes: dict[str, Quote]
    closes: dict[str, deque[tuple[datetime, float]]] = field(default_factory=dict)

    async def run(self, batch: BarsClosed) -> tuple[ProposalTerms, ...]:
        """Take `batch` in; answer the proposals that are small enough to be taken at once."""
        sound, refused = self._admit(batch)
        await self.recorder.record(*refused)
        if not sound.bars:
            return ()
        await self._trade_through(sound)
        assessments = self.pipeline.observe(sound, self.policy.cost_fracs())
        labelled = self._labelled()
        raised = await self._judge(sound, assessments, labelled)
        for closed in labelled:
            self.pipeline.learn(closed.label)
        for held in overdue(self.recorder.ledger, batch.at):
            await self.execution.close(held, Purpose.TIME_LIMIT, DESK, "")
        return raised

    async def take_up(self, feed: MarketFeed, until: datetime) -> None:
        """Remember the newest bars before the stream begins, for their checks and day changes."""
        count = max(round(1.0 / self.timeframe.days), 1) + 1
        for name in self.policy.instruments:
            bars = await feed.history(name, until, count)
            for bar in bars:
                self._remember(bar)

    async def look_first(self, newest: Mapping[str, tuple[Bar, Assessment]]) -> None:
        """Record what the layers say of the bars before the stream, so that there is a scan.

        These bars may not open anything: they closed before anybody was asked.
        """
        if not newest:
            return
        bars = tuple(bar for bar, _ in newest.values())
        assessments = tuple(assessment for _, assessment in newest.values())
        at = max(bar.close_at for bar in bars)
        await self._judge(BarsClosed(at, bars, caught_up=True), assessments, [])

    def _remember(self, bar: Bar) -> None:
        self.newest[bar.instrument] = bar
        closes = self.closes.setdefault(bar.instrument, deque())
        closes.append((bar.close_at, bar.close))
        while len(closes) > 1 and closes[1][0] <= bar.close_at - _DAY:
            closes.popleft()

    def day_before(self, instrument: str) -> Decimal | None:
        """Close of a day before the newest bar, or None where history is too short."""
        closes = self.closes.get(instrument)
        if not closes or closes[-1][0] - closes[0][0] < _DAY:
            return None
        return exact(closes[0][1])

    # ------------------------------------------------------------------ before the layers

    def _admit(self, batch: BarsClosed) -> tuple[BarsClosed, list[happened.BarRefused]]:
        kept, refused = [], []
        for bar in batch.bars:
            calendar = self.policy.instruments[bar.instrument].calendar
            fault = admit(bar, self.newest.get(bar.instrument), calendar, batch.at)
            if fault is not None and fault.rejects:
                refused.append(happened.BarRefused(bar.instrument, bar.close_at, fault.detail))
            else:
                kept.append(bar)
                self._remember(bar)
        return BarsClosed(batch.at, tuple(kept), batch.caught_up), refused

    async def _trade_through(self, batch: BarsClosed) -> None:
        """Let the broker see the bars until it has no more to say.

        An entry that fills at the open gets its stop and target, which the same bar may hit.
        """
        await self.execution.pursue_exits()
        # After a crash between a fill and its protection, this bar must still find a stop.
        await self.execution.protect(batch.bars[0].open_at)
        await self.broker.observe(batch)
        for _ in range(_MOST_ROUNDS):
            settled = await self.execution.settle()
            protected = await self.execution.protect(batch.at)
            if not (settled or protected):
                return

    # ------------------------------------------------------------------ after the layers

    def _labelled(self) -> list[happened.CandidateClosed]:
        known = self.recorder.ledger.labels
        return [
            happened.CandidateClosed(label)
            for label in self.pipeline.closed_labels()
            if key_of(label) not in known
        ]

    async def _judge(
        self,
        batch: BarsClosed,
        assessments: tuple[Assessment, ...],
        labelled: list[happened.CandidateClosed],
    ) -> tuple[ProposalTerms, ...]:
        ledger = self.recorder.ledger
        moment = self.moment(batch.at, assessments)
        picture = picture_of(ledger, self.policy, moment)
        changes = _breaker_events(picture, self.policy)
        cards = self._cards(assessments, picture, changes, caught_up=batch.caught_up)
        raised = [card.terms for card in cards if card.terms is not None]
        assessed = happened.BarsAssessed(
            bars_at=batch.at,
            assessments=assessments,
            prices=dict(moment.prices),
            ranges={bar.instrument: (exact(bar.low), exact(bar.high)) for bar in batch.bars},
            equity_usd=equity_at(ledger, moment.prices),
            caught_up=batch.caught_up,
            cards=tuple(
                (a.instrument, card.kind.value if card.kind else "", card.sentence)
                for a, card in zip(assessments, cards, strict=True)
            ),
            calm=tuple((a.instrument, self._calm(a)) for a in assessments),
        )
        await self.recorder.record(
            *labelled,
            assessed,
            *(happened.CandidateOpened(a.setup) for a in assessments if a.setup is not None),
            *changes,
            *expired(self.recorder, batch.at),
            *self._raisings(assessments, cards),
        )
        return tuple(terms for terms in raised if not self._asks(terms))

    def moment(self, now: datetime, assessments: tuple[Assessment, ...] = ()) -> Moment:
        """Prices and assessments as they are known at `now`."""
        ledger = self.recorder.ledger
        assessed = {name: newest for name, (_, newest) in ledger.assessed.items()}
        assessed.update({a.instrument: a for a in assessments})
        prices = dict(ledger.prices)
        prices.update({a.instrument: exact(a.price) for a in assessments})
        return Moment(
            now=now,
            prices=prices,
            assessed=assessed,
            timeframe=self.timeframe,
            is_open=is_open,
        )

    def _cards(
        self,
        assessments: tuple[Assessment, ...],
        picture: RiskPicture,
        changes: list[Event],
        *,
        caught_up: bool,
    ) -> list[Card]:
        """Judge each assessment; one set of bars may raise several, each on what is left."""
        tripping = [c.name for c in changes if isinstance(c, happened.BreakerTripped)]
        cards: list[Card] = []
        for assessment in assessments:
            ledger = self.recorder.ledger
            card = card_of(assessment, self.pipeline.refusal(assessment), ledger, self.policy, picture)
            taken = any(other.terms is not None for other in cards)
            if card.terms is not None and caught_up:
                card = Card(CardKind.WATCH, f"seen after an absence, too late. {card.sentence}")
            elif card.terms is not None and tripping:
                card = Card(CardKind.WATCH, f"breaker {tripping[0]} just tripped. {card.sentence}")
            elif card.terms is not None and (taken or self._already_asked(assessment)):
                card = Card(
                    CardKind.WATCH, f"another proposal is being decided. {card.sentence}"
                )
            cards.append(card)
        return cards

    def _already_asked(self, assessment: Assessment) -> bool:
        return any(
            record.terms.instrument == assessment.instrument
            for record in self.recorder.ledger.open_proposals()
        )

    def _raisings(
        self, assessments: tuple[Assessment, ...], cards: list[Card]
    ) -> list[happened.ProposalRaised]:
        return [
            raising(card.terms, assessment, asked=self._asks(card.terms))
            for assessment, card in zip(assessments, cards, strict=True)
            if card.terms is not None
        ]

    def _asks(self, terms: ProposalTerms) -> bool:
        return terms.notional_usd >= self.policy.auto_below_usd

    def _calm(self, assessment: Assessment) -> bool:
        for reading in assessment.readings:
            if reading.name == "volatility":
                rank = reading.diagnostics.get("percentile_frac")
                move = reading.diagnostics.get("last_move_sigmas")
                limit = self.policy.limits.move_sigmas
                return (
                    rank is not None and rank < _CALM_RANK and move is not None and move <= limit
                )
        return False


def raising(
    terms: ProposalTerms, assessment: Assessment, *, asked: bool
) -> happened.ProposalRaised:
    """The event that puts terms before the owner."""
    return happened.ProposalRaised(terms, terms.hash, assessment, asked)


def expired(recorder: Recorder, now: datetime) -> list[happened.ProposalExpired]:
    """Open proposals whose time is over at `now`."""
    return [
        happened.ProposalExpired(record.terms.id)
        for record in recorder.ledger.open_proposals()
        if now >= record.terms.expires_at
    ]


def _breaker_events(picture: RiskPicture, policy: Policy) -> list[Event]:
    events: list[Event] = []
    for change in breaker_changes(picture, policy.limits):
        if isinstance(change, Trip):
            events.append(
                happened.BreakerTripped(change.name, change.value, change.bound, change.resets)
            )
        else:
            events.append(happened.BreakerReset(change.name, DESK, change.reason))
    return events
