"""The command line from outside: what each subcommand prints, and its exit code."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.journal.sqlite import SqliteJournal
from engine.model.actors import DESK
from engine.model.events import DeskOpened, Event, Halted
from engine.model.money import exact
from tests.kit.desk import at_work, desk_settings, swinging_file
from tests.kit.executor_process import ROOT, environment, executor
from tests.kit.recorded import generated_history, sudden_fall

_SMALL = "[market]\nwarmup_bars = 300\n"
_LAYERS = 12
_LAYER_KEYS = {
    "number", "name", "title", "role", "llr", "weight", "contribution", "variance", "n_eff",
    "valid", "reason", "diagnostics",
}  # fmt: skip
_ODDS_KEYS = {"p_prior", "p_mean", "p_low", "break_even", "cost_frac"}


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with small settings."""
    (tmp_path / "config.toml").write_text(_SMALL)
    return tmp_path


async def journal_at(path: Path, *reasons: str) -> Path:
    """A record of a desk that was opened and then halted for each reason."""
    at = datetime.fromisoformat("2026-11-02T09:00:00+00:00")
    opened = DeskOpened("paper", "replay", simulated=False, cash_usd=exact(10_000), software="t")
    events: list[Event] = [opened, *(Halted(DESK, reason) for reason in reasons)]
    async with await SqliteJournal.open(path, "0" * 64) as journal:
        await journal.append(events, at, durable=True)
    return path


def tamper(path: Path, old: str, new: str) -> None:
    """Change the text of an entry behind the journal's back."""
    with closing(sqlite3.connect(path)) as database:
        (table,) = database.execute(
            "SELECT name FROM sqlite_master WHERE sql LIKE '%payload%' AND type = 'table'"
        ).fetchone()
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (trigger,) in triggers.fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        changed = database.execute(
            f"UPDATE {table} SET payload = replace(payload, ?, ?)",  # noqa: S608
            (old, new),
        )
        assert changed.rowcount > 0
        database.commit()


# ---- version and help ------------------------------------------------------------------------


def test_version_is_told(tmp_path: Path) -> None:
    done = executor("--version", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.split()[0] == "executor"


def test_console_script_is_the_same_as_the_module(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("executor")
    if not script.is_file():
        pytest.skip(f"{script} is not installed: pip install -e .")
    said = subprocess.run(  # noqa: S603  our own program
        [script, "--version"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert said.stdout == executor("--version", cwd=tmp_path).out


def test_help_names_every_subcommand(tmp_path: Path) -> None:
    done = executor("--help", cwd=tmp_path)
    assert done.code == 0
    assert all(name in done.out for name in ("run", "doctor", "scan", "journal"))


# ---- doctor ----------------------------------------------------------------------------------


def test_doctor_finds_a_fresh_folder_fit(desk: Path) -> None:
    done = executor("doctor", "--json", cwd=desk)
    assert done.code == 0, done.out
    found = {each["thing"]: each for each in done.json}
    assert {"settings", "journal", "market", "discord", "live"} <= set(found)
    assert not any(each["fatal"] for each in found.values())
    assert found["discord"]["mend"] == "set DISCORD_TOKEN to run on real Discord"


def test_doctor_is_also_for_eyes(desk: Path) -> None:
    done = executor("doctor", cwd=desk)
    assert done.code == 0
    assert "settings" in done.out
    assert "{" not in done.out


def test_doctor_tells_the_history_it_was_given(desk: Path) -> None:
    done = executor("doctor", "--json", *generated_history(desk).options, cwd=desk)
    assert done.code == 0, done.out
    detail = {each["thing"]: each["detail"] for each in done.json}
    assert "1h bars" in detail["data BTC-USD"]


@pytest.mark.parametrize(
    ("thing", "arguments", "env"),
    [
        ("data BTC-USD", ["--data", "BTC-USD=absent.parquet"], {}),
        ("journal", ["--db", "absent/desk.sqlite"], {}),
        ("settings", ["--config", "absent.toml"], {}),
        ("discord", [], {"DISCORD_TOKEN": "not-a-real-token"}),
    ],
    ids=["no-file", "no-folder", "no-settings", "no-owner"],
)
def test_doctor_leaves_with_1_when_the_main_job_cannot_run(
    desk: Path, thing: str, arguments: list[str], env: dict[str, str]
) -> None:
    done = executor("doctor", "--json", *arguments, cwd=desk, env=env)
    assert done.code == 1, done.out
    fatal = [each for each in done.json if each["fatal"]]
    assert [each["thing"] for each in fatal] == [thing]
    assert fatal[0]["detail"]
    assert fatal[0]["mend"]
    assert not any(secret in done.out + done.err for secret in env.values())


# ---- scan ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Three files as ``executor scan --json`` sees them."""
    folder = tmp_path_factory.mktemp("scan")
    options = generated_history(folder).options
    done = executor("scan", "--json", "--bars", "400", *options, cwd=folder)
    assert done.code == 0, done.err
    found: list[dict[str, Any]] = done.json
    return found


def test_scan_tells_of_every_instrument(scanned: list[dict[str, Any]]) -> None:
    assert sorted(each["instrument"] for each in scanned) == ["BTC-USD", "XAG-USD", "XAU-USD"]
    for each in scanned:
        assert datetime.fromisoformat(each["at"]).tzinfo is not None
        assert each["price"] > 0


def test_scan_lists_twelve_layers_with_their_reasons(scanned: list[dict[str, Any]]) -> None:
    for each in scanned:
        assert [layer["number"] for layer in each["layers"]] == list(range(1, _LAYERS + 1))
        for layer in each["layers"]:
            assert set(layer) == _LAYER_KEYS
            assert layer["role"]
            assert isinstance(layer["llr"], float)
            assert isinstance(layer["valid"], bool)
            assert layer["reason"]


def test_scan_gives_setup_odds_size_and_verdict(scanned: list[dict[str, Any]]) -> None:
    for each in scanned:
        verdict = each["verdict"]
        assert verdict["sentence"]
        assert verdict["card"] in {None, "proposal", "exploratory", "watch"}
        assert (each["setup"] is None) == (each["odds"] is None) == (verdict["card"] is None)
        assert not (verdict["would_trade"] and each["size"] is None)


def test_scan_of_a_fall_shows_prior_posterior_and_lower_bound(tmp_path: Path) -> None:
    given = f"BTC-USD={sudden_fall(tmp_path)}"
    done = executor("scan", "--json", "--bars", "400", "--data", given, cwd=tmp_path)
    assert done.code == 0, done.err
    (each,) = done.json
    assert each["setup"], each["verdict"]["sentence"]
    odds = each["odds"]
    assert set(odds) >= _ODDS_KEYS
    assert 0.0 < odds["p_low"] <= odds["p_mean"] < 1.0
    assert each["log_odds"][0]["step"] == "prior"


def test_scan_for_eyes_is_a_table(tmp_path: Path) -> None:
    bitcoin = generated_history(tmp_path).files["BTC-USD"]
    done = executor("scan", "--bars", "400", "--data", f"BTC-USD={bitcoin}", cwd=tmp_path)
    assert done.code == 0, done.err
    assert "learnt from" in done.out
    assert "nan" not in done.out.lower().split()


# ---- journal ---------------------------------------------------------------------------------


async def test_verify_finds_a_sound_record_good(tmp_path: Path) -> None:
    path = await journal_at(tmp_path / "desk.sqlite", "lunch")
    done = executor("journal", "verify", "--db", path, "--json", cwd=tmp_path)
    assert done.code == 0
    report = done.json
    assert (report["ok"], report["events"], report["head_seq"]) == (True, 2, 2)
    assert report["findings"] == []
    assert len(report["head_hash"]) == 64


async def test_verify_leaves_with_1_when_an_entry_was_changed(tmp_path: Path) -> None:
    path = await journal_at(tmp_path / "desk.sqlite", "lunch", "supper")
    tamper(path, "lunch", "never")
    done = executor("journal", "verify", "--db", path, "--json", cwd=tmp_path)
    assert done.code == 1
    report = done.json
    assert not report["ok"]
    assert report["findings"][0]["seq"] == 2


async def test_verify_knows_a_head_that_was_noted_elsewhere(tmp_path: Path) -> None:
    path = await journal_at(tmp_path / "desk.sqlite", "lunch")
    head = executor("journal", "verify", "--db", path, "--json", cwd=tmp_path).json
    noted = f"{head['head_seq']}:{head['head_hash']}"
    for anchor, code in ((noted, 0), (f"2:{'0' * 64}", 1)):
        done = executor("journal", "verify", "--db", path, "--anchor", anchor, cwd=tmp_path)
        assert done.code == code, done.out


async def test_export_writes_one_line_an_entry(tmp_path: Path) -> None:
    path = await journal_at(tmp_path / "desk.sqlite", "lunch")
    before = path.read_bytes()
    out = tmp_path / "out.jsonl"
    done = executor("journal", "export", "--db", path, "--out", out, "--json", cwd=tmp_path)
    assert (done.code, done.json) == (0, {"events": 2, "out": str(out)})
    entries = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [each["kind"] for each in entries] == ["desk_opened", "halted"]
    assert entries[1]["prev_hash"] == entries[0]["hash"]
    assert path.read_bytes() == before


# ---- being fast --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modules", "heavy"),
    [
        ("bot.cli", {"ccxt", "matplotlib", "scipy", "numba", "openai", "discord", "numpy"}),
        ("bot.running, bot.app", {"ccxt", "matplotlib", "scipy.stats", "numba", "openai"}),
    ],
    ids=["version", "run"],
)
def test_start_does_without_what_is_heavy(modules: str, heavy: set[str]) -> None:
    asked = f"import sys, {modules}; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", asked],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.split() == []


async def test_costs_tells_the_month_as_json(desk: Path) -> None:
    record = await journal_at(desk / "desk.sqlite")
    done = executor("costs", "--db", str(record), "--json", cwd=desk)
    bill = json.loads(done.out)
    assert (bill["month"], bill["fees_usd"], bill["verdict"]) == (
        "2026-11",
        "0",
        "Within the plan.",
    )
    assert [line["provider"] for line in bill["models"]] == ["deepseek"]


async def test_review_tells_every_gate_and_what_it_would_take(desk: Path) -> None:
    settings = desk_settings()
    record = desk / "desk.sqlite"
    journal = await SqliteJournal.open(record, settings.hash)
    async with at_work(swinging_file(desk, 260), settings, journal) as made:
        await made.bars(40)
    done = executor("review", "--db", str(record), "--json", cwd=desk)
    told = json.loads(done.out)
    assert told["verdict"] == "KEEP-PAPER"
    assert {gate["name"]: gate["passed"] for gate in told["gates"]}["replay of the record"] is True
    assert told["needs"]
    shown = executor("review", "--db", str(record), cwd=desk)
    assert "KEEP-PAPER" in shown.out
    assert "uptime" in shown.out


async def test_review_of_a_record_without_a_plan_says_how_to_get_one(desk: Path) -> None:
    record = await journal_at(desk / "desk.sqlite")
    done = executor("review", "--db", str(record), cwd=desk)
    assert done.code == 1
    assert "no plan is registered" in done.err
    assert "Traceback" not in done.err
