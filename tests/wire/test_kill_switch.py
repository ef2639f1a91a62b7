"""Halting a real desk: from its own machine while Discord is down, and by an overseer's message.

The desk is the real process with a token, as on real Discord; that Discord runs here, so that it
can go down while the desk works.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox import SandboxServer
from tests.kit.executor_process import ROOT, ExecutorProcess, Finished, environment, executor
from tests.kit.recorded import generated_history
from tests.kit.sandbox_tools import SteppingClock, until

pytestmark = pytest.mark.timeout(180)

_CONFIG = """
[market]
warmup_bars = 300
[pipeline]
stretch_sigmas = 9.0
exhaustion_depth_sigmas = 9.0
[discord]
owner_id = "{owner}"
overseer_ids = ["{overseer}"]
guild_id = "{guild}"
read_halt_messages = {reads}
"""
_EXECUTION = "trader-execution"
_ASKED_AT_MOST = 40


@dataclass
class House:
    """A Discord here, a desk in a process of its own, and B's hands."""

    folder: Path
    server: SandboxServer
    process: ExecutorProcess

    def channel(self, name: str) -> str | None:
        found = self.server.world.guild.channels.items()
        return next((each for each, channel in found if channel["name"] == name), None)

    async def slash(self, command: str, **options: Any) -> None:
        place = self.channel(_EXECUTION) or self.server.general_id
        person = self.server.person("owner")
        await self.server.acting.slash(person, place, command, options)

    def messages(self) -> list[dict[str, Any]]:
        place = self.channel(_EXECUTION)
        if place is None:
            return []
        owner = self.server.user_id("owner")
        return self.server.world.messages.latest(place, limit=100, user_id=owner)

    async def posted(self, *words: str) -> str:
        """Wait until a post in the execution channel says all of `words`; its text."""

        def found() -> str | None:
            texts = (json.dumps(each, ensure_ascii=False) for each in self.messages())
            return next((text for text in texts if all(word in text for word in words)), None)

        try:
            return await until(self.server, found, within_s=30.0)
        except TimeoutError:
            said = [json.dumps(each["components"])[:600] for each in self.messages()]
            raise AssertionError(f"nobody said {words} but {said}; {self.process.log()}") from None

    async def command(self, *arguments: str) -> Finished:
        given = (*arguments, "--db", "desk.sqlite")
        return await asyncio.to_thread(executor, *given, cwd=self.folder)

    async def journal(self) -> list[dict[str, Any]]:
        out = self.folder / "journal.jsonl"
        done = await self.command("journal", "export", "--out", str(out))
        assert done.code == 0, done.err
        text = await asyncio.to_thread(out.read_text, encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]


@asynccontextmanager
async def at_work(folder: Path, *, speed: str, reads: bool = False) -> AsyncIterator[House]:
    """A desk that has set itself up on a Discord that is up."""
    async with SandboxServer(now=SteppingClock()) as server:
        online = asyncio.Event()
        server.feed.listen(lambda event: online.set() if event.payload.get("online") else None)
        config = _CONFIG.format(
            owner=server.user_id("owner"), overseer=server.user_id("overseer"),
            guild=server.guild_id, reads=str(reads).lower(),
        )  # fmt: skip
        (folder / "config.toml").write_text(config)
        history = generated_history(folder)
        with (folder / "errors.log").open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.kit.desk_on_loopback", "run", *history.options,
                *("--from", history.start.isoformat(), "--speed", speed, "--hold", "60"),
                *("--db", str(folder / "desk.sqlite"), "--config", str(folder / "config.toml")),
                cwd=ROOT,
                env=environment(
                    DISCORD_TOKEN=server.bot_token,
                    TEST_DISCORD_API=server.api_url,
                    TEST_DISCORD_GATEWAY=server.gateway_url,
                    TEST_DISCORD_CDN=server.base_url,
                ),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
            )  # fmt: skip
        house = House(folder, server, ExecutorProcess(process, "", folder / "errors.log"))
        try:
            async with asyncio.timeout(60.0):
                await online.wait()
            await house.slash("setup")
            yield house
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def of_kind(entries: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["kind"] in kinds]


async def test_file_halts_a_desk_whose_discord_is_down_and_its_exits_go_on(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path, speed="14400") as house:
        await house.slash("propose", instrument="XAU-USD")
        card = await house.posted("waits for the owner")
        found = re.search(r"proposal:approve:(P-\w{4})", card)
        assert found is not None
        await house.slash("approve", proposal=found[1])
        await house.posted("Bought", found[1])
        await house.server.stop()

        done = await house.command("halt", "--reason", "discord is down", "--json")
        assert done.code == 0, done.out + done.err
        shown = done.json
        entries = await house.journal()
        (halt,) = of_kind(entries, "halted")
        assert halt["seq"] == shown["seq"]
        assert halt["payload"]["by"]["id"] == "kill-file"
        assert halt["payload"]["reason"] == "discord is down"

        sold: list[dict[str, Any]] = []
        for _ in range(_ASKED_AT_MOST):  # each look takes a process of its own: no sleeping
            entries = await house.journal()
            sold = [e for e in of_kind(entries, "order_filled") if e["seq"] > halt["seq"]]
            if sold:
                break
        assert sold, house.process.log()[-2000:]
        risk = await house.command("risk", "--json")
        assert (risk.json["state"], risk.json["kill_switch"]["thrown"]) == ("halted", True)
        freed = await house.command("halt", "--off")
        assert "until its owner gives /resume" in freed.out
        assert house.process.running
        assert await house.process.stop() == 0, house.process.log()[-2000:]
    late = [
        e["payload"]["order"] for e in of_kind(entries, "order_intended") if e["seq"] > halt["seq"]
    ]
    assert [order["side"] for order in late if order["purpose"] == "entry"] == []


@pytest.mark.parametrize(
    ("reads", "said"), [(False, "<@{bot}> halt odd prices"), (True, "!halt odd prices")]
)
async def test_overseers_message_halts_the_desk(tmp_path: Path, reads: bool, said: str) -> None:
    async with at_work(tmp_path, speed="3600", reads=reads) as house:
        await house.posted("The desk is open")
        place = house.channel(_EXECUTION)
        assert place is not None
        overseer = house.server.person("overseer")
        words = said.format(bot=house.server.application_id)
        house.server.acting.say(overseer, place, "please halt it")
        house.server.acting.say(overseer, place, words)
        await house.posted("Entries are halted", "Arki", "odd prices")
        (halt,) = of_kind(await house.journal(), "halted")
        assert halt["payload"]["by"]["role"] == "overseer"
        assert await house.process.stop() == 0
