"""A real, tiny model behind llama.cpp: proves protocol, parsing and abstaining, nothing else.

Skipped until `scripts/fetch_tiny_model.py` has fetched it.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from engine.clock import SystemClock
from engine.config import Settings
from engine.llm import (
    Answered,
    Caps,
    ChatClient,
    Dialect,
    Form,
    Provider,
    Question,
    Silence,
    Unanswered,
)
from engine.metering.plan import meter_plan_of
from engine.model.witnesses import Abstention, Opinion
from engine.scouts import Swarm, SwarmPlan
from tests.kit.looks import look

ROOT = Path(__file__).parents[2]
NAME = "smollm2-135m-instruct"
SERVER = ROOT / "tests" / "kit" / "tiny_model_server.py"
JUNK = {Silence.UNPARSABLE, Silence.VOID, Silence.CUT_SHORT, Silence.BLANK}
pytestmark = [pytest.mark.tiny_model, pytest.mark.timeout(180)]


class Word(Form):
    stance: Literal["long", "stand_aside", "exit"]
    sure: Annotated[int, Field(ge=0, le=9)]


def _fetching() -> Any:
    spec = importlib.util.spec_from_file_location("fetch", ROOT / "scripts/fetch_tiny_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Address of the model's server."""
    fetching = _fetching()
    home = fetching.tiny_model_home()
    weights = fetching.weights_of(home)
    if weights is None:
        pytest.skip("no tiny model: python3 scripts/fetch_tiny_model.py fetches it (125 MB)")
    process = await asyncio.create_subprocess_exec(
        str(fetching.python_of(home)), str(SERVER), str(weights), NAME,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60.0):
            told = (await process.stdout.readline()).decode().split()
        assert told[0] == "READY"
        yield f"{told[1]}/v1"
    finally:
        process.kill()
        await process.wait()


async def test_a_real_model_is_listed_asked_and_read_strictly(url: str) -> None:
    question = Question(NAME, "Answer in JSON: stance and how sure you are.", {"close": 3.0})
    caps = Caps(seconds=60.0, answer_tokens=60)
    said: dict[Dialect, Answered[Word] | Unanswered] = {}
    for dialect in (Dialect.LM_STUDIO, Dialect.GENERIC):
        client = ChatClient(Provider("lm_studio", url, dialect))
        async with aclosing(client):
            assert await client.models(30.0) == (NAME,)
            said[dialect] = await client.ask(question, Word, caps)
    held = said[Dialect.LM_STUDIO]
    assert isinstance(held, Answered), held  # llama.cpp holds it to the schema
    assert held.form.stance in {"long", "stand_aside", "exit"}
    for answer in said.values():
        assert answer.effort.usage.into > 10
        assert 0 < answer.effort.usage.out <= 60
        assert isinstance(answer, Answered) or answer.silence in JUNK


async def test_gamma_on_a_real_model_speaks_by_the_form_or_abstains(url: str) -> None:
    plan = SwarmPlan(
        vision_model="*qwen2.5-vl-3b*",
        text_model="*smollm2*",
        answer=Caps(seconds=120.0, answer_tokens=80),
        load_seconds=120.0,
        round_seconds=150.0,
        at_once=1,
        level_tolerance_frac=0.005,
        prices=meter_plan_of(Settings()).prices,
    )
    client = ChatClient(Provider("lm_studio", url, Dialect.LM_STUDIO, local=True))
    clock = SystemClock()
    async with aclosing(Swarm(client, plan, clock, clock)) as swarm:
        wanted = [("alpha", look()), ("gamma", look())]
        said = {s.said.voter.name: s async for s in swarm.consult(wanted, 100_000)}
    assert isinstance(said["alpha"].said, Abstention)
    assert said["alpha"].said.silence == Silence.ABSENT
    gamma = said["gamma"]
    assert isinstance(gamma.said, Opinion) or gamma.said.silence in {*JUNK, Silence.FALSE_CLAIM}
    assert gamma.used[0].tokens_in > 300
