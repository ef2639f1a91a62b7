"""Views of the scouts: their words, their silences and their record.

Refuses to weigh: the weight shown is what layer 10 gives their next vote.
"""

from __future__ import annotations

from datetime import datetime

from engine.config.witnesses import ScoutSettings
from engine.desk.present.context import Context
from engine.desk.silence import silence_of
from engine.journal.ledger import ZERO, ModelUse, month_of
from engine.journal.testimony import CONFIDENCE_BINS, ConfidenceBin, Testimony
from engine.model.witnesses import SCOUT_PURPOSE
from engine.views.witnesses import ConfidenceView, ScoutsView, ScoutView, WordView


class Scouts:
    """What scouts said.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _testimony(self) -> Testimony:
        return self._context.ledger.testimony

    def all(self) -> ScoutsView:
        """Every scout."""
        context, now = self._context, self._context.clock.now()
        settings = context.settings.scouts
        return ScoutsView(
            scouts=tuple(self._one(name, plan, now) for name, plan in settings.scouts.items()),
            asked=settings.enabled,
            counts=not context.market.paced,
            tokens_today=self._testimony.tokens_on(now.date()),
            tokens_a_day=settings.tokens_a_day,
            market=context.market,
        )

    def _one(self, name: str, plan: ScoutSettings, now: datetime) -> ScoutView:
        context, testimony = self._context, self._testimony
        words = self._words(name, now)
        newest = max(words, key=lambda word: word.at, default=None)
        voter = newest.opinion.voter.key if newest else ""
        work = testimony.done_by(name)
        use = self._use(name, now)
        silent = (
            silence_of(testimony, name, context.instruments, now)
            if context.settings.scouts.enabled
            else "no model server"
        )
        return ScoutView(
            name=name,
            voter=voter,
            every_minutes=plan.every_minutes,
            valid_minutes=plan.valid_minutes,
            silent=silent,
            words=words,
            opinions=work.opinions,
            abstentions=tuple(sorted(work.abstentions.items(), key=lambda each: -each[1])),
            mean_seconds=work.seconds / work.answers if work.answers else None,
            calls=use.calls,
            tokens=use.tokens_in + use.tokens_out,
            cost_usd=use.cost_usd,
            standings=context.witnesses.standings(voter),
            confidence=_confidence(testimony.confidence.get(voter, [])),
        )

    def _words(self, name: str, now: datetime) -> tuple[WordView, ...]:
        found = (
            self._testimony.newest(name, instrument, now)
            for instrument in self._context.instruments
        )
        return tuple(
            WordView(kept.given.opinion, kept.at, now <= kept.given.valid_until)
            for kept in found
            if kept is not None
        )

    def _use(self, name: str, now: datetime) -> ModelUse:
        """What a scout took this month, with any model."""
        used = [
            use
            for (month, _, _, purpose), use in self._context.ledger.model_use.items()
            if month == month_of(now) and purpose == f"{SCOUT_PURPOSE}{name}"
        ]
        return ModelUse(
            calls=sum(use.calls for use in used),
            tokens_in=sum(use.tokens_in for use in used),
            tokens_out=sum(use.tokens_out for use in used),
            cost_usd=sum((use.cost_usd for use in used), ZERO),
        )


def _confidence(bins: list[ConfidenceBin]) -> tuple[ConfidenceView, ...]:
    width = 1.0 / CONFIDENCE_BINS
    return tuple(
        ConfidenceView(
            low=number * width,
            high=(number + 1) * width,
            votes=each.votes,
            said_frac=each.confidence / each.votes,
            right_frac=each.right / each.votes,
        )
        for number, each in enumerate(bins)
        if each.votes
    )
