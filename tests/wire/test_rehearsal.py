"""``executor rehearse``: the live path on this machine, headless and by the page's buttons."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.kit.executor_process import executor, running
from tests.kit.page import SandboxPage

if TYPE_CHECKING:  # a plugin must not be imported before pytest loads it
    from tests.kit.browser import OpenPage

pytest_plugins = ("tests.kit.browser",)
# Keys that must neither be read nor sent anywhere: a rehearsal has a key of its own.
_KEYS = {"KRAKEN_API_KEY": "a real one", "KRAKEN_API_SECRET": "bm90IGEgc2VjcmV0"}


def test_the_drill_goes_from_the_yes_to_the_settled_lot_and_out(tmp_path: Path) -> None:
    done = executor("rehearse", "--json", "--db", "r.sqlite", cwd=tmp_path, env=_KEYS)
    assert done.code == 0, done.out + done.err
    report = done.json
    assert report["rehearsal"] is True
    assert report["ok"] is True
    assert [step["name"] for step in report["steps"]] == [
        "the key", "the account", "the owner's yes", "a lost answer", "the lot", "the stop",
        "a restart", "the way out", "the books",
    ]  # fmt: skip
    assert float(report["pnl_usd"]) > 0
    exported = tmp_path / "out.jsonl"
    executor("journal", "export", "--db", "r.sqlite", "--out", exported, cwd=tmp_path)
    entries = [json.loads(line) for line in exported.read_text("utf-8").splitlines()]
    kinds = [entry["kind"] for entry in entries]
    wanted = [
        "desk_opened", "mode_changed", "account_reconciled", "proposal_raised",
        "proposal_approved", "order_intended", "order_outcome_unknown", "order_filled",
        "lot_settled", "lot_released", "session_started",
    ]  # fmt: skip
    assert [kind for kind in wanted if kind not in kinds] == []
    assert kinds.count("proposal_approved") == 1
    assert "a real one" not in exported.read_text("utf-8")
    again = executor("rehearse", "--json", "--db", "r.sqlite", cwd=tmp_path)
    assert again.code == 1
    assert "does not exist" in again.err
    compared = executor("reconcile", "--db", "r.sqlite", "--json", cwd=tmp_path)
    assert compared.code == 0, compared.out
    assert "sum of its 2 fills" in compared.json["compared"]


@pytest.mark.chromium
@pytest.mark.timeout(120)
async def test_a_visitor_rehearses_from_the_button_to_the_closed_trade(
    tmp_path: Path, chromium: OpenPage
) -> None:
    errors = tmp_path / "errors.log"
    async with running(
        "--port", "0", "--db", "r.sqlite", cwd=tmp_path, errors=errors, env=_KEYS,
        job=("rehearse",),
    ) as process:  # fmt: skip
        page = SandboxPage(await chromium(process.address))
        await page.bot_is_up()
        await page.open_channel("trader-execution")
        _, opened = await page.said("on rehearsal with $10,000.00")
        card = await page.propose("BTC-USD")
        assert await page.picture_of(card.message_id) > 300
        text = await page.text_of(card.message_id)
        assert "its stop rests at Kraken" in text
        assert f"{card.id} approved" in await page.click(card, "approve")
        _, bought = await page.said("Bought", f"of {card.id}")
        positions = await page.slash("positions")
        risk = await page.slash("risk")
        await look(page, "rehearsal")
        sold = await page.slash("close", {"position": card.id})
        _, closed = await page.said(f"{card.id} closed:", "equity")
        for said in (opened, text, bought, positions, risk, sold, closed):
            assert "REHEARSAL" in said, said
    assert "Its stop rests at Kraken" in positions
    assert "record and account agree" in risk


async def look(page: SandboxPage, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    folder = os.environ.get("EXECUTOR_PICTURES")
    if folder:
        await page.page.screenshot(path=f"{folder}/{name}.png", full_page=True)
