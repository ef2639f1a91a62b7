"""Outside calls: what may be heard, how it votes, and how it is held to its word."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.config.voices import SignalSettings
from engine.desk.signals import ended, signal_of, signal_votes
from engine.errors import InvariantBroken
from engine.journal.ledger import Ledger
from engine.journal.voices import SignalRecord
from engine.model import events as happened
from engine.model.bars import Bar, Timeframe
from engine.model.setups import Assessment
from engine.model.signals import Call, Signal, SignalOutcome, SignalSide, SignalVia
from engine.model.verdicts import Refused
from tests.kit.events import ASSESSMENT, NOON, OPENED, B, assessed, ledger_of

HOUR = timedelta(hours=1)
LONG = Call("BTC-USD", SignalSide.LONG, 24)
SHORT = replace(LONG, side=SignalSide.SHORT)
UP = replace(LONG, target=Decimal(110), stop=Decimal(95))
DOWN = replace(SHORT, target=Decimal(90), stop=Decimal(105))


def taken(call: Call, ledger: Ledger | None = None, **how: Any) -> Signal | Refused:
    given: dict[str, Any] = {
        "who": "layla",
        "via": SignalVia.COMMAND,
        "ledger": ledger or ledger_of(OPENED, assessed()),
        "watched": ("BTC-USD", "XAU-USD"),
        "timeframe": Timeframe.H1,
        "settings": SignalSettings(),
        "now": NOON + HOUR,
    }
    return signal_of(call, **given | how)


def heard(call: Call = LONG, name: str = "S-1", who: str = "layla") -> happened.SignalHeard:
    until = NOON + timedelta(hours=call.hours)
    return happened.SignalHeard(Signal(name, who, call, SignalVia.COMMAND, NOON, until), B)


def seen(at: datetime, close: float) -> happened.BarsAssessed:
    later = Assessment("BTC-USD", at, close, (), None, None, (), {})
    return replace(_bars(at), assessments=(later,))


def _bars(at: datetime) -> happened.BarsAssessed:
    event = assessed(at)
    assert isinstance(event, happened.BarsAssessed)
    return event


def record(call: Call, entry: int | None = 100) -> SignalRecord:
    made = SignalRecord(heard(call).signal)
    made.entry = None if entry is None else Decimal(entry)
    return made


def bar(hours: int, o: float, h: float, low: float, c: float) -> Bar:
    at = NOON + hours * HOUR
    return Bar("BTC-USD", Timeframe.H1, at - HOUR, at, o, h, low, c, 1.0)


# ---- what may be heard


def test_a_call_becomes_a_signal_that_ends_with_its_horizon() -> None:
    signal = taken(UP)
    assert isinstance(signal, Signal)
    assert (signal.id, signal.until) == ("S-1", NOON + 25 * HOUR)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (replace(LONG, instrument="DOGE-USD"), "not watched"),
        (replace(LONG, hours=24 * 31), "horizon"),
        (replace(LONG, instrument="XAU-USD"), "no price yet"),
        (replace(UP, stop=None), "only one"),
        (replace(UP, target=Decimal(99)), "target 99"),
        (replace(UP, stop=Decimal(101)), "stop 101"),
        (replace(UP, target=Decimal(301)), "within 3"),
        (replace(UP, stop=Decimal(0)), "within 3"),
        (replace(DOWN, target=Decimal(101)), "target 101"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(call: Call, why: str) -> None:
    answer = taken(call)
    assert isinstance(answer, Refused)
    assert why in answer.sentence


def test_a_horizon_below_one_bar_is_refused() -> None:
    assert isinstance(taken(replace(LONG, hours=2), timeframe=Timeframe.H4), Refused)


def test_a_call_cannot_be_taken_back_by_another() -> None:
    ledger = ledger_of(OPENED, assessed(), heard())
    answer = taken(SHORT, ledger)
    assert isinstance(answer, Refused)
    assert "S-1 open" in answer.sentence
    assert isinstance(taken(SHORT, ledger, who="other"), Signal)


def test_a_source_is_heard_so_often_a_day_and_no_more() -> None:
    ledger = ledger_of(OPENED, assessed(), heard())
    few = SignalSettings(calls_a_day=1)
    ledger.signals["S-1"].result = ended(record(LONG), bar(24, 100, 101, 99, 100), 0.0)
    assert isinstance(taken(LONG, ledger, settings=few), Refused)
    assert isinstance(taken(LONG, ledger, settings=few, now=NOON + 25 * HOUR), Signal)


def test_there_is_room_for_so_many_sources() -> None:
    ledger = ledger_of(OPENED, assessed(), heard())
    one = SignalSettings(most_sources=1)
    assert isinstance(taken(LONG, ledger, settings=one, who="other"), Refused)


# ---- votes


def test_a_long_is_a_yes_and_a_short_a_no_while_they_last() -> None:
    ledger = ledger_of(OPENED, assessed(), heard(), heard(SHORT, "S-2", "other"))
    votes = {"signal:layla": True, "signal:other": False}
    assert signal_votes(ledger, "BTC-USD", NOON) == votes
    assert signal_votes(ledger, "BTC-USD", NOON - HOUR) == {}
    assert signal_votes(ledger, "BTC-USD", NOON + 24 * HOUR) == {}
    assert signal_votes(ledger, "XAU-USD", NOON) == {}


def test_what_was_heard_in_virtual_time_has_no_vote() -> None:
    event = heard()
    blind = replace(event, signal=replace(event.signal, counts=False))
    assert signal_votes(ledger_of(OPENED, assessed(), blind), "BTC-USD", NOON) == {}


def test_a_call_that_has_ended_votes_no_more() -> None:
    result = ended(record(UP), bar(2, 100, 111, 99, 110), 0.001)
    assert result is not None
    ledger = ledger_of(OPENED, assessed(), heard(UP), happened.SignalClosed("S-1", result))
    assert signal_votes(ledger, "BTC-USD", NOON + HOUR) == {}


# ---- held to its word


def test_it_counts_from_the_first_close_after_it_was_heard() -> None:
    ledger = ledger_of(OPENED, heard(), seen(NOON, 100.0))
    assert ledger.signals["S-1"].entry is None
    ledger = ledger_of(OPENED, heard(), seen(NOON + HOUR, 101.0), seen(NOON + 2 * HOUR, 102.0))
    assert ledger.signals["S-1"].entry == Decimal(101)


def test_nothing_ends_before_it_has_begun() -> None:
    assert ended(record(UP, None), bar(2, 100, 200, 50, 100), 0.0) is None


@pytest.mark.parametrize(
    ("call", "close", "cost", "right"),
    [
        (LONG, 101.0, 0.002, True),
        (LONG, 101.0, 0.02, False),
        (LONG, 100.0, 0.0, False),
        (SHORT, 99.0, 0.002, True),
        (SHORT, 99.0, 0.02, False),
        (SHORT, 101.0, 0.0, False),
    ],
)
def test_without_levels_the_direction_must_pay_the_round_trip(
    call: Call, close: float, cost: float, right: bool
) -> None:
    assert ended(record(call), bar(23, 100, 150, 60, 100), cost) is None
    result = ended(record(call), bar(24, 100, 150, 60, close), cost)
    assert result is not None
    assert (result.outcome, result.right) == (SignalOutcome.HORIZON, right)


@pytest.mark.parametrize(
    ("call", "ends", "outcome", "leave", "right"),
    [
        (UP, bar(2, 100, 110, 96, 105), SignalOutcome.TARGET, 110, True),
        (UP, bar(2, 100, 109, 95, 100), SignalOutcome.STOP, 95, False),
        (UP, bar(2, 100, 112, 94, 111), SignalOutcome.STOP, 95, False),
        (UP, bar(2, 93, 112, 92, 111), SignalOutcome.STOP, 93, False),
        (UP, bar(24, 100, 109, 96, 109), SignalOutcome.HORIZON, 109, False),
        (DOWN, bar(2, 100, 104, 90, 91), SignalOutcome.TARGET, 90, True),
        (DOWN, bar(2, 100, 106, 89, 90), SignalOutcome.STOP, 105, False),
        (DOWN, bar(2, 107, 108, 89, 90), SignalOutcome.STOP, 107, False),
    ],
)
def test_with_levels_the_target_must_come_before_the_stop(
    call: Call, ends: Bar, outcome: SignalOutcome, leave: int, right: bool
) -> None:
    result = ended(record(call), ends, 0.001)
    assert result is not None
    assert (result.outcome, result.leave, result.right) == (outcome, Decimal(leave), right)


def test_a_target_that_does_not_pay_the_round_trip_is_not_right() -> None:
    near = replace(UP, target=Decimal("100.05"))
    result = ended(record(near), bar(2, 100, 101, 99, 100), 0.004)
    assert result is not None
    assert (result.outcome, result.right) == (SignalOutcome.TARGET, False)


@pytest.mark.parametrize(
    ("call", "entry", "outcome", "right"),
    [
        (UP, 111, SignalOutcome.VOID, None),
        (UP, 94, SignalOutcome.STOP, False),
        (DOWN, 89, SignalOutcome.VOID, None),
        (DOWN, 106, SignalOutcome.STOP, False),
    ],
)
def test_levels_passed_before_it_could_count_are_never_in_the_callers_favour(
    call: Call, entry: int, outcome: SignalOutcome, right: bool | None
) -> None:
    result = ended(record(call, entry), bar(2, 100, 101, 99, 100), 0.0)
    assert result is not None
    assert (result.outcome, result.right, result.gross_frac) == (outcome, right, 0.0)


def test_a_signal_is_heard_and_closed_once() -> None:
    result = ended(record(LONG), bar(24, 100, 101, 99, 100), 0.0)
    assert result is not None
    closed = happened.SignalClosed("S-1", result)
    for events in ((heard(), heard()), (closed,), (heard(), closed, closed)):
        with pytest.raises(InvariantBroken):
            ledger_of(OPENED, *events)


def test_the_fold_of_old_bars_opens_nothing() -> None:
    assert ASSESSMENT.at == NOON
    assert ledger_of(OPENED, heard(), assessed()).signals["S-1"].entry is None
