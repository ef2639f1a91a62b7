"""The doctor's line on the analyzer, against a DeepSeek on 127.0.0.1; nothing costs money."""

from __future__ import annotations

from typing import Any

import pytest

from engine.checkup import Health, _analyzer
from engine.clock import SystemClock
from engine.config import Secrets, Settings
from engine.model.bars import Timeframe
from engine.opening.analyzer import analyst_of, why_not_asked
from engine.opening.witnesses import NO_AIDS, Aids, silent_witnesses
from engine.views import MarketView
from tests.kit.loopback_llm import LoopbackLlm


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    monkeypatch.setenv("DEEPSEEK_API_KEY", LoopbackLlm.key)
    return Secrets()


def chosen(**analyzer: Any) -> Settings:
    return Settings.model_validate({"analyzer": {"enabled": True} | analyzer})


async def test_it_is_off_unless_the_owner_turns_it_on(keyed: Secrets) -> None:
    found = await _analyzer(Settings(), keyed)
    assert (found.health, found.detail) == (Health.GOOD, "off: no memo is asked for")


async def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert "no DEEPSEEK_API_KEY" in (await _analyzer(chosen(), Secrets())).detail


async def test_a_missing_price_is_named(keyed: Secrets) -> None:
    found = await _analyzer(chosen(model="deepseek-other"), keyed)
    assert (found.health, found.detail) == (Health.NOTE, "deepseek-other has no price")


@pytest.mark.parametrize(
    ("models", "health", "told"),
    [
        (["deepseek-flash"], Health.GOOD, "has deepseek-flash"),
        (["deepseek-v4-pro"], Health.NOTE, "not listed there"),
    ],
)
async def test_what_its_server_lists_is_told(
    keyed: Secrets, models: list[str], health: Health, told: str
) -> None:
    async with LoopbackLlm("deepseek", models, lambda body: "").serve() as server:
        found = await _analyzer(chosen(base_url=server.base_url), keyed)
        assert found.health is health
        assert told in found.detail
        assert server.asked == []


async def test_a_server_that_does_not_answer_is_no_fault_of_the_desk(keyed: Secrets) -> None:
    found = await _analyzer(chosen(base_url="http://127.0.0.1:9/v1"), keyed)
    assert (found.health, found.fatal) == (Health.NOTE, False)


def test_it_is_asked_only_with_a_key_and_where_time_is_real(keyed: Secrets) -> None:
    def view(*, paced: bool) -> MarketView:
        return MarketView("kraken", "", False, paced, Timeframe.H1)

    clock, aids = SystemClock(), Aids(keyed)
    assert analyst_of(chosen(), aids, view(paced=False), clock) is not None
    assert analyst_of(chosen(), aids, view(paced=True), clock) is None
    assert analyst_of(chosen(), NO_AIDS, view(paced=False), clock) is None
    assert analyst_of(Settings(), aids, view(paced=False), clock) is None
    why = why_not_asked(chosen(), aids, paced=True)
    assert "Analyzer (not asked in virtual time)" in silent_witnesses(chosen(), why)
    assert silent_witnesses(chosen(), "")[-1].startswith("Gamma")
