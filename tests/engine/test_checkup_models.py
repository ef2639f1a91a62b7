"""The doctor's line on the scouts' server: off, gone, without a model, without a price, fit."""

from __future__ import annotations

from typing import Any

import pytest

from engine.checkup import Finding, Health, _scouts
from engine.config import Secrets, Settings
from tests.kit.loopback_llm import LoopbackLlm, opinion

VISION, TEXT = "qwen2.5-vl-3b-instruct", "google/gemma-2-2b-it"


async def _line(models: list[str], **scouts: Any) -> tuple[Finding, LoopbackLlm]:
    async with LoopbackLlm("lm_studio", models, opinion()).serve() as llm:
        keys = {"base_url": llm.base_url} | scouts
        finding = await _scouts(Settings.model_validate({"scouts": keys}), Secrets())
    return finding, llm


async def test_a_fit_server_is_good_and_names_its_models() -> None:
    finding, llm = await _line([TEXT, VISION])
    assert finding.health is Health.GOOD
    assert VISION in finding.detail
    assert TEXT in finding.detail
    assert not llm.asked, "a look costs no token"


async def test_without_an_address_the_scouts_are_silent() -> None:
    finding = await _scouts(Settings(), Secrets())
    assert finding.health is Health.NOTE
    assert "scouts.base_url" in finding.mend


async def test_a_missing_model_is_named_with_what_is_there() -> None:
    finding, _ = await _line([TEXT])
    assert finding.health is Health.NOTE
    assert "*qwen2.5-vl-3b*" in finding.detail
    assert TEXT in finding.detail
    assert "scouts.vision_model" in finding.mend


async def test_a_server_that_is_gone_is_a_note_and_not_fatal() -> None:
    _, llm = await _line([])
    gone = Settings.model_validate({"scouts": {"base_url": llm.base_url}})
    finding = await _scouts(gone, Secrets())
    assert finding.health is Health.NOTE
    assert "unreachable" in finding.detail
    assert not finding.fatal


async def test_a_model_without_a_price_is_told_before_it_is_needed() -> None:
    finding, _ = await _line([TEXT, VISION], provider="somebody")
    assert finding.health is Health.NOTE
    assert "[meter.prices]" in finding.mend


@pytest.mark.parametrize("url", ["ftp://x", "localhost:1234", "http:// x"])
def test_an_address_that_is_none_is_refused_by_the_settings(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Settings.model_validate({"scouts": {"base_url": url}})
