from __future__ import annotations

import asyncio
import json
import os
import signal
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from aiohttp import web
from typer.testing import CliRunner

from bot.cli import app
from engine.clock import VirtualClock
from tests.kit.executor_process import PROGRAM, environment
from tests.kit.market import HOUR, MONDAY, LoopbackVenue, silence, walk, write_bars

HOURS = 9_000
FIRST = f"{MONDAY - HOURS * HOUR:%Y-%m-%dT%H:%M}"
KEPT_PAGES = 25


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["data", *arguments])
    return result.exit_code, result.stdout, result.stderr


async def _fetching(url: str, out: Path, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *PROGRAM, "data", "fetch", "--venue", "coinbase", "--symbol", "BTC-USD",
        "--timeframe", "1h", "--from", FIRST, "--out", str(out), "--url", url, *more,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(),
        cwd=out.parent,
    )  # fmt: skip


async def test_a_fetch_that_is_killed_and_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    venue = LoopbackVenue(VirtualClock(MONDAY + timedelta(minutes=1)))
    out = tmp_path / "btc.parquet"
    async with venue.serving() as url, asyncio.timeout(100):
        await _held_at(venue, KEPT_PAGES + 2, url, out, signal.SIGKILL)
        assert pl.read_parquet(out).height == 300 * KEPT_PAGES
        code, errors = await _held_at(venue, KEPT_PAGES + 4, url, out, signal.SIGINT)
        kept = pl.read_parquet(out).height
        assert kept == 300 * (KEPT_PAGES + 4)
        assert code == 130
        assert b"Traceback" not in errors
        assert b"the same call goes on" in errors
        again = await _fetching(url, out, "--json")
        printed, errors = await again.communicate()
    assert again.returncode == 0, errors.decode()
    told = json.loads(printed)
    assert (told["bars"], told["added_bars"]) == (HOURS, HOURS - kept)
    assert told["missing_bars"] == 0
    assert np.all(np.diff(pl.read_parquet(out)["ts"].dt.epoch("us").to_numpy()) == 3_600_000_000)


async def _held_at(
    venue: LoopbackVenue, page: int, url: str, out: Path, how: signal.Signals
) -> tuple[int | None, bytes]:
    """Fetch until a page is asked for, which never comes; then end the process."""
    arrived = asyncio.Event()

    async def never(request: web.Request) -> web.StreamResponse:
        arrived.set()
        return await silence(request)

    held_at = MONDAY - (HOURS - 300 * page) * HOUR
    venue.fail(f"start={int(held_at.timestamp())}", never)
    process = await _fetching(url, out)
    await arrived.wait()
    os.kill(process.pid, how)
    _, errors = await process.communicate()
    return process.returncode, errors


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--venue", "nyse", "--timeframe", "1h", "--from", "2024-01-01"), "kraken, coinbase"),
        (("--venue", "kraken", "--timeframe", "3h", "--from", "2024-01-01"), "none of 1m"),
        (("--venue", "kraken", "--timeframe", "1h", "--from", "soon"), "no date"),
    ],
)
def test_a_wrong_option_names_what_there_is(
    tmp_path: Path, arguments: tuple[str, ...], word: str
) -> None:
    out = str(tmp_path / "x.parquet")
    code, _, complaint = _run("fetch", "--symbol", "BTC-USD", "--out", out, *arguments)
    assert code != 0
    assert word in " ".join(complaint.replace("│", " ").split())


def test_check_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    columns = walk(count=3000)
    path = write_bars(tmp_path / "BTC-USD_1h.parquet", columns.where(np.arange(3000) % 500 != 77))
    code, printed, _ = _run("check", str(path))
    told = " ".join(printed.split())
    assert code == 0
    assert "6 × gap, 6 bars in all" in told
    assert "fetch the stretch again" in told
    assert _run("check", str(path), "--strict")[0] == 1


def test_check_of_disorder_fails_in_words_and_json(tmp_path: Path) -> None:
    columns = walk(count=300)
    columns.open_us[5] = columns.open_us[4]
    path = write_bars(tmp_path / "BTC-USD_1h.parquet", columns)
    code, printed, _ = _run("check", str(path), "--json")
    assert code == 1
    found = json.loads(printed)
    assert found["counts"]["duplicate"] == 1
    assert found["calendar"] == "continuous"
    code, printed, _ = _run("check", str(path))
    assert "not usable as it is" in " ".join(printed.split())


@pytest.mark.parametrize(
    ("name", "options", "word"),
    [
        ("candles.parquet", (), "give --symbol"),
        ("DOGE-USD_1h.parquet", (), "is not configured"),
        ("DOGE-USD_1h.parquet", ("--calendar", "lunar"), "continuous, metals, nyse"),
        ("BTC-USD_1h.parquet", ("--missing",), "No such option"),
    ],
)
def test_check_names_the_mend(
    tmp_path: Path, name: str, options: tuple[str, ...], word: str
) -> None:
    path = write_bars(tmp_path / name, walk(count=300))
    code, _, complaint = _run("check", str(path), *options)
    assert code != 0
    assert word in " ".join(complaint.replace("│", " ").split())


def test_an_instrument_that_is_not_configured_may_name_its_calendar(tmp_path: Path) -> None:
    path = write_bars(tmp_path / "DOGE-USD_1h.parquet", walk(count=300))
    assert _run("check", str(path), "--calendar", "continuous")[0] == 0
