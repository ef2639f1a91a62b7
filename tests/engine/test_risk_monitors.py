"""The monitors of calibration: reference numbers, and which labels they count."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from engine.model.setups import Outcome
from engine.risk.monitors import Monitors, brier_surprise, cusum, e_process
from tests.engine.journal.test_fold import label
from tests.kit.events import NOON
from tests.kit.market import HOUR


def closed(begin: int, end: int, **changes: Any) -> Any:
    return label(opened_at=NOON + begin * HOUR, closed_at=NOON + end * HOUR, **changes)


def test_the_reference_numbers() -> None:
    p, y = (0.6, 0.62, 0.58, 0.65, 0.6, 0.7), (0, 1, 0, 0, 0, 1)
    assert e_process(p, y) == pytest.approx(1.9888234763, abs=1e-10)
    assert cusum((0.5, 1.2, -0.3, 2.0, 0.8)) == pytest.approx(1.8, abs=1e-12)


def test_the_e_process_grows_when_odds_promise_too_much_and_shrinks_when_too_little() -> None:
    assert e_process([0.6] * 10, [0] * 10) > 10.0
    assert e_process([0.6] * 10, [1] * 10) < 0.2


def test_calibrated_odds_seldom_raise_the_alarm() -> None:
    """Ville: the chance that the process ever passes 20 is at most 5 %."""
    rng = np.random.default_rng(5)
    alarms = 0
    for _ in range(400):
        p = rng.uniform(0.2, 0.7, 300)
        y = (rng.random(300) < p).astype(float)
        alarms += np.cumprod(1.0 - 0.5 * (y - p)).max() >= 20.0
    assert alarms / 400 <= 0.05


def test_how_often_the_brier_cusum_trips_by_chance_is_as_documented() -> None:
    """On calibrated odds of .13, after 180 labels on average (README of the room)."""
    rng, steps = np.random.default_rng(9), {y: brier_surprise(0.13, y) - 0.5 for y in (0.0, 1.0)}
    lengths = []
    for _ in range(1000):
        value, count = 0.0, 0
        while value < 5.0:
            value, count = max(0.0, value + steps[float(rng.random() < 0.13)]), count + 1
        lengths.append(count)
    assert np.mean(lengths) == pytest.approx(180, rel=0.1)
    assert np.mean(np.array(lengths) <= 100) == pytest.approx(0.44, abs=0.05)


def test_three_hits_in_a_row_at_low_odds_trip_it() -> None:
    hit = brier_surprise(0.13, 1.0)
    assert cusum([hit] * 2) < 5.0 <= cusum([hit] * 3)


def test_a_standardised_brier_loss_has_mean_zero_and_variance_one() -> None:
    for p in (0.1, 0.3, 0.49, 0.8):
        hit, miss = brier_surprise(p, 1.0), brier_surprise(p, 0.0)
        assert p * hit + (1 - p) * miss == pytest.approx(0.0, abs=1e-12)
        assert p * hit**2 + (1 - p) * miss**2 == pytest.approx(1.0)


def test_odds_that_are_certain_and_wrong_are_no_division_by_zero() -> None:
    assert brier_surprise(1.0, 1.0) == 0.0
    assert brier_surprise(1.0, 0.0) > 1e6


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([1.2], [1.0], r"p must be in \[0, 1\], was 1.2"),
        ([float("nan")], [1.0], "p must be in"),
        ([0.5], [0.5], "y must be 0 or 1, was 0.5"),
        ([0.5], [], "y must be as long as p"),
    ],
)
def test_senseless_odds_and_outcomes_are_named(
    p: list[float], y: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        e_process(p, y)


def test_labels_that_overlap_within_an_instrument_count_once() -> None:
    monitors = Monitors()
    for begin, end in ((0, 3), (1, 4), (3, 5), (4, 6)):
        monitors.count(closed(begin, end))
    monitors.count(closed(0, 6, instrument="XAU-USD"))
    assert monitors.labels_count == 3
    assert monitors.counted_until == {"BTC-USD": NOON + 5 * HOUR, "XAU-USD": NOON + 6 * HOUR}


def test_the_highest_value_stays_until_the_owner_begins_anew() -> None:
    monitors = Monitors()
    for hour in range(8):
        monitors.count(closed(hour, hour + 1, outcome=Outcome.STOP))
    peak = monitors.e_highest
    monitors.count(closed(8, 9))
    assert monitors.e_now < monitors.e_highest == peak
    monitors.begin_anew(NOON + 10 * HOUR)
    assert (monitors.e_highest, monitors.labels_count) == (1.0, 0)
    monitors.count(closed(9, 11))
    assert monitors.labels_count == 0
    monitors.count(closed(10, 11))
    assert monitors.labels_count == 1
    assert monitors.since == NOON + timedelta(hours=10)
