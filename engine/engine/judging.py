"""From assessments to the events that tell what became of them.

Refuses to open anything on bars fetched after an absence, and to ask two things at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from engine.desk.casework import Card
from engine.desk.costing import Costing
from engine.desk.memos import NO_MEMOS, MemoRule
from engine.desk.picture import Moment, equity_at
from engine.desk.policy import Policy
from engine.desk.proposing import Gate, card_of
from engine.desk.standing import Shares, shares_of
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.bars import Bar, BarsClosed
from engine.model.events import Event
from engine.model.money import exact
from engine.model.proposals import CardKind, ProposalTerms
from engine.model.setups import Assessment, Odds
from engine.probability.pipeline import Pipeline
from engine.risk import RiskPicture, is_calm


@dataclass(frozen=True, slots=True)
class Judge:
    """What the desk makes of one set of assessments."""

    ledger: Ledger
    policy: Policy
    pipeline: Pipeline
    memos: MemoRule = NO_MEMOS

    def cards(
        self,
        assessments: tuple[Assessment, ...],
        picture: RiskPicture,
        costing: Costing,
        *,
        caught_up: bool,
    ) -> list[Card]:
        """Judge each assessment; one set of bars raises one proposal at most."""
        shares = self._shares(assessments, picture, costing)
        cards: list[Card] = []
        for assessment in assessments:
            gate = gate_of(self.pipeline, assessment)
            card = card_of(assessment, gate, self.ledger, self.policy, picture, costing, shares)
            why_not = self._why_not(assessment, cards, caught_up=caught_up)
            if card.terms is not None and why_not:
                card = Card(CardKind.WATCH, f"{why_not}. {card.sentence}")
            cards.append(card)
        return cards

    def _shares(
        self, assessments: tuple[Assessment, ...], picture: RiskPicture, costing: Costing
    ) -> Shares:
        """What the portfolio grants each setup that passes the gate, beside all the others."""
        passed = [a for a in assessments if not self.pipeline.refusal(a)]
        newest = {name: seen for name, (_, seen) in self.ledger.assessed.items()}
        newest.update({a.instrument: a for a in assessments})
        ties = self.pipeline.correlations()
        return shares_of(passed, self.ledger, self.policy, picture, costing, newest, ties)

    def _why_not(self, assessment: Assessment, before: list[Card], *, caught_up: bool) -> str:
        if caught_up:
            return "seen after an absence, too late"
        asked = any(
            record.terms.instrument == assessment.instrument
            for record in self.ledger.open_proposals()
        )
        if asked or any(card.terms is not None for card in before):
            return "another proposal is being decided"
        return ""

    def small(self, terms: ProposalTerms) -> bool:
        """Whether the paper rule for small ones applies."""
        return terms.notional_usd < self.policy.auto_below_usd

    def asks(self, terms: ProposalTerms, assessment: Assessment) -> bool:
        """Whether the owner is asked: about all but small ones on which no memo is wanted.

        A small one with a memo is taken once the memo agrees; until then it is the owner's.
        """
        return not self.small(terms) or bool(self.memos.why(terms, assessment))

    def raisings(self, assessments: tuple[Assessment, ...], cards: list[Card]) -> list[Event]:
        """The events that put terms before the owner, and want memos on some."""
        events: list[Event] = []
        for assessment, card in zip(assessments, cards, strict=True):
            if card.terms is not None:
                asked = self.asks(card.terms, assessment)
                events.append(raising(card.terms, assessment, asked=asked))
                events += self.memos.asked(card.terms, assessment)
        return events

    def assessed(
        self,
        batch: BarsClosed,
        assessments: tuple[Assessment, ...],
        cards: list[Card],
        moment: Moment,
    ) -> happened.BarsAssessed:
        """The event that holds everything the layers said of one set of bars."""
        return happened.BarsAssessed(
            bars_at=batch.at,
            assessments=assessments,
            prices=dict(moment.prices),
            ranges={bar.instrument: self._range(bar) for bar in batch.bars},
            equity_usd=equity_at(self.ledger, moment.prices),
            caught_up=batch.caught_up,
            cards=tuple(
                (a.instrument, card.kind.value if card.kind else "", card.sentence)
                for a, card in zip(assessments, cards, strict=True)
            ),
            calm=tuple((a.instrument, self._calm(a)) for a in assessments),
        )

    def _range(self, bar: Bar) -> tuple[Decimal, Decimal]:
        """Extremes of a bar; only its close where a position was opened within it."""
        within = any(
            held.instrument == bar.instrument and held.opened_at > bar.open_at
            for held in self.ledger.positions.values()
        )
        return (exact(bar.close),) * 2 if within else (exact(bar.low), exact(bar.high))

    def _calm(self, assessment: Assessment) -> bool:
        for reading in assessment.readings:
            if reading.name == "volatility":
                rank = reading.diagnostics.get("percentile_frac")
                move = reading.diagnostics.get("last_move_sigmas")
                if rank is None or move is None:
                    return False
                return is_calm(rank, move, self.policy.limits)
        return False


def gate_of(pipeline: Pipeline, assessment: Assessment) -> Gate:
    """The pipeline's gate for the setup of `assessment`, at any odds of it."""

    def gate(odds: Odds) -> str:
        return pipeline.refusal(replace(assessment, odds=odds))

    return gate


def raising(
    terms: ProposalTerms, assessment: Assessment, *, asked: bool, requested: bool = False
) -> happened.ProposalRaised:
    """The event that puts terms before the owner."""
    return happened.ProposalRaised(terms, terms.hash, assessment, asked, requested)
