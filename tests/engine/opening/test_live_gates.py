"""The gates to live: each one alone keeps it locked, and each says what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.clock import SystemClock
from engine.config import Secrets, Settings
from engine.desk.policy import policy_of
from engine.desk.requirements import (
    cannot_unlock,
    requirements_of,
    unlock_phrase,
    unmet,
)
from engine.errors import InvariantBroken
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import Actor, Role
from engine.model.bars import Timeframe
from engine.model.events import Event
from engine.model.reviews import Verdict
from engine.opening import Venues
from engine.opening.gates import LiveLocked, pass_gates
from engine.opening.live import sized_for
from engine.rehearsal.account import VenueAccount
from engine.rehearsal.kraken import LoopbackKraken
from engine.review.plan import Watched, as_mode, registration_due
from engine.views import MarketView
from tests.kit.desk import BTC, OVERSEER
from tests.kit.events import BOUGHT, NOON, OPENED, assessed, ledger_of
from tests.kit.live_desk import live_settings, secrets_of

SETTINGS = live_settings()
B = Actor(SETTINGS.discord.owner_id, "B", Role.OWNER)
PLAN = registration_due(
    SETTINGS, Watched("kraken", real_market=True, instruments=SETTINGS.watched), Ledger()
)
assert PLAN is not None
PLANNED = (OPENED, PLAN)


def looked(verdict: Verdict, days: int = 56) -> happened.ReviewHeld:
    """A look at the record, so many days in."""
    return happened.ReviewHeld(
        slot_at=NOON + timedelta(days=days), plan_seq=2, scheduled=days == 56, verdict=verdict,
        reason="because.", weeks=days / 7, trades=60, gates=(),
    )  # fmt: skip


REVIEWED = looked(Verdict.GO_PILOT)
UNLOCKED = happened.LiveUnlocked(B, Verdict.GO_PILOT, 2)
LIVE = happened.ModeChanged("live", Decimal(1000), {}, "a pilot")
KRAKEN = MarketView("kraken", "Kraken", simulated=False, paced=False, timeframe=Timeframe.H1)
KILL = happened.BreakerTripped("drawdown kill", "16 %", "15 %", "never", to_paper=True)


def record(*more: Event) -> Ledger:
    return ledger_of(*PLANNED, *more)


def things(settings: Settings, ledger: Ledger) -> list[str]:
    return [each.thing for each in unmet(requirements_of(settings, ledger))]


def test_with_everything_nothing_is_missing() -> None:
    assert things(SETTINGS, record(REVIEWED, UNLOCKED)) == []


@pytest.mark.parametrize(
    ("changes", "thing"),
    [
        ({"desk": {"mode": "paper", "watch": (BTC,)}}, "mode"),
        ({"discord": {"owner_id": ""}}, "owner"),
    ],
)
def test_a_setting_that_is_missing_keeps_it_locked(changes: dict[str, Any], thing: str) -> None:
    assert thing in things(live_settings(**changes), record(REVIEWED, UNLOCKED))


@pytest.mark.parametrize(
    ("changes", "thing"),
    [
        ({"compliance": {"jurisdiction": ""}}, "jurisdiction"),
        ({"instruments": {BTC: {"attested_by": ""}}}, f"form of {BTC}"),
        (
            {"jurisdictions": {"CA-ON": {"venues": ("coinbase",)}}},
            f"venue of {BTC}",
        ),
        ({"risk": {"trades_a_day": 49}}, "review"),
    ],
)
def test_what_decides_trades_keeps_it_locked_even_if_it_was_reviewed(
    changes: dict[str, Any], thing: str
) -> None:
    assert thing in things(live_settings(**changes), record(REVIEWED, UNLOCKED))


@pytest.mark.parametrize(
    ("events", "wanted"),
    [
        ((), ["review", "owner's word"]),
        ((REVIEWED,), ["owner's word"]),
        ((looked(Verdict.KEEP_PAPER),), ["review", "owner's word"]),
        ((REVIEWED, UNLOCKED, looked(Verdict.NO_GO, 63)), ["review"]),
        ((REVIEWED, UNLOCKED, looked(Verdict.KEEP_PAPER, 63)), []),
        ((REVIEWED, UNLOCKED, PLAN), ["review", "owner's word"]),
        ((REVIEWED, UNLOCKED, KILL), ["drawdown kill", "owner's word"]),
    ],
)
def test_a_record_without_its_go_keeps_it_locked(
    events: tuple[Event, ...], wanted: list[str]
) -> None:
    assert things(SETTINGS, record(*events)) == wanted


def test_a_record_that_is_missing_simulated_or_rehearsed_is_none() -> None:
    simulated = replace(OPENED, simulated=True)
    rehearsed = replace(OPENED, mode="rehearsal")
    for ledger in (Ledger(), ledger_of(simulated), ledger_of(rehearsed)):
        assert "record" in things(SETTINGS, ledger)


def test_every_missing_line_says_what_mends_it() -> None:
    for each in unmet(requirements_of(Settings(), Ledger())):
        assert each.mend, each


# ---- the owner's word --------------------------------------------------------------------


def test_only_the_owner_unlocks_over_a_go_and_word_by_word() -> None:
    reviewed, phrase = record(REVIEWED), unlock_phrase(as_mode(SETTINGS, "paper").hash)
    assert cannot_unlock(reviewed, SETTINGS, B, f"  {phrase} ") is None
    assert "the owner" in _refused(reviewed, OVERSEER, phrase)
    assert phrase in _refused(reviewed, B, "trade real money")
    assert "review" in _refused(record(), B, phrase)
    other = live_settings(risk={"trades_a_day": 49})
    assert cannot_unlock(reviewed, other, B, phrase) is not None


def _refused(ledger: Ledger, actor: Actor, phrase: str) -> str:
    refused = cannot_unlock(ledger, SETTINGS, actor, phrase)
    assert refused is not None
    return refused.sentence


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((UNLOCKED,), "no review"),
        ((REVIEWED, replace(UNLOCKED, plan_seq=9)), "not in force"),
        ((REVIEWED, replace(UNLOCKED, by=OVERSEER)), "not the owner"),
        ((REVIEWED, replace(UNLOCKED, verdict=Verdict.GO_FULL)), "not over GO-FULL"),
        ((looked(Verdict.NO_GO), replace(UNLOCKED, verdict=Verdict.NO_GO)), "not over"),
        ((KILL, REVIEWED, UNLOCKED), "drawdown kill"),
        ((LIVE,), "nobody has unlocked"),
        ((REVIEWED, LIVE), "nobody has unlocked"),
        ((REVIEWED, UNLOCKED, LIVE, replace(LIVE, mode="paper"), LIVE), "nobody has unlocked"),
    ],
)
def test_the_record_itself_refuses_a_shortcut(events: tuple[Event, ...], why: str) -> None:
    with pytest.raises(InvariantBroken, match=why):
        record(*events)


def test_going_live_begins_the_money_anew() -> None:
    aside = {"USD": Decimal(9000), "BTC": Decimal(1)}
    ledger = record(REVIEWED, UNLOCKED, replace(LIVE, set_aside=aside))
    assert (ledger.mode, ledger.cash_usd, ledger.set_aside) == ("live", Decimal(1000), aside)
    assert ledger.high_water_usd == ledger.day_open_usd == Decimal(1000)


def test_other_money_is_neither_a_gain_nor_a_drawdown_to_the_review() -> None:
    up = assessed(NOON, 10_500)
    down = assessed(NOON + timedelta(hours=1), 10_000)
    ledger = record(up, down, REVIEWED, UNLOCKED, LIVE)
    tenure = ledger.tenure
    assert tenure is not None
    (day,) = tenure.days.values()
    assert (tenure.begun_usd, day.equity_usd) == (Decimal(1000), Decimal(1000))
    assert tenure.high_water_usd == Decimal(1050)
    assert tenure.drawdown_frac == pytest.approx(1 - 10_000 / 10_500)


# ---- the keys ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rights", "why"),
    [
        ({"can_withdraw": True}, "can withdraw"),
        ({"can_trade": False}, "cannot trade"),
        ({"can_query": False}, "cannot read"),
        ({"can_read_ledger": False}, "cannot read"),
    ],
)
async def test_a_key_that_may_do_too_much_or_too_little_keeps_it_locked(
    rights: dict[str, bool], why: str
) -> None:
    told = await _passed(lambda venue: vars(venue).update(rights))
    assert isinstance(told, LiveLocked)
    (missing,) = told.missing
    assert why in missing.sentence
    assert missing.mend


async def test_a_sound_key_passes() -> None:
    assert await _passed(lambda _: None) == ""


async def test_an_account_without_dollars_keeps_it_locked() -> None:
    told = await _passed(lambda venue: venue.account.own.update(USD=Decimal(0)))
    assert isinstance(told, LiveLocked)
    (missing,) = told.missing
    assert missing.thing == "account"
    assert "deposit" in missing.sentence


async def test_a_live_account_that_differs_from_its_record_keeps_it_locked() -> None:
    live = record(REVIEWED, UNLOCKED, LIVE)
    same = await _passed(lambda venue: venue.account.own.update(USD=Decimal(1000)), live)
    assert same == ""
    told = await _passed(lambda venue: venue.account.own.update(USD=Decimal(990)), live)
    assert isinstance(told, LiveLocked)
    assert "10 less at the venue" in told.missing[0].sentence


def test_a_pilot_takes_a_tenth_of_every_size_and_a_full_go_all_of_it() -> None:
    policy = policy_of(SETTINGS, (BTC,))
    pilot = record(REVIEWED, UNLOCKED)
    assert sized_for(policy, pilot).sizing.pilot_factor == 0.1
    full = record(looked(Verdict.GO_FULL), replace(UNLOCKED, verdict=Verdict.GO_FULL))
    assert sized_for(policy, full).sizing.pilot_factor == 1.0
    assert sized_for(policy, record()) == policy


async def test_a_live_desk_that_holds_something_comes_up_halted_instead() -> None:
    refused = looked(Verdict.NO_GO, 63)
    holding = record(REVIEWED, UNLOCKED, LIVE, *BOUGHT[1:], refused)
    why = await _passed(lambda _: None, holding)
    assert isinstance(why, str)
    assert "NO-GO" in why
    flat = record(REVIEWED, UNLOCKED, LIVE, refused)
    assert isinstance(await _passed(lambda _: None, flat), LiveLocked)


async def test_a_venue_that_does_not_answer_leaves_it_locked() -> None:
    venues = Venues(Secrets.model_construct(), {"kraken": "http://127.0.0.1:9"})
    with pytest.raises(LiveLocked, match="kraken key"):
        await pass_gates(SETTINGS, record(REVIEWED, UNLOCKED), venues, KRAKEN)


@pytest.mark.parametrize("view", [replace(KRAKEN, simulated=True), replace(KRAKEN, paced=True)])
async def test_a_market_that_is_not_real_keeps_it_locked(view: MarketView) -> None:
    told = await _passed(lambda _: None, market=view)
    assert isinstance(told, LiveLocked)
    assert [each.thing for each in told.missing] == ["market"]


async def _passed(
    prepare: Callable[[LoopbackKraken], object],
    ledger: Ledger | None = None,
    market: MarketView = KRAKEN,
) -> str | LiveLocked:
    venue = LoopbackKraken(VenueAccount(SystemClock(), own={"USD": Decimal(1000)}))
    prepare(venue)
    async with venue.serving() as url:
        venues = Venues(secrets_of(venue), {"kraken": url}, spacing=timedelta(microseconds=1))
        try:
            unlocked = record(REVIEWED, UNLOCKED) if ledger is None else ledger
            return await pass_gates(SETTINGS, unlocked, venues, market)
        except LiveLocked as locked:
            return locked
