"""The main job from outside: the real process, a real Chromium, B's own hands.

History is replayed; scans are posted; one proposal is approved by its button, one by a command,
one is rejected and one expires; the process is killed in between and comes back; exits and
profit are posted. Nothing here looks into the process but through its page and its journal.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.sandbox import SandboxServer
from tests.kit.executor_process import ExecutorProcess, executor, running
from tests.kit.page import Card, SandboxPage, by
from tests.kit.recorded import History, generated_history, missing_reason, recorded_history
from tests.kit.sandbox_tools import SteppingClock

if TYPE_CHECKING:  # a plugin must not be imported before pytest loads it
    from tests.kit.browser import OpenPage

pytest_plugins = ("tests.kit.browser",)
pytestmark = [pytest.mark.chromium, pytest.mark.timeout(180)]

# B's desk for tests: only what B asks for is raised, so that the story is the same in any week.
_SETTINGS = """
[market]
warmup_bars = 300
[pipeline]
stretch_sigmas = 9.0
exhaustion_depth_sigmas = 9.0
[schedule]
scan_min_gap_seconds = 1.0
"""
_ASKING = ("--speed", "3600", "--hold", "60")
_HURRYING = ("--speed", "28800", "--hold", "1")
_TOLD = {
    "desk_opened",
    "proposal_raised",
    "proposal_approved",
    "proposal_rejected",
    "proposal_expired",
    "order_filled",
}
_POSTED = re.compile(r"post [0-9a-f]{12}|-# [0-9a-f]{12}")


@pytest.fixture(params=["generated", pytest.param("recorded", marks=pytest.mark.market_data)])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> History:
    """Files that are replayed: made for the test, or the shared recordings."""
    if request.param == "generated":
        return generated_history(tmp_path)
    if reason := missing_reason():
        pytest.skip(reason)
    return recorded_history()


@dataclass(frozen=True, slots=True)
class House:
    """Everything that outlives a process: its files."""

    folder: Path
    history: History

    @property
    def db(self) -> Path:
        return self.folder / "desk.sqlite"

    @asynccontextmanager
    async def at_work(
        self, open_page: OpenPage, *pace: str
    ) -> AsyncIterator[tuple[ExecutorProcess, SandboxPage]]:
        """A process on this house's files, and B's page on it in #trader-execution."""
        (self.folder / "config.toml").write_text(_SETTINGS)
        options = [*self.history.options, "--from", self.history.start.isoformat()]
        async with running(
            *options,
            *("--port", "0", "--db", str(self.db), "--config", "config.toml", *pace),
            cwd=self.folder,
            errors=self.folder / "errors.log",
        ) as process:
            page = SandboxPage(await open_page(process.address))
            await page.bot_is_up()
            await page.act_as("owner")
            await page.open_channel("trader-execution")
            yield process, page

    def verified(self) -> dict[str, Any]:
        """What ``executor journal verify --json`` says."""
        done = executor("journal", "verify", "--db", self.db, "--json", cwd=self.folder)
        assert done.code == 0, done.err
        report: dict[str, Any] = done.json
        return report

    def journal(self) -> list[dict[str, Any]]:
        """Every entry, through ``executor journal export``."""
        out = self.folder / "journal.jsonl"
        done = executor("journal", "export", "--db", self.db, "--out", out, cwd=self.folder)
        assert done.code == 0, done.err
        return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


# ---- B's day, step by step -----------------------------------------------------------------


async def sees_a_scan_with_its_chart(page: SandboxPage) -> None:
    await page.open_channel("research-trader")
    message_id, text = await page.said("BTC-USD", "XAU-USD", "XAG-USD")
    assert "REPLAY" in text
    assert await page.picture_of(message_id) > 300
    await page.open_channel("trader-execution")


async def approves_by_button(page: SandboxPage) -> Card:
    card = await page.propose("BTC-USD")
    assert await page.picture_of(card.message_id) > 300
    await others_are_refused(page, card)
    assert f"{card.id} approved" in await page.click(card, "approve")
    await page.becomes(card, "approved", "by B")
    assert await page.page.locator(card.button("approve")).count() == 0
    await page.said("Bought", f"of {card.id}")
    return card


async def others_are_refused(page: SandboxPage, card: Card) -> None:
    await page.act_as("overseer")
    assert "Only the owner may do that" in await page.click(card, "approve")
    await page.act_as("stranger")
    await page.page.locator(by("channel-trader-execution")).wait_for(state="detached")
    status, body = await page.forge_click(card, "approve", "stranger")
    assert status == 400, body
    await page.act_as("owner")
    await page.open_channel("trader-execution")
    await page.becomes(card, "waits for the owner")


async def approves_by_command(page: SandboxPage) -> Card:
    card = await page.propose("XAU-USD")
    answer = await page.slash("approve", {"proposal": card.id})
    assert f"{card.id} approved" in answer
    await page.becomes(card, "approved", "by B")
    await page.said("Bought", f"of {card.id}")
    return card


async def rejects_with_a_reason(page: SandboxPage) -> Card:
    card = await page.propose("XAG-USD")
    assert f"{card.id} is rejected" in await page.reject(card, "silver is too thin today")
    await page.becomes(card, "rejected", "by B", "silver is too thin today")
    return card


async def books(page: SandboxPage) -> list[str]:
    """What B is told of positions, money and open questions, without times of this machine."""
    shown = [await page.slash(name) for name in ("positions", "portfolio", "proposals")]
    lines = [line for text in shown for line in text[text.index("used") :].splitlines()]
    return [line for line in lines if not re.fullmatch(r"\d\d:\d\d", line)]


async def lets_one_expire(page: SandboxPage) -> str:
    answer = await page.slash("propose", {"instrument": "BTC-USD"})
    found = re.search(r"P-\w{4}", answer)
    assert found is not None, answer
    await page.said("expired: silence is a no", found[0])
    return found[0]


async def sees_the_exits(page: SandboxPage, *cards: Card) -> dict[str, str]:
    """The post of each closed trade: what was won or lost, and what ended it."""
    return {card.id: (await page.said(f"{card.id} closed:", "equity"))[1] for card in cards}


# ---- the story -------------------------------------------------------------------------------


async def test_main_job_runs_through_and_survives_a_kill(
    history: History, tmp_path: Path, chromium: OpenPage
) -> None:
    house = House(tmp_path, history)
    async with house.at_work(chromium, *_ASKING) as (process, page):
        await sees_a_scan_with_its_chart(page)
        bitcoin = await approves_by_button(page)
        gold = await approves_by_command(page)
        rejected = await rejects_with_a_reason(page)
        silver = await page.propose("XAG-USD")
        before = await books(page)
        assert all(card.id in "".join(before) for card in (bitcoin, gold, silver))
        await process.kill()
    killed = house.verified()
    old = house.journal()
    assert_told_once(old)

    async with house.at_work(chromium, *_ASKING) as (process, page):
        await page.said("Restarted from the journal")
        assert await books(page) == before
        again = await page.card(silver.id)
        assert again == silver
        await page.click(silver, "approve")
        await page.becomes(silver, "approved", "by B")
        await page.said("Bought", f"of {silver.id}")
        assert await process.stop() == 0, process.log()
    stopped = house.verified()
    assert stopped["head_seq"] > killed["head_seq"]
    assert house.journal()[: len(old)] == old

    async with house.at_work(chromium, *_HURRYING) as (process, page):
        exits = await sees_the_exits(page, bitcoin, gold, silver)
        expired = await lets_one_expire(page)
        assert await process.stop() == 0, process.log()
        assert "Traceback" not in process.log()
    assert all(re.search(r"closed: [+−]?\$[\d.,]+", text) for text in exits.values()), exits
    whole = house.journal()
    assert whole[: len(old)] == old
    assert house.verified()["ok"]
    assert_decided(whole, [bitcoin.id, gold.id, silver.id], rejected.id, expired)
    assert_told_once(whole)
    assert_no_hour_is_skipped(whole)
    await assert_nothing_is_posted_twice(house, whole)
    if history.files["BTC-USD"].parent == tmp_path:
        ends = [exits[card.id] for card in (bitcoin, gold, silver)]
        words = ["the target was reached", "the stop was hit", "the time limit was over"]
        assert [word in text for word, text in zip(words, ends, strict=True)] == [True] * 3, ends


# ---- what the record and the channels must hold ----------------------------------------------


def of_kind(entries: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [entry["payload"] for entry in entries if entry["kind"] == kind]


def assert_decided(
    entries: list[dict[str, Any]], approved: list[str], rejected: str, expired: str
) -> None:
    """Each question has the one answer that was given, and each yes bought once."""
    answers = {
        kind: [each["proposal_id"] for each in of_kind(entries, f"proposal_{kind}")]
        for kind in ("approved", "rejected", "expired")
    }
    assert answers == {"approved": approved, "rejected": [rejected], "expired": [expired]}
    entries_sent = [
        order["proposal_id"]
        for each in of_kind(entries, "order_intended")
        if (order := each["order"])["purpose"] == "entry"
    ]
    assert entries_sent == approved


def assert_told_once(entries: list[dict[str, Any]]) -> None:
    """Every notice is posted once; none that should have been told before the last is missing."""
    told = [each["of_seq"] for each in of_kind(entries, "notice_posted")]
    repeated = [seq for seq, times in Counter(told).items() if times > 1]
    assert repeated == []
    slots = [(each["job"], each["slot_at"]) for each in of_kind(entries, "report_posted")]
    assert len(slots) == len(set(slots))
    due = {entry["seq"] for entry in entries if entry["kind"] in _TOLD}
    restarts = [entry["seq"] for entry in entries if entry["kind"] == "session_started"][1:]
    newest = max(seq for seq in told if seq in due)
    missing = {seq for seq in due | set(restarts) if seq <= newest} - set(told)
    assert missing == set()


def assert_no_hour_is_skipped(entries: list[dict[str, Any]]) -> None:
    """Bitcoin trades every hour: the desk has looked at each of them once, in order."""
    seen = [datetime.fromisoformat(each["bars_at"]) for each in of_kind(entries, "bars_assessed")]
    steps = {after - before for before, after in pairwise(seen)}
    assert steps == {timedelta(hours=1)}


async def assert_nothing_is_posted_twice(house: House, entries: list[dict[str, Any]]) -> None:
    """What stands in the channels is what the journal says was posted, each under its own tag."""
    recorded = {each["message_id"] for each in of_kind(entries, "notice_posted")}
    recorded |= {each["message_id"] for each in of_kind(entries, "report_posted")}
    store = house.db.with_name(f"{house.db.stem}.discord.sqlite")
    async with SandboxServer(now=SteppingClock(), store=store) as server:
        guild = server.world.guild
        owner = server.user_id("owner")
        posts = [
            message
            for channel in guild.channels
            for message in server.world.messages.latest(channel, limit=2000, user_id=owner)
            if message["author"].get("bot") and not message.get("interaction_metadata")
        ]
    ids = {message["id"] for message in posts}
    assert recorded <= ids
    # A post whose entry the last stop forestalled is found again by its tag at the next start.
    newest = max(recorded, key=int)
    assert {each for each in ids - recorded if int(each) < int(newest)} == set()
    tags = Counter(tag for message in posts for tag in _tags(message))
    assert [tag for tag, times in tags.items() if times > 1] == []


def _tags(message: dict[str, Any]) -> set[str]:
    return set(_POSTED.findall(json.dumps(message["components"])))
