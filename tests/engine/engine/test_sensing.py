"""What is sensed between bars: spreads and their median, prints, a second price, and silence."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from engine.engine.sensing import QUOTES_KEPT, QUOTES_NEEDED, Sensing
from engine.model.bars import Quote
from engine.risk import NotMeasured, Senses
from tests.kit.market import HOUR, MONDAY, bar_at

BTC = "BTC-USD"
SIGMA = 0.01
SECOND = timedelta(seconds=1)


def sensing(**changes: Any) -> Sensing:
    given: dict[str, Any] = {"print_bound_sigmas": 8.0, "second_bounds": {BTC: 0.01}}
    return Sensing([BTC], HOUR, **given | changes)


def quote(after: int, mid: float = 100.0, spread: float = 0.02) -> Quote:
    return Quote(BTC, MONDAY + after * SECOND, mid - spread / 2, mid + spread / 2, 1.0, 1.0)


def sensed(made: Sensing, after: int = 0) -> Senses:
    return made.senses(MONDAY + after * SECOND)[BTC]


def test_before_any_price_nothing_is_measured_where_nothing_is_promised() -> None:
    found = sensed(sensing())
    readings = (found.quote_age_seconds, found.spread_frac, found.second_gap_frac)
    assert all(isinstance(reading, NotMeasured) for reading in readings)


def test_before_the_first_quote_of_a_market_that_streams_them_all_is_unknown() -> None:
    found = sensed(sensing(timed=True, second="coinbase"))
    assert (found.quote_age_seconds, found.spread_frac, found.second_gap_frac) == (None,) * 3


def test_the_median_is_of_the_spreads_before_and_needs_enough_of_them() -> None:
    made = sensing()
    for k in range(QUOTES_NEEDED):
        made.see_quote(quote(k), SIGMA)
        assert sensed(made).spread_median_frac == 0.0
    made.see_quote(quote(100, spread=5.0), SIGMA)
    found = sensed(made)
    assert found.spread_median_frac == pytest.approx(0.0002)
    assert found.spread_frac == pytest.approx(0.05)


def test_the_memory_of_spreads_is_bounded() -> None:
    made = sensing()
    for k in range(QUOTES_KEPT + 1):
        made.see_quote(quote(k, spread=0.5), SIGMA)
    for k in range(QUOTES_KEPT // 2 + 2):
        made.see_quote(quote(1000 + k, spread=0.02), SIGMA)
    assert sensed(made).spread_median_frac == pytest.approx(0.0002)


@pytest.mark.parametrize(("bid", "ask"), [(101.0, 100.0), (100.0, 100.0), (math.nan, 100.0)])
def test_a_senseless_book_is_an_unknown_spread(bid: float, ask: float) -> None:
    made = sensing()
    made.see_quote(Quote(BTC, MONDAY, bid, ask, 1.0, 1.0), SIGMA)
    assert sensed(made).spread_frac is None


def test_a_quote_ages() -> None:
    made = sensing(timed=True)
    made.see_quote(quote(0), SIGMA)
    assert sensed(made, 61).quote_age_seconds == 61.0


def test_a_single_print_is_measured_in_deviations_of_a_bar_and_agreement_is_counted() -> None:
    made = sensing()
    made.see_quote(quote(0), SIGMA)
    assert isinstance(sensed(made).print_sigmas, NotMeasured)
    made.see_quote(quote(1, 110.0), SIGMA)
    assert sensed(made).print_sigmas == pytest.approx(math.log(1.1) / SIGMA)
    assert sensed(made).print_agreeing_count == 0
    for k in range(3):
        made.see_quote(quote(2 + k, 110.0), SIGMA)
    assert sensed(made).print_agreeing_count == 3


def test_the_extremes_of_a_bar_are_prints_too() -> None:
    made = sensing()
    made.see_bar(bar_at(MONDAY, close=100.0), None)
    made.see_bar(bar_at(MONDAY + HOUR, high=120.0, low=99.0, close=100.0), SIGMA)
    assert sensed(made).print_sigmas == pytest.approx(math.log(1.2) / SIGMA)


def test_a_price_after_a_long_silence_has_no_neighbour() -> None:
    made = sensing()
    made.see_quote(quote(0), SIGMA)
    made.see_quote(quote(3601, 130.0), SIGMA)
    assert isinstance(sensed(made).print_sigmas, NotMeasured)


def test_two_sources_agree_until_one_is_silent() -> None:
    made = sensing(second="coinbase")
    for gap in (0.002, -0.003, 0.001):
        made.compare(BTC, gap)
    assert sensed(made).second_agreeing_count == 3
    made.compare(BTC, None)
    assert (sensed(made).second_gap_frac, sensed(made).second_agreeing_count) == (None, 0)


def test_what_the_second_source_does_not_list_is_not_measured_there() -> None:
    found = sensed(sensing(second="coinbase", unlisted=frozenset({BTC})))
    assert found.second_gap_frac == NotMeasured("coinbase does not list it")
