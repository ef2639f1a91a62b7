from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from bot.cli import app
from engine.clock import VirtualClock
from engine.research.trials import DataUsed, Enrolment, TrialLog

SINCE, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


def _filled(path: Path) -> TrialLog:
    log = TrialLog(path, VirtualClock(UNTIL))
    rng = np.random.default_rng(3)
    for k in range(40):
        enrolment = Enrolment("sweep", {"k_up": k}, "cd" * 32, (DataUsed("BTC-USD", "ab" * 32),))
        log.append([enrolment.trial(SINCE, UNTIL, {}, rng.normal(0.0, 0.01, 100).tolist())])
    enrolment.open_lock(log, SINCE, UNTIL)
    return log


def _run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["trials", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_trials_says_what_the_best_is_worth(tmp_path: Path) -> None:
    log = _filled(tmp_path / "trials.jsonl")
    code, printed, _ = _run("--trials", str(log.path))
    assert code == 0
    told = " ".join(printed.split())
    assert "41 entries verify" in told
    assert "40 trial(s), Sharpe ratios of a period, the newest 30" in told
    assert "last fifth opened" in told
    assert "the best of 40 configurations" in told


def test_trials_as_json_alone(tmp_path: Path) -> None:
    log = _filled(tmp_path / "trials.jsonl")
    code, printed, _ = _run("--trials", str(log.path), "--json")
    found = json.loads(printed)
    assert code == 0
    assert found["searches"] == {"sweep": 40}
    assert found["search"]["trials"] == 40
    assert 0.0 <= found["search"]["deflated_sharpe"] <= 1.0
    assert len(found["openings"]) == 1
    assert found["head_seq"] == 41


def test_trials_of_one_search_are_deflated_alone(tmp_path: Path) -> None:
    log = _filled(tmp_path / "trials.jsonl")
    _, printed, _ = _run("--trials", str(log.path), "--search", "nothing", "--json")
    assert json.loads(printed)["search"]["trials"] == 0


def test_a_changed_log_is_told_with_exit_code_one(tmp_path: Path) -> None:
    log = _filled(tmp_path / "trials.jsonl")
    log.path.write_text(log.path.read_text().replace('"k_up":7', '"k_up":8'))
    code, printed, _ = _run("--trials", str(log.path))
    assert code == 1
    assert "entry 8: its content" in " ".join(printed.split())
    code, printed, _ = _run("--trials", str(log.path), "--json")
    assert code == 1
    assert json.loads(printed)["ok"] is False


def test_a_log_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    code, _, complaint = _run("--trials", str(tmp_path / "nowhere.jsonl"))
    assert code == 1
    assert "no such trial log" in " ".join(complaint.split())
    assert "Traceback" not in complaint
