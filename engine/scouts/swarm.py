"""The swarm: who is due is asked, model by model, within the round's time and the day's tokens.

Refuses to raise for a model, its server, a chart or a headline: that scout abstains, and why is
kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import structlog

from engine.llm import (
    Answered,
    Caps,
    ChatClient,
    Effort,
    Question,
    Silence,
    Unanswered,
    choose,
    model_use,
    worst_use,
)
from engine.llm.dialects import data_as_text
from engine.metering.prices import ModelPrice, price_at
from engine.model.bars import Candles
from engine.model.events import ModelUsed
from engine.model.headlines import Headline
from engine.model.witnesses import SCOUT_PURPOSE, Abstention, Voter
from engine.ports import ChartPainter, Clock, Headlines, Look, Statement
from engine.scouts.form import OpinionForm, false_claim, opinion_of
from engine.scouts.prompts import PROMPTS, READ_HEADLINES, Prompt, data_for

_log = structlog.get_logger(__name__)
_LIST_SECONDS = 10.0
_READ_SECONDS = 10.0
_FEWEST_BARS = 20
_PICTURE_TOKENS = 2000
"""More than the vision models here take for a chart."""


@dataclass(frozen=True, slots=True)
class SwarmPlan:
    """Models and bounds.

    Attributes
    ----------
    vision_model, text_model : str
        Patterns of the ids that the server lists.
    answer : Caps
        Of one question.
    load_seconds : float, real seconds
        Cap on the first answer of a model.
    round_seconds : float, real seconds
        Cap on a whole round.
    at_once : int, >= 1
        Questions at the same time to one model.
    level_tolerance_frac : float, fraction of the price
    prices : tuple of ModelPrice
    """

    vision_model: str
    text_model: str
    answer: Caps
    load_seconds: float
    round_seconds: float
    at_once: int
    level_tolerance_frac: float
    prices: tuple[ModelPrice, ...]

    def pattern(self, prompt: Prompt) -> str:
        """The pattern of a scout's model."""
        return self.vision_model if prompt.sees else self.text_model


@dataclass(frozen=True, slots=True)
class _Ask:
    prompt: Prompt
    voter: Voter
    look: Look
    price: ModelPrice


class Swarm:
    """Three scouts on one server.

    Parameters
    ----------
    clock : Clock
        Of the desk: nothing that came later is read.
    billing_clock : Clock
        Real time, by which providers bill, also while a replay is shown.
    painter : ChartPainter or None
        None where nobody draws: who looks at pictures abstains then.
    headlines : Headlines or None
        None where nobody reads the news.
    """

    def __init__(
        self,
        client: ChatClient,
        plan: SwarmPlan,
        clock: Clock,
        billing_clock: Clock,
        painter: ChartPainter | None = None,
        headlines: Headlines | None = None,
    ) -> None:
        self._client, self._plan, self._clock = client, plan, clock
        self._billing_clock = billing_clock
        self._painter, self._headlines = painter, headlines
        self._loaded: set[str] = set()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    def shown(self, name: str, look: Look) -> Candles:
        """Which candles of a look the scout `name` is shown."""
        return PROMPTS[name].candles(look)

    async def consult(
        self, wanted: Sequence[tuple[str, Look]], tokens_left: int
    ) -> AsyncIterator[Statement]:
        """Ask scouts, by name, about looks; one statement each, as they come."""
        ends = asyncio.get_running_loop().time() + self._plan.round_seconds
        prompts = [PROMPTS[name] for name in dict.fromkeys(name for name, _ in wanted)]
        listed = await self._client.models(min(_LIST_SECONDS, self._plan.answer.seconds))
        if isinstance(listed, Unanswered):
            for prompt in prompts:
                yield _abstain(self._voter(prompt, ""), "", listed.silence, listed.detail)
            return
        asks: list[_Ask] = []
        for prompt in prompts:
            found = self._seat(prompt, listed)
            if isinstance(found, Statement):
                yield found
                continue
            voter, price = found
            asks += [
                _Ask(prompt, voter, look, price) for name, look in wanted if name == prompt.scout
            ]
        # A server keeps one model at a time: all questions to one before the next.
        asks.sort(key=lambda ask: ask.voter.model)
        spent = 0
        for _, of_model in groupby(asks, key=lambda ask: ask.voter.model):
            hangs = False
            for together in _in_groups(list(of_model), self._plan.at_once, self._loaded):
                # One question that hangs is enough: the others of this round are not put.
                left = 0.0 if hangs else ends - asyncio.get_running_loop().time()
                said = await asyncio.gather(
                    *(self._safely(ask, left, tokens_left - spent) for ask in together)
                )
                hangs = hangs or any(_hung(statement) for statement in said)
                for statement in said:
                    spent += _tokens(statement)
                    yield statement

    # ------------------------------------------------------------------ one scout

    def _voter(self, prompt: Prompt, model: str) -> Voter:
        return Voter(prompt.scout, prompt.version, model)

    def _seat(self, prompt: Prompt, listed: Sequence[str]) -> tuple[Voter, ModelPrice] | Statement:
        """Who speaks and at which price; a statement where nobody can."""
        pattern, provider = self._plan.pattern(prompt), self._client.provider
        chosen = choose(listed, pattern)
        if chosen is None:
            told = f"{provider.base_url} lists no model like {pattern}"
            return _abstain(self._voter(prompt, ""), "", Silence.ABSENT, told)
        voter = self._voter(prompt, chosen.model)
        price = price_at(self._plan.prices, provider.name, chosen.model, self._billing_clock.now())
        if price is None:
            told = f"no price is known for {chosen.model} of {provider.name}: add [meter.prices]"
            return _abstain(voter, "", Silence.UNPRICED, told)
        return voter, price

    async def _safely(self, ask: _Ask, seconds: float, tokens: int) -> Statement:
        """Ask; a fault of ours is logged whole, and the scout abstains."""
        try:
            return await self._ask(ask, seconds, tokens)
        except Exception as fault:  # noqa: BLE001  a witness must not end the desk
            _log.exception("a scout could not be asked", scout=ask.voter.name)
            told = f"{type(fault).__name__}, see the log"
            return _abstain(ask.voter, ask.look.instrument, Silence.FAULT, told)

    async def _ask(self, ask: _Ask, seconds: float, tokens: int) -> Statement:
        refused = self._cannot(ask, seconds, tokens)
        if refused is not None:
            return _abstain(ask.voter, ask.look.instrument, *refused)
        question = Question(
            model=ask.voter.model,
            instructions=ask.prompt.text,
            data=data_for(ask.prompt, ask.look, await self._read(ask, seconds)),
            pictures=await self._painted(ask),
        )
        first = ask.voter.model not in self._loaded
        patience = self._plan.load_seconds if first else self._plan.answer.seconds
        caps = replace(self._plan.answer, seconds=min(patience, seconds))
        found = await self._client.ask(question, OpinionForm, caps)
        if found.effort.uses:
            self._loaded.add(ask.voter.model)
        return self._statement(ask, question, found)

    def _cannot(self, ask: _Ask, seconds: float, tokens: int) -> tuple[Silence, str] | None:
        """Why a scout need not even be asked."""
        bars = len(ask.prompt.candles(ask.look).bars)
        if bars < _FEWEST_BARS:
            return Silence.TOO_FEW_BARS, f"needs {_FEWEST_BARS} closed candles, has {bars}"
        if ask.prompt.sees and self._painter is None:
            return Silence.NO_CHART, "nobody draws charts here"
        if tokens <= 0:
            return Silence.BUDGET, "the tokens of this UTC day are used up"
        if seconds <= 0.0:
            return Silence.TIMEOUT, "its turn did not come: the server hangs, or the round is over"
        return None

    async def _painted(self, ask: _Ask) -> tuple[bytes, ...]:
        if not ask.prompt.sees or self._painter is None:
            return ()
        return (await asyncio.to_thread(self._painter, ask.prompt.candles(ask.look)),)

    async def _read(self, ask: _Ask, seconds: float) -> tuple[Headline, ...]:
        if ask.prompt.sees or self._headlines is None:
            return ()
        try:
            async with asyncio.timeout(min(_READ_SECONDS, seconds)):
                return await self._headlines.headlines(
                    ask.look.instrument, self._clock.now(), READ_HEADLINES
                )
        except TimeoutError:
            _log.warning("no headlines in time", source=self._headlines.name)
            return ()

    def _statement(
        self, ask: _Ask, question: Question, found: Answered[OpinionForm] | Unanswered
    ) -> Statement:
        instrument, seconds = ask.look.instrument, found.effort.seconds
        used = self._used(ask, question, found.effort)
        if isinstance(found, Unanswered):
            said = Abstention(ask.voter, instrument, found.silence.value, found.detail)
            return Statement(said, seconds, used)
        bars = ask.prompt.candles(ask.look).bars
        false = false_claim(found.form, bars, self._plan.level_tolerance_frac)
        if false:
            void = Abstention(ask.voter, instrument, Silence.FALSE_CLAIM.value, false)
            return Statement(void, seconds, used)
        return Statement(opinion_of(found.form, ask.voter, bars), seconds, used)

    def _used(self, ask: _Ask, question: Question, effort: Effort) -> tuple[ModelUsed, ...]:
        """What is booked: as counted, and at its worst where nobody counted."""
        price, model, at = ask.price, ask.voter.model, self._billing_clock.now()
        purpose, local = f"{SCOUT_PURPOSE}{ask.voter.name}", self._client.provider.local
        counted = model_use(price, model, purpose, effort, at, local=local)
        booked = [counted] if counted is not None else []
        if effort.uncounted:
            size = len(question.instructions) + len(data_as_text(question.data))
            size += _PICTURE_TOKENS * len(question.pictures)
            caps, calls = self._plan.answer, effort.uncounted
            booked.append(worst_use(price, model, purpose, size, caps, calls, at))
        return tuple(booked)


def _abstain(voter: Voter, instrument: str, silence: Silence, detail: str) -> Statement:
    return Statement(Abstention(voter, instrument, silence.value, detail), 0.0)


def _in_groups(
    asks: Sequence[_Ask], at_once: int, loaded: Collection[str]
) -> Iterator[list[_Ask]]:
    """Questions to one model in groups; the one that has it loaded goes alone."""
    left = list(asks)
    while left:
        size = at_once if left[0].voter.model in loaded else 1
        yield left[:size]
        left = left[size:]


def _hung(statement: Statement) -> bool:
    said = statement.said
    return isinstance(said, Abstention) and said.silence == Silence.TIMEOUT


def _tokens(statement: Statement) -> int:
    return sum(used.tokens_in + used.tokens_out for used in statement.used)
