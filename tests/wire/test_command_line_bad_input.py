"""Bad input: one line that names the thing and the mend, an exit code, no traceback, no loss."""

from __future__ import annotations

import asyncio
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.sandbox import SandboxServer
from tests.kit.executor_process import Finished, executor, running
from tests.kit.market import walk, write_bars
from tests.kit.sandbox_tools import SteppingClock

_TOKEN = "not.a.real-token"
# The program with discord.py pointed at the first argument, and the program without rights.
_POINTED = (
    "import sys; from discord.http import Route; Route.BASE = sys.argv.pop(1); "
    "from bot.cli import main; main()"
)
_POWERLESS = (
    "import os, bot.app, bot.cli, bot.running; os.geteuid() or os.setuid(65534); bot.cli.main()"
)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with small settings and a history of bitcoin."""
    (tmp_path / "config.toml").write_text("[market]\nwarmup_bars = 300\n")
    write_bars(tmp_path / "btc.parquet", walk(count=400))
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}


def refused(done: Finished, *words: str) -> None:
    """One line on standard error that says all of `words`; code 1 or 2; no traceback."""
    assert done.code in {1, 2}, (done.code, done.out, done.err)
    assert "Traceback" not in done.out + done.err
    told = [line for line in done.lines if line.startswith("executor:")]
    assert len(told) == 1, done.err
    assert all(word in told[0] for word in words), told[0]
    assert done.lines == told, done.err


def run(folder: Path, *arguments: str | Path, **more: object) -> Finished:
    env = {str(name): str(value) for name, value in more.items()}
    return executor("run", "--port", "0", "--db", "desk.sqlite", *arguments, cwd=folder, env=env)


# ---- market data -----------------------------------------------------------------------------


def broken_parquet(folder: Path) -> None:
    (folder / "x.parquet").write_bytes(b"PAR1" + b"\x00" * 64 + b"PAR1")


def csv_without_time(folder: Path) -> None:
    (folder / "x.csv").write_text("open,high,low,close,volume\n1,2,0.5,1.5,3\n")


def empty_csv(folder: Path) -> None:
    (folder / "x.csv").write_text("")


def csv_of_words(folder: Path) -> None:
    (folder / "x.csv").write_text("ts,open,high,low,close\n2025-03-03T00:00:00Z,a,b,c,d\n")


@pytest.mark.parametrize(
    ("given", "make", "words"),
    [
        ("BTC-USD=absent.parquet", None, ["absent.parquet"]),
        ("BTC-USD=x.parquet", broken_parquet, ["x.parquet"]),
        ("BTC-USD=x.csv", csv_without_time, ["x.csv", "ts"]),
        ("BTC-USD=x.csv", empty_csv, ["x.csv"]),
        ("BTC-USD=x.csv", csv_of_words, ["x.csv"]),
        ("DOGE-USD=btc.parquet", None, ["DOGE-USD", "BTC-USD", "config.toml"]),
        ("BTC-USD=.", None, ["."]),
    ],
    ids=["absent", "broken", "no-time", "empty", "words", "unknown-symbol", "folder"],
)
def test_unusable_data_is_told_in_one_line(
    desk: Path, given: str, make: Callable[[Path], None] | None, words: list[str]
) -> None:
    if make is not None:
        make(desk)
    refused(executor("scan", "--data", given, cwd=desk), *words)


@pytest.mark.parametrize("symbol", ["BTC-USD", "DOGE-USD"])
def test_desk_does_not_open_on_unusable_data(desk: Path, symbol: str) -> None:
    words = {"BTC-USD": "absent.parquet", "DOGE-USD": "DOGE-USD"}
    refused(run(desk, "--sandbox", "--data", f"{symbol}=absent.parquet"), words[symbol])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "btc.parquet"], ["SYMBOL=FILE"]),
        (["--data", "BTC-USD=a", "--data", "btc-usd=b"], ["twice"]),
        (["--data", "BTC-USD=btc.parquet", "--from", "soon"], ["soon", "2024-05-01"]),
        (["--market", "nasdaq"], ["nasdaq", "kraken"]),
        (["--port", "70000"], ["--port", "65535"]),
        (["--speed", "0"], ["--speed", "0.001"]),
        (["--colour", "blue"], ["--colour"]),
    ],
    ids=["no-equals", "twice", "no-date", "no-such-market", "port", "speed", "option"],
)
def test_wrong_option_is_named(desk: Path, arguments: list[str], words: list[str]) -> None:
    refused(run(desk, *arguments), *words)


def test_span_without_a_bar_is_told(desk: Path) -> None:
    done = run(desk, "--data", "BTC-USD=btc.parquet", "--from", "2031-01-01")
    refused(done, "btc.parquet", "2031-01-01")


# ---- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sizing]\nkely_fraction = 0.25\n", ["config.toml", "kely_fraction", "kelly_fraction"]),
        ("[sizing]\nkelly_fraction = 7\n", ["sizing.kelly_fraction", "7", "1"]),
        ("[discord]\ntoken = 'abc123abc123'\n", ["DISCORD_TOKEN"]),
        ("kraken_api_secret = 'abc123abc123'\n", ["KRAKEN_API_SECRET"]),
        ("[sizing\n", ["config.toml", "TOML"]),
    ],
    ids=["nearest-name", "out-of-bounds", "token", "secret", "not-toml"],
)
def test_wrong_settings_are_told_in_one_line(desk: Path, text: str, words: list[str]) -> None:
    (desk / "config.toml").write_text(text)
    done = run(desk)
    refused(done, *words)
    assert "abc123abc123" not in done.out + done.err


def test_missing_settings_file_is_told(desk: Path) -> None:
    refused(run(desk, "--config", "mine.toml"), "mine.toml", "--config")


# ---- the page and Discord --------------------------------------------------------------------


def test_occupied_port_is_told(desk: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = executor(
            *("run", "--sandbox", "--port", str(port), "--db", "desk.sqlite"),
            *("--data", "BTC-USD=btc.parquet"),
            cwd=desk,
        )
    refused(done, str(port), "another port")


def test_token_without_an_owner_is_told(desk: Path) -> None:
    done = run(desk, DISCORD_TOKEN=_TOKEN)
    refused(done, "DISCORD_TOKEN", "discord.owner_id")
    assert _TOKEN not in done.err


async def test_wrong_token_is_told(desk: Path) -> None:
    """The local Discord stands in for the real one: it refuses a token that is not its own."""
    (desk / "config.toml").write_text(
        "[market]\nwarmup_bars = 300\n[discord]\nowner_id = '123456789012345678'\n"
    )
    async with SandboxServer(now=SteppingClock()) as server:
        done = await asyncio.to_thread(
            executor,
            *("run", "--db", "desk.sqlite", "--data", "BTC-USD=btc.parquet"),
            cwd=desk,
            env={"DISCORD_TOKEN": _TOKEN},
            program=(sys.executable, "-c", _POINTED, server.api_url),
        )
    refused(done, "DISCORD_TOKEN", "refused the token")
    assert _TOKEN not in done.out + done.err


def test_live_is_refused_with_what_is_missing(desk: Path) -> None:
    done = run(desk, "--sandbox", "--live", "--data", "BTC-USD=btc.parquet")
    assert done.code == 1
    assert "Traceback" not in done.out + done.err
    assert "executor: live trading is locked" in done.err
    for thing in ("mode", "owner", "form of BTC-USD", "record", "review", "owner's word"):
        assert f"  - {thing}: " in done.err
    assert "KRAKEN_API_KEY" in done.err
    assert "met jurisdiction" in done.out
    assert not (desk / "desk.sqlite").exists()


def test_a_live_desk_is_not_run_where_any_visitor_is_the_owner(desk: Path) -> None:
    (desk / "config.toml").write_text('[desk]\nmode = "live"\n')
    refused(run(desk, "--sandbox", "--data", "BTC-USD=btc.parquet"), "DISCORD_TOKEN", "rehearse")


# ---- the record ------------------------------------------------------------------------------


def test_corrupt_record_is_told_and_left_as_it_was(desk: Path) -> None:
    (desk / "desk.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8192)
    before = (desk / "desk.sqlite").read_bytes()
    done = run(desk, "--sandbox", "--data", "BTC-USD=btc.parquet")
    refused(done, "desk.sqlite")
    assert (desk / "desk.sqlite").read_bytes() == before


def test_corrupt_store_of_the_page_is_told(desk: Path) -> None:
    store = desk / "desk.discord.sqlite"
    store.write_bytes(b"not a database at all, for sure" * 300)
    refused(run(desk, "--sandbox", "--data", "BTC-USD=btc.parquet"), store.name, "move it away")
    assert not (desk / "desk.sqlite").exists()


@pytest.mark.parametrize("command", ["verify", "export"])
def test_journal_commands_tell_what_is_no_journal(desk: Path, command: str) -> None:
    more = ["--out", "out.jsonl"] if command == "export" else []
    for name in ("absent.sqlite", "config.toml"):
        done = executor("journal", command, "--db", name, *more, cwd=desk)
        refused(done, name)
    assert not (desk / "absent.sqlite").exists()
    assert not list(desk.glob("out.jsonl*"))


def test_folder_that_is_not_there_is_told(desk: Path) -> None:
    done = executor(
        *("run", "--sandbox", "--port", "0", "--db", "nowhere/desk.sqlite"),
        *("--data", "BTC-USD=btc.parquet"),
        cwd=desk,
    )
    refused(done, "nowhere")


@pytest.fixture
def shut(desk: Path) -> Iterator[Path]:
    """The desk's folder where anybody may read and nobody may write.

    It is outside of pytest's own, which every other session of pytest shuts to all but its user.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for each in desk.iterdir():
            (folder / each.name).write_bytes(each.read_bytes())
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


@pytest.mark.parametrize("arguments", [["--sandbox"], []], ids=["sandbox", "default"])
def test_read_only_folder_is_told(shut: Path, arguments: list[str]) -> None:
    done = executor(
        *("run", "--port", "0", "--db", "desk.sqlite", "--data", "BTC-USD=btc.parquet"),
        *arguments,
        cwd=shut,
        program=(sys.executable, "-c", _POWERLESS),
    )
    refused(done, "desk.sqlite", "read-only", "--db")
    assert not list(shut.glob("desk*"))


async def test_second_process_on_a_record_is_told_and_harms_nothing(desk: Path) -> None:
    options = ("--port", "0", "--db", "desk.sqlite", "--data", "BTC-USD=btc.parquet")
    async with running(*options, cwd=desk, errors=desk / "errors.log") as first:
        done = await asyncio.to_thread(executor, "run", "--sandbox", *options, cwd=desk)
        refused(done, "desk.sqlite")
        assert first.running
        assert await first.stop() == 0
    assert executor("journal", "verify", "--db", "desk.sqlite", cwd=desk).code == 0
