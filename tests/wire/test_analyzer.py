"""The analyzer on the wire, against a DeepSeek on 127.0.0.1: memos, faults, money, injections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from engine.analyzer import Analyzer, AnalyzerPlan
from engine.analyzer.asking import UNCOUNTED
from engine.clock import VirtualClock
from engine.config import Settings
from engine.facade import (
    Actor,
    DecisionNotice,
    MarketChoice,
    MemoView,
    ProposalView,
    Role,
    Secrets,
    open_desk,
)
from engine.llm import Caps, ChatClient, Dialect, Provider
from engine.metering import meter_plan_of
from engine.model.headlines import Headline
from engine.model.memos import Brief, Fact, Memo, MemoVerdict, Missed
from engine.ports import Analysed
from tests.kit.injections import INJECTIONS
from tests.kit.loopback_llm import LlmFault, LoopbackLlm

MODEL = "deepseek-flash"
SUNDAY = datetime(2026, 11, 1, 2, tzinfo=UTC)
MONDAY_PEAK = SUNDAY + timedelta(days=1)
PRICES = meter_plan_of(Settings()).prices
BRIEF = Brief(
    proposal_id="P-7K3Q",
    numbers={"p_mean": 0.41, "entry": 50_000.0, "break_even": 0.36},
    words={"instrument": "BTC-USD"},
    layers=(("Mean reversion", 0.3, "price is 2.1 sigma below its mean"),),
    headlines=(Headline(SUNDAY, "example.org", "Bitcoin climbs"),),
)
GOOD: dict[str, Any] = {
    "verdict": "disagree",
    "summary": "The edge is thin.",
    "risks": ["weekend gap"],
    "facts": [{"name": "p_mean", "value": 0.41}, {"name": "entry", "value": 50_100.0}],
}


@dataclass
class House:
    """A server and analyzers that ask it."""

    server: LoopbackLlm
    opened: AsyncExitStack

    def analyzer(self, at: datetime = SUNDAY, seconds: float = 10.0, **plan: Any) -> Analyzer:
        provider = Provider("deepseek", self.server.base_url, Dialect.DEEPSEEK, self.server.key)
        client = ChatClient(provider)
        self.opened.push_async_callback(client.aclose)
        given: dict[str, Any] = {
            "model": MODEL,
            "caps": Caps(seconds, answer_tokens=900, attempts=2, pause_seconds=0.0),
            "fact_tolerance_frac": 0.01,
            "prices": PRICES,
        }
        return Analyzer(client, AnalyzerPlan(**given | plan), VirtualClock(at))

    def says(self, **changes: Any) -> None:
        """Let the model fill the form in so."""
        self.server.say = lambda body: json.dumps(GOOD | changes)

    async def ask(self, brief: Brief = BRIEF, **how: Any) -> Analysed:
        return await self.analyzer(**how).ask(brief)


@pytest_asyncio.fixture
async def house() -> AsyncIterator[House]:
    made = LoopbackLlm("deepseek", [MODEL], lambda body: json.dumps(GOOD))
    async with made.serve() as server, AsyncExitStack() as opened:
        yield House(server, opened)


def missed(answer: Analysed) -> Missed:
    assert isinstance(answer.said, Missed), answer
    return answer.said


async def test_a_memo_whose_facts_hold_is_a_memo(house: House) -> None:
    answer = await house.ask()
    facts = (Fact("p_mean", 0.41), Fact("entry", 50_100.0))
    assert answer.said == Memo(
        "analyzer.1/deepseek-flash", MemoVerdict.DISAGREE, "The edge is thin.",
        ("weekend gap",), facts,
    )  # fmt: skip
    told = json.loads(house.server.asked[0].user)
    assert told["numbers"]["p_mean"] == 0.41
    assert told["headlines"][0]["title"] == "Bitcoin climbs"


@pytest.mark.parametrize(
    "facts",
    [
        [{"name": "p_mean", "value": 0.62}],
        [{"name": "entry", "value": 1e15}],
        [{"name": "p_mean", "value": 0.41}, {"name": "sharpe", "value": 3.0}],
    ],
)
async def test_a_false_fact_voids_the_memo(house: House, facts: list[dict[str, Any]]) -> None:
    house.says(facts=facts)
    answer = await house.ask()
    assert missed(answer).silence == "void"
    assert answer.used  # it was billed all the same


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "approve"},
        {"verdict": "AGREE"},
        {"facts": []},
        {"size_factor": 50},
        {"facts": [{"name": "p_mean", "value": "0.41"}]},
        {"risks": ["x" * 1000]},
        {"risks": ["a"] * 50},
        {"summary": ""},
        {"summary": None},
    ],
)
async def test_whatever_is_outside_the_form_is_no_memo(
    house: House, changes: dict[str, Any]
) -> None:
    house.says(**changes)
    assert missed(await house.ask()).silence == "void"


@pytest.mark.parametrize(
    ("fault", "silence"),
    [
        (LlmFault.BROKEN, "server fault"),
        (LlmFault.DISCONNECT, "disconnected"),
        (LlmFault.GARBAGE, "unparsable"),
        (LlmFault.ENDLESS, "too long"),
        (LlmFault.LENGTH, "cut short"),
        (LlmFault.WRONG_MODEL, "wrong model"),
        (LlmFault.REDIRECT, "refused"),
    ],
)
async def test_every_fault_is_a_silence_with_its_reason(
    house: House, fault: LlmFault, silence: str
) -> None:
    house.server.fail(fault)
    assert missed(await house.ask()).silence == silence


async def test_a_blank_answer_is_asked_for_once_more_and_both_are_billed(house: House) -> None:
    house.server.fail(LlmFault.BLANK)
    answer = await house.ask()
    assert isinstance(answer.said, Memo)
    assert (answer.used[0].tokens_in, answer.used[0].tokens_out) == (240, 80)
    house.server.fail(LlmFault.BLANK, LlmFault.BLANK)
    assert missed(await house.ask()).silence == "blank"


async def test_a_server_that_hangs_is_left_at_the_cap_and_booked_at_its_worst(
    house: House,
) -> None:
    house.server.fail(LlmFault.HANG)
    analyzer = house.analyzer(seconds=0.5)
    answer = await analyzer.ask(BRIEF)
    assert missed(answer).silence == "timeout"
    (used,) = answer.used
    worst = analyzer.worst_usd(SUNDAY)
    assert worst is not None
    assert (used.purpose, used.cost_usd) == (UNCOUNTED, worst / 2)


@pytest.mark.parametrize(("at", "factor"), [(SUNDAY, 1), (MONDAY_PEAK, 2)])
async def test_it_costs_what_usage_says_at_the_hour_it_was_asked(
    house: House, at: datetime, factor: int
) -> None:
    (used,) = (await house.ask(at=at)).used
    fresh = Decimal(56) * Decimal("0.15") + Decimal(64) * Decimal("0.003")
    expected = (fresh + Decimal(40) * Decimal("0.60")) / 1_000_000
    assert used.cost_usd == expected * factor


async def test_the_worst_is_worse_than_what_it_costs(house: House) -> None:
    analyzer = house.analyzer()
    worst = analyzer.worst_usd(SUNDAY)
    assert worst is not None
    answer = await analyzer.ask(BRIEF)
    assert sum(used.cost_usd for used in answer.used) < worst < Decimal("0.05")
    peak = analyzer.worst_usd(MONDAY_PEAK)
    assert peak == worst * 2


async def test_a_model_without_a_price_is_not_asked(house: House) -> None:
    answer = await house.ask(prices=())
    assert missed(answer).silence == "unpriced"
    assert not house.server.asked
    before = await house.ask(at=datetime(2026, 1, 1, tzinfo=UTC))
    assert missed(before).silence == "unpriced"


async def test_a_brief_beyond_its_cap_is_not_sent(house: House) -> None:
    layers = tuple(("x" * 200, 0.1, "y" * 160) for _ in range(60))
    assert missed(await house.ask(Brief("P-1", {"a": 1.0}, {}, layers))).silence == "too long"
    assert not house.server.asked


Obey = Callable[[Mapping[str, Any]], str]


@pytest.mark.parametrize("text", [t for t in INJECTIONS if t.strip()][::6])
async def test_an_injection_in_a_headline_stays_data(house: House, text: str) -> None:
    from engine.news.titles import plain_title

    title = plain_title(text)
    news = (Headline(SUNDAY, "example.org", title),) if title else ()
    brief = Brief("P-1", BRIEF.numbers, BRIEF.words, (), news)
    answer = await house.ask(brief)
    assert isinstance(answer.said, Memo)
    asked = house.server.asked[-1]
    assert not title or title not in asked.system
    assert json.loads(asked.user)["headlines"] == [
        {"at": SUNDAY.isoformat(), "source": "example.org", "title": each.title} for each in news
    ]
    assert "<" not in asked.user


@pytest.mark.parametrize("text", INJECTIONS[::4])
async def test_a_model_that_obeys_an_injection_says_nothing_that_counts(
    house: House, text: str
) -> None:
    house.server.say = lambda body: text
    answer = await house.ask()
    assert isinstance(answer.said, Missed)
    # As the words of a memo they are one plain line, and no more.
    house.says(summary=text or "x", risks=[])
    said = (await house.ask()).said
    if isinstance(said, Memo):
        assert len(said.summary) <= 240
        assert said.summary.isprintable()


async def test_a_desk_as_it_is_opened_asks_and_shows_the_memo(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The composition root, a simulated market in real time, the worker, and the view."""
    monkeypatch.setenv("DEEPSEEK_API_KEY", house.server.key)
    house.server.say = lambda body: json.dumps(
        GOOD | {"facts": [{"name": "p_mean", "value": json.loads(
            body["messages"][1]["content"])["numbers"]["p_mean"]}]}
    )  # fmt: skip
    settings = Settings.model_validate(
        {
            "market": {"warmup_bars": 300},
            "analyzer": {"enabled": True, "above_usd": 0, "base_url": house.server.base_url},
            "meter": {"prices": {"deepseek_flash": {"since": date(2020, 1, 1)}}},
        }
    )
    choice = MarketChoice(source="simulated", speed=1.0)
    desk = await open_desk(settings, choice, tmp_path / "desk.sqlite", Secrets())
    running = asyncio.create_task(desk.run())
    try:
        view = await desk.propose(Actor("1", "B", Role.OWNER), "BTC-USD")
        assert isinstance(view, ProposalView), view
        memo: MemoView | None = None
        async for notice in desk.posts.notices():
            if isinstance(notice, DecisionNotice):
                memo = notice.proposal.memo
                break
        assert memo is not None
        assert (memo.verdict, memo.summary) == (MemoVerdict.DISAGREE, "The edge is thin.")
        assert "Analyzer" not in " ".join(view.witnesses)
        (line,) = [each for each in desk.costs().bill.models if each.provider == "deepseek"]
        assert (line.calls, line.tokens_in) == (1, 120)
        assert line.spent_usd > 0
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await desk.close()
