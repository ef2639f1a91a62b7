"""Asks the analyzer's model about one proposal, and holds the answer to the data.

Refuses an answer outside its form, a fact that does not hold, and a model without a price.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.analyzer.form import INSTRUCTIONS, PROMPT, MemoForm
from engine.desk.memos import false_fact
from engine.llm import Caps, ChatClient, Effort, Question, Silence, Unanswered, model_use
from engine.llm.form import clipped, schema_of
from engine.metering.prices import ModelPrice, Usage, cost_usd, price_at
from engine.model.events import ModelUsed
from engine.model.memos import Brief, Memo, Missed
from engine.ports import Analysed, Clock

PURPOSE = "analyzer"
UNCOUNTED = "analyzer, not counted"
"""Purpose of calls that may have been billed and that nobody counted; booked at their worst."""

_MOST_BRIEF_CHARACTERS = 12_000
_LINE = 240


@dataclass(frozen=True, slots=True)
class AnalyzerPlan:
    """Whom to ask, and the bounds.

    Attributes
    ----------
    fact_tolerance_frac : float, fraction of the number
    prices : sequence of ModelPrice
    """

    model: str
    caps: Caps
    fact_tolerance_frac: float
    prices: Sequence[ModelPrice]


class Analyzer:
    """An `Analyst` over one model of one provider.

    Parameters
    ----------
    client : ChatClient
    plan : AnalyzerPlan
    clock : Clock
        Tells at which price an answer is billed.
    """

    def __init__(self, client: ChatClient, plan: AnalyzerPlan, clock: Clock) -> None:
        self._client, self._plan, self._clock = client, plan, clock
        self.witness = f"analyzer.{PROMPT}/{plan.model}"
        self.provider = client.provider.name

    def worst_usd(self, at: datetime) -> Decimal | None:
        """Most that one question may cost at `at`, US dollars; None where nobody named a price."""
        price = self._price(at)
        return None if price is None else self._worst_call(price, at) * self._plan.caps.attempts

    def lost(self, at: datetime) -> tuple[ModelUsed, ...]:
        """What is booked for a question of which nobody knows whether it was billed."""
        price = self._price(at)
        return () if price is None else (self._uncounted(price, 1, at),)

    async def ask(self, brief: Brief) -> Analysed:
        """Ask about one proposal, within its caps; every fault is an answer."""
        if self._price(self._clock.now()) is None:
            told = f"no price of {self._plan.model} stands under [meter.prices]"
            return Analysed(Missed(Silence.UNPRICED, told))
        data = data_of(brief)
        if len(json.dumps(data)) > _MOST_BRIEF_CHARACTERS:
            return Analysed(Missed(Silence.TOO_LONG, "the brief is longer than its cap"))
        question = Question(self._plan.model, INSTRUCTIONS, data)
        answer = await self._client.ask(question, MemoForm, self._plan.caps)
        used = self._used(answer.effort, self._clock.now())
        if isinstance(answer, Unanswered):
            missed = Missed(answer.silence.value, answer.detail)
            return Analysed(missed, used, answer.effort.seconds)
        form = answer.form
        wrong = false_fact(form.told, brief, self._plan.fact_tolerance_frac)
        if wrong:
            return Analysed(Missed(Silence.VOID, wrong), used, answer.effort.seconds)
        memo = Memo(
            witness=self.witness,
            verdict=form.verdict,
            summary=clipped(form.summary, _LINE),
            risks=tuple(clipped(risk, _LINE) for risk in form.risks),
            facts=form.told,
        )
        return Analysed(memo, used, answer.effort.seconds)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    # ------------------------------------------------------------------ money

    def _price(self, at: datetime) -> ModelPrice | None:
        return price_at(self._plan.prices, self.provider, self._plan.model, at)

    def _worst_call(self, price: ModelPrice, at: datetime) -> Decimal:
        # A token is at least one character; nothing of a worst call is cached.
        schema = json.dumps(schema_of(MemoForm))
        characters = _MOST_BRIEF_CHARACTERS + len(INSTRUCTIONS) + len(schema)
        return cost_usd(price, Usage(characters, 0, self._plan.caps.answer_tokens), at)

    def _used(self, effort: Effort, at: datetime) -> tuple[ModelUsed, ...]:
        price = self._price(at)
        if price is None:
            return ()
        local, model = self._client.provider.local, self._plan.model
        counted = model_use(price, model, PURPOSE, effort, at, local=local)
        found = [counted] if counted is not None else []
        if effort.uncounted:
            found.append(self._uncounted(price, effort.uncounted, at))
        return tuple(found)

    def _uncounted(self, price: ModelPrice, calls: int, at: datetime) -> ModelUsed:
        worst = self._worst_call(price, at) * calls
        return ModelUsed(self.provider, self._plan.model, UNCOUNTED, 0, 0, 0, worst)


def data_of(brief: Brief) -> dict[str, object]:
    """A brief as plain JSON data."""
    return {
        "proposal": dict(brief.words),
        "numbers": dict(brief.numbers),
        "layers": [
            {"layer": title, "nats": nats, "says": clipped(reason)}
            for title, nats, reason in brief.layers
        ],
        "headlines": [
            {"at": each.at.isoformat(), "source": each.source, "title": each.title}
            for each in brief.headlines
        ],
    }
