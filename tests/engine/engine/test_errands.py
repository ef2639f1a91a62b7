"""When a vain attempt is made again: doubled pauses, a longest one, and forgotten once done."""

from __future__ import annotations

from datetime import timedelta

from engine.engine.errands import FIRST_PAUSE, LONGEST_PAUSE, Again
from tests.kit.market import MONDAY

SECOND = timedelta(seconds=1)


def test_pauses_double_up_to_the_longest() -> None:
    again, now, pauses = Again(), MONDAY, []
    for _ in range(9):
        again.wanted(now, still=True)
        assert again.at is not None
        pauses.append(again.at - now)
        now = again.at
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert pauses == sorted(pauses)


def test_looking_again_does_not_put_it_off() -> None:
    again = Again()
    again.wanted(MONDAY, still=True)
    first = again.at
    for later in range(1, 5):
        again.wanted(MONDAY + later * SECOND, still=True)
    assert again.at == first
    assert not again.due(MONDAY + 4 * SECOND)
    assert again.due(MONDAY + FIRST_PAUSE)


def test_what_is_done_is_forgotten_and_begins_anew() -> None:
    again = Again()
    again.wanted(MONDAY, still=True)
    again.wanted(MONDAY + FIRST_PAUSE, still=True)
    again.wanted(MONDAY + FIRST_PAUSE, still=False)
    assert again.at is None
    assert not again.due(MONDAY + timedelta(days=1))
    again.wanted(MONDAY, still=True)
    assert again.at == MONDAY + FIRST_PAUSE
