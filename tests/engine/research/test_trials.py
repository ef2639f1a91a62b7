from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.clock import VirtualClock
from engine.errors import CorruptJournal, JournalError, LockedFifth
from engine.journal.chain import Anchor
from engine.research.trials import (
    DataUsed,
    Enrolment,
    LockOpening,
    Trial,
    TrialLog,
    data_used,
    moments_of,
    opening_sentence,
    search_of,
)
from engine.review.statistics import deflated_sharpe_ratio, probability_of_backtest_overfitting
from tests.kit.market import MONDAY

DATA = (DataUsed("BTC-USD", "ab" * 32),)
SINCE, UNTIL = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


def _log(folder: Path) -> TrialLog:
    return TrialLog(folder / "trials.jsonl", VirtualClock(MONDAY))


def _enrolled(k: float = 1.0, symbol: str = "BTC-USD") -> Enrolment:
    return Enrolment("sweep", {"k_up": k}, "cd" * 32, (DataUsed(symbol, "ab" * 32),))


def _trial(k: float = 1.0, returns: tuple[float, ...] = ()) -> Trial:
    return _enrolled(k).trial(SINCE, UNTIL, {"trades_count": 3.0}, returns)


def test_what_was_recorded_is_read_back(tmp_path: Path) -> None:
    log = _log(tmp_path)
    head = log.append([_trial(1.0, (0.01, -0.02)), _trial(2.5)])
    assert [logged.entry for logged in log.entries()] == [_trial(1.0, (0.01, -0.02)), _trial(2.5)]
    assert log.verify() == log.verify(head)
    assert log.verify().entries == head.seq == 2


def test_a_log_that_is_not_there_holds_nothing_and_is_not_verified(tmp_path: Path) -> None:
    assert _log(tmp_path).entries() == []
    with pytest.raises(JournalError, match="no such trial log; check --trials"):
        _log(tmp_path).verify()


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda lines: [lines[0].replace("2.5", "9.5"), *lines[1:]], "entry 1: its content"),
        (lambda lines: lines[1:], "entry 1: it is missing"),
        (lambda lines: [lines[0], lines[2]], "entry 2: it is missing"),
        (lambda lines: [lines[0], "nonsense", lines[2]], "entry 2: 'nonsense' is no record"),
    ],
)
def test_an_edit_is_found(tmp_path: Path, edit: object, told: str) -> None:
    log = _log(tmp_path)
    log.append([_trial(2.5), _trial(3.0), _trial(4.0)])
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join(edit(lines)) + "\n")  # type: ignore[operator]
    assert told in log.verify().sentence
    with pytest.raises(CorruptJournal, match="does not verify"):
        log.entries()


def test_a_cut_tail_shows_against_an_anchor(tmp_path: Path) -> None:
    log = _log(tmp_path)
    head = log.append([_trial(1.0), _trial(2.0)])
    lines = log.path.read_text().splitlines()
    log.path.write_text(lines[0] + "\n")
    assert log.verify().ok
    assert not log.verify(head).ok
    assert not log.verify(Anchor(1, "0" * 64)).ok


def test_half_a_line_of_a_killed_process_is_taken_away(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.append([_trial(1.0)])
    with log.path.open("a") as file:
        file.write('{"at":"2025-03')
    assert len(log.entries()) == 1
    log.append([_trial(2.0)])
    assert [each.knobs["k_up"] for each in log.trials()] == [1.0, 2.0]


def test_nothing_is_appended_to_a_changed_end(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.append([_trial(2.5)])
    log.path.write_text(log.path.read_text().replace("2.5", "9.5"))
    with pytest.raises(CorruptJournal, match="entry 1 was changed"):
        log.append([_trial(1.0)])


def test_a_line_longer_than_a_page_is_found_whole(tmp_path: Path) -> None:
    log = _log(tmp_path)
    many = tuple(float(x) for x in np.random.default_rng(1).normal(size=9000))
    log.append([_trial(1.0, many)])
    log.append([_trial(2.0, many)])
    assert log.path.stat().st_size > 2 * 65_536
    assert log.verify().ok
    assert len(log.entries()) == 2


def _append_many(path: Path, begin: int) -> None:
    log = TrialLog(path, VirtualClock(MONDAY))
    for k in range(begin, begin + 20):
        log.append([_trial(float(k))])


def test_two_processes_append_to_one_chain(tmp_path: Path) -> None:
    path = _log(tmp_path).path
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(path, k)) for k in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert len(_log(tmp_path).entries()) == 40


def test_a_log_in_a_place_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    log = TrialLog(tmp_path / "taken" / "trials.jsonl", VirtualClock(MONDAY))
    with pytest.raises(JournalError, match="give another --trials"):
        log.append([_trial()])


# ---- the last fifth ----------------------------------------------------------------------


def test_the_last_fifth_is_opened_once(tmp_path: Path) -> None:
    log = _log(tmp_path)
    first = _enrolled(1.0).open_lock(log, SINCE, UNTIL)
    assert first.ordinal == 1
    assert "for the first time" in opening_sentence(first)
    with pytest.raises(LockedFifth, match="--again REASON"):
        _enrolled(2.0).open_lock(log, SINCE + timedelta(days=30), UNTIL)
    assert len(log.entries()) == 1


def test_a_second_look_with_a_reason_is_recorded_as_the_second(tmp_path: Path) -> None:
    log = _log(tmp_path)
    _enrolled(1.0).open_lock(log, SINCE, UNTIL)
    again = _enrolled(2.0).open_lock(log, SINCE, UNTIL, "a fault in the costs")
    assert again.ordinal == 2
    assert opening_sentence(again).endswith("no longer a test on unseen data")
    kept = log.entries()[-1].entry
    assert isinstance(kept, LockOpening)
    assert kept.reason == "a fault in the costs"


def test_the_same_trial_may_be_repeated_and_is_counted(tmp_path: Path) -> None:
    log = _log(tmp_path)
    _enrolled(1.0).open_lock(log, SINCE, UNTIL)
    assert _enrolled(1.0).open_lock(log, SINCE, UNTIL).ordinal == 2


@pytest.mark.parametrize(
    ("symbol", "since", "until"),
    [("XAU-USD", SINCE, UNTIL), ("BTC-USDT", UNTIL, UNTIL + timedelta(days=1))],
)
def test_another_asset_or_stretch_is_another_lock(
    tmp_path: Path, symbol: str, since: datetime, until: datetime
) -> None:
    log = _log(tmp_path)
    _enrolled(1.0).open_lock(log, SINCE, UNTIL)
    assert _enrolled(2.0, symbol).open_lock(log, since, until).ordinal == 1


def test_the_same_asset_in_another_dollar_is_the_same_lock(tmp_path: Path) -> None:
    log = _log(tmp_path)
    _enrolled(1.0).open_lock(log, SINCE, UNTIL)
    with pytest.raises(LockedFifth):
        _enrolled(2.0, "BTC-USDT").open_lock(log, SINCE, UNTIL)


def test_a_lock_is_not_opened_where_the_log_cannot_be_believed(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.append([_trial(2.5)])
    log.path.write_text(log.path.read_text().replace("2.5", "9.5"))
    with pytest.raises(CorruptJournal):
        _enrolled(1.0).open_lock(log, SINCE, UNTIL)


# ---- what the best is worth --------------------------------------------------------------


def _noise(trials: int, periods: int = 400, edge: float = 0.0) -> list[Trial]:
    rng = np.random.default_rng(5)
    table = rng.normal(0.0, 0.01, (trials, periods))
    table[0] += edge
    return [_trial(float(k), tuple(map(float, row))) for k, row in enumerate(table)]


def test_the_best_of_noise_is_deflated_to_luck() -> None:
    search = search_of(_noise(50))
    assert search.trials == search.measured == search.compared == 50
    assert search.moments is not None
    assert search.moments.sharpe == max(each.moments.sharpe for each in _noise(50))  # type: ignore[union-attr]
    assert search.deflated_sharpe is not None
    assert search.deflated_sharpe < 0.9
    assert search.overfitting is not None
    assert search.overfitting > 0.3


def test_deflation_is_that_of_the_review() -> None:
    trials = _noise(20, edge=0.002)
    search, best = search_of(trials), trials[0].moments
    assert best is not None
    sharpes = [each.moments.sharpe for each in trials if each.moments]
    variance = float(np.var(sharpes, ddof=1))
    assert search.best == trials[0]
    assert search.deflated_sharpe == deflated_sharpe_ratio(
        best.sharpe, 400, 20, variance, best.skew, best.kurtosis
    )
    table = np.array([each.returns for each in trials]).T
    assert search.overfitting == probability_of_backtest_overfitting(table, 10).pbo


def test_moments_are_those_of_scipy() -> None:
    from scipy import stats

    values = np.random.default_rng(2).standard_t(5, 300)
    found = moments_of(values)
    assert found is not None
    assert found.skew == pytest.approx(float(stats.skew(values)))
    assert found.kurtosis == pytest.approx(float(stats.kurtosis(values, fisher=False)))
    assert found.sharpe == pytest.approx(values.mean() / values.std(ddof=1))


def test_a_repetition_is_not_another_trial() -> None:
    trials = _noise(5)
    search = search_of([*trials, *trials])
    assert (search.trials, search.repeats) == (5, 5)


def test_a_trial_without_returns_counts_but_has_no_sharpe() -> None:
    with_silent = search_of([*_noise(5), _trial(99.0)])
    assert (with_silent.trials, with_silent.measured) == (6, 5)
    assert with_silent.expected_best_sharpe > search_of(_noise(5)).expected_best_sharpe


def test_trials_of_another_period_are_not_compared() -> None:
    weekly = _enrolled(77.0).trial(SINCE, UNTIL, {}, (0.5, 0.4, 0.6), period_days=7.0)
    assert search_of([*_noise(5), weekly]).measured == 5


def test_nothing_tried_has_a_sentence() -> None:
    assert search_of([]).sentence == "0 configuration(s) tried, none with a result to deflate"
    assert search_of([]).overfitting is None


@pytest.mark.parametrize("bad", [{"metrics": {"x": float("nan")}}, {"returns": (float("inf"),)}])
def test_a_number_that_is_not_finite_is_refused(bad: dict[str, object]) -> None:
    given = {"metrics": {}} | bad
    with pytest.raises(ValueError, match="finite"):
        _enrolled().trial(SINCE, UNTIL, **given)  # type: ignore[arg-type]


def test_data_is_known_by_its_bytes(tmp_path: Path) -> None:
    import hashlib

    path = tmp_path / "a.parquet"
    path.write_bytes(b"bars")
    assert data_used({"X": path}) == (DataUsed("X", hashlib.sha256(b"bars").hexdigest()),)


def test_every_line_is_plain_json(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.append([_trial(1.0, (0.1,))])
    told = json.loads(log.path.read_text())
    assert told["payload"]["knobs"] == {"k_up": 1.0}
    assert (told["stream"], told["kind"]) == ("trials", "trial")
