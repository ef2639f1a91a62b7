"""What each event changes in the ledger, and what it may never do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import InvariantBroken
from engine.journal.change import change
from engine.journal.fold import TOLD, apply, fold
from engine.journal.ledger import Ledger
from engine.journal.risk_changes import REBASED
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Role
from engine.model.events import EVENTS, Event
from engine.model.orders import OrderState, OrderType, Purpose
from engine.model.positions import LotState
from engine.model.proposals import ProposalStatus
from engine.model.setups import Label, Outcome, SetupKind
from engine.model.venue_lines import Meaning
from engine.risk import BREAKERS
from tests.kit.events import (
    BOUGHT,
    NOON,
    OPENED,
    B,
    approved,
    assessed,
    envelopes,
    filled,
    intended,
    ledger_of,
    raised,
    terms,
)
from tests.kit.market import HOUR

ARKI = Actor("2", "Arki", Role.OVERSEER)
SELL = intended("sell", Purpose.OWNER_CLOSE)


def label(**changes: Any) -> Label:
    fields: dict[str, Any] = {
        "instrument": "BTC-USD", "kind": SetupKind.REVERSION, "opened_at": NOON,
        "closed_at": NOON + HOUR, "outcome": Outcome.TARGET, "target_frac": 0.1,
        "stop_frac": 0.05, "horizon_days": 2.0, "gross_frac": 0.1, "net_frac": 0.09,
        "uniqueness": 1.0, "log_odds_prior": 0.0, "scores": {}, "llrs": {}, "p_mean": 0.5,
    }  # fmt: skip
    return Label(**fields | changes)


def _sums(*values: Decimal | float) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_a_fold(event: type[Event]) -> None:
    assert change.dispatch(event) is not change.dispatch(object)


def test_what_is_told_is_an_event() -> None:
    assert set(EVENTS) >= TOLD


def test_an_unknown_event_is_a_broken_invariant() -> None:
    (envelope,) = envelopes([OPENED])
    with pytest.raises(InvariantBroken, match="does not know object"):
        change(object(), Ledger(), envelope)  # type: ignore[arg-type]


# ---- the desk ----------------------------------------------------------------------------


def test_opening_sets_every_money_mark() -> None:
    ledger = ledger_of(OPENED)
    marks = ("cash", "equity", "high_water", "halt_high_water", "day_open", "week_open")
    assert {getattr(ledger, f"{mark}_usd") for mark in marks} == {Decimal(10_000)}


def test_a_desk_opens_once() -> None:
    with pytest.raises(InvariantBroken, match="opened twice"):
        ledger_of(OPENED, OPENED)


def test_a_session_remembers_what_makes_its_market_again() -> None:
    ledger = ledger_of(OPENED, happened.SessionStarted("1", "simulated", "h", 7, NOON))
    assert (ledger.sessions, ledger.seed, ledger.epoch_at) == (1, 7, NOON)


def test_only_a_restart_is_told() -> None:
    session = happened.SessionStarted("1", "replay", "h", 0, None)
    assert list(ledger_of(OPENED, session, session).untold) == [1, 3]


def test_a_study_remembers_where_it_began_and_what_it_learnt() -> None:
    event = happened.HistoryStudied("BTC-USD", NOON, NOON + HOUR, 1, (label(),))
    ledger = ledger_of(OPENED, event)
    assert ledger.studied == {"BTC-USD": NOON}
    assert list(ledger.labels.values()) == [label()]


def test_bars_mark_equity_and_its_high_water() -> None:
    later = assessed(NOON + HOUR, 9_900)
    ledger = ledger_of(OPENED, assessed(NOON, 10_100), later)
    assert (ledger.equity_usd, ledger.high_water_usd) == (Decimal(9_900), Decimal(10_100))


@pytest.mark.parametrize(
    ("days", "day_open", "week_open"),
    [(0, 10_000, 10_000), (1, 10_100, 10_000), (7, 10_100, 10_100)],
)
def test_a_new_day_and_a_new_week_open_at_the_equity_before(
    days: int, day_open: int, week_open: int
) -> None:
    then = assessed(NOON + timedelta(days=days), 9_000)
    ledger = ledger_of(OPENED, assessed(NOON, 10_100), then)
    assert _sums(ledger.day_open_usd, ledger.week_open_usd) == (day_open, week_open)


def test_calm_bars_count_until_one_is_not() -> None:
    alarm = assessed(NOON + 2 * HOUR, calm=(("BTC-USD", False),))
    assert ledger_of(OPENED, assessed(), assessed(NOON + HOUR)).calm_bars == {"BTC-USD": 2}
    assert ledger_of(OPENED, assessed(), alarm).calm_bars == {"BTC-USD": 0}


def test_the_equity_curve_stays_within_its_bound() -> None:
    many = [assessed(NOON + k * HOUR, 10_000 + k) for k in range(2_500)]
    curve = ledger_of(OPENED, *many).equity_curve
    assert len(curve) <= 2_000
    assert (curve[0][1], curve[-1][1]) == (Decimal(10_000), Decimal(12_499))


def test_bars_stretch_the_excursions_of_open_positions() -> None:
    held = ledger_of(*BOUGHT, assessed()).positions["P-AAAA"]
    assert (held.worst_price, held.best_price) == (Decimal(98), Decimal(104))


def test_of_the_scans_only_the_newest_is_owed() -> None:
    ledger = ledger_of(OPENED, assessed(), assessed(NOON + HOUR))
    assert list(ledger.untold) == [1, 3]


def test_a_closed_candidate_is_a_label() -> None:
    assert list(ledger_of(OPENED, happened.CandidateClosed(label())).labels.values()) == [label()]


@pytest.mark.parametrize(
    "event",
    [
        happened.BarRefused("BTC-USD", NOON, "twice"),
        happened.ApprovalRefused("P-AAAA", ARKI, "not the owner"),
        happened.AccessRefused(ARKI, "resume"),
    ],
)
def test_some_events_are_for_the_record_only(event: Event) -> None:
    before, after = ledger_of(OPENED), ledger_of(OPENED, event)
    after.seq, after.head = before.seq, before.head
    assert after == before


# ---- proposals ---------------------------------------------------------------------------


def test_a_raised_proposal_is_open() -> None:
    (record,) = ledger_of(OPENED, raised()).open_proposals()
    assert (record.seq, record.terms, record.asked) == (2, terms(), True)


def test_a_proposal_is_raised_once() -> None:
    with pytest.raises(InvariantBroken, match="raised twice"):
        ledger_of(OPENED, raised(), raised())


def test_a_proposal_carries_the_hash_of_its_terms() -> None:
    forged = happened.ProposalRaised(terms(), "0" * 64, raised().assessment, asked=True)
    with pytest.raises(InvariantBroken, match="hash of its terms"):
        ledger_of(OPENED, forged)


def test_an_approval_remembers_by_whom_at_what_price_and_how_much() -> None:
    record = ledger_of(OPENED, raised(), approved(quantity=1)).proposals["P-AAAA"]
    assert record.status is ProposalStatus.APPROVED
    assert record.decided_by == B
    assert _sums(record.decided_quantity, record.decision_price or 0) == (1, 100)


DECISIONS = {
    ProposalStatus.APPROVED: approved(),
    ProposalStatus.REJECTED: happened.ProposalRejected("P-AAAA", B, "no"),
    ProposalStatus.EXPIRED: happened.ProposalExpired("P-AAAA"),
    ProposalStatus.WITHDRAWN: happened.ProposalWithdrawn("P-AAAA", "halted"),
}


@pytest.mark.parametrize("status", DECISIONS)
def test_a_decision_closes_the_proposal(status: ProposalStatus) -> None:
    ledger = ledger_of(OPENED, raised(), DECISIONS[status])
    assert ledger.proposals["P-AAAA"].status is status
    assert ledger.open_proposals() == []


@pytest.mark.parametrize("second", DECISIONS.values(), ids=list(DECISIONS))
@pytest.mark.parametrize("first", DECISIONS.values(), ids=list(DECISIONS))
def test_nothing_is_decided_twice(first: Event, second: Event) -> None:
    with pytest.raises(InvariantBroken, match="not open"):
        ledger_of(OPENED, raised(), first, second)


@pytest.mark.parametrize("event", DECISIONS.values(), ids=list(DECISIONS))
def test_nothing_is_decided_that_was_not_raised(event: Event) -> None:
    with pytest.raises(InvariantBroken, match="there is no proposal"):
        ledger_of(OPENED, event)


def test_an_approval_is_bound_to_the_hash() -> None:
    with pytest.raises(InvariantBroken, match="another hash"):
        ledger_of(OPENED, raised(), approved(stop=Decimal(90)))


@pytest.mark.parametrize("quantity", ["0", "2.1"])
def test_an_approval_is_within_the_quantity(quantity: str) -> None:
    with pytest.raises(InvariantBroken, match="beyond its quantity"):
        ledger_of(OPENED, raised(), approved(quantity=quantity))


# ---- orders ------------------------------------------------------------------------------


def test_an_intent_comes_before_the_wire() -> None:
    record = ledger_of(OPENED, raised(), approved(), intended()).orders["buy"]
    assert (record.state, record.open) == (OrderState.INTENDED, True)


@pytest.mark.parametrize(
    "events", [(OPENED, raised()), (OPENED, raised(), DECISIONS[ProposalStatus.REJECTED])]
)
def test_nothing_is_bought_without_a_yes(events: tuple[Event, ...]) -> None:
    with pytest.raises(InvariantBroken, match="not approved"):
        ledger_of(*events, intended())


def test_one_yes_is_one_buy() -> None:
    with pytest.raises(InvariantBroken, match="second entry for one approval"):
        ledger_of(OPENED, raised(), approved(), intended("buy"), intended("again"))


def test_no_more_is_bought_than_was_approved() -> None:
    with pytest.raises(InvariantBroken, match="more than was approved"):
        ledger_of(OPENED, raised(), approved(quantity=1), intended(quantity=2))


def test_another_instrument_than_the_approved_is_not_bought() -> None:
    with pytest.raises(InvariantBroken, match="not the entry that was approved"):
        ledger_of(OPENED, raised(), approved(), intended(instrument="XAU-USD"))


def test_an_order_is_intended_once() -> None:
    with pytest.raises(InvariantBroken, match="intended twice"):
        ledger_of(*BOUGHT, SELL, SELL)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (happened.OrderAccepted("buy", "v1"), OrderState.WORKING),
        (happened.OrderRejected("buy", "no"), OrderState.REJECTED),
        (happened.OrderOutcomeUnknown("buy", "timeout"), OrderState.UNKNOWN),
        (happened.OrderCanceled("buy", "halt"), OrderState.CANCELED),
    ],
)
def test_answers_move_the_order(event: Event, state: OrderState) -> None:
    ledger = ledger_of(OPENED, raised(), approved(), intended(), event)
    assert ledger.orders["buy"].state is state


def test_an_accepted_order_can_expire() -> None:
    accepted = happened.OrderAccepted("buy", "v1")
    events = (OPENED, raised(), approved(), intended(), accepted, happened.OrderExpired("buy"))
    assert ledger_of(*events).orders["buy"].state is OrderState.EXPIRED


def test_a_lost_entry_is_told_and_a_withdrawn_exit_is_not() -> None:
    buy = ledger_of(
        OPENED, raised(), approved(), intended(), happened.OrderCanceled("buy", "halt")
    )
    sell = ledger_of(*BOUGHT, SELL, happened.OrderCanceled("sell", "replaced"))
    assert buy.seq in buy.untold
    assert sell.seq not in sell.untold


# ---- fills -------------------------------------------------------------------------------


def test_a_fill_moves_cash_into_a_position() -> None:
    ledger = ledger_of(*BOUGHT)
    held = ledger.positions["P-AAAA"]
    assert _sums(ledger.cash_usd, held.cost_usd, held.quantity) == (9_799, 201, 2)
    assert held.lot is LotState.SELLABLE


def test_partial_fills_average_the_entry() -> None:
    more = (filled(quantity=1, price=100), filled(quantity=1, price=110))
    held = ledger_of(OPENED, raised(), approved(), intended(), *more).positions["P-AAAA"]
    assert _sums(held.entry_price, held.bought, held.fees_usd) == (105, 2, 2)
    assert held.lot is LotState.BOUGHT


def test_a_fill_is_counted_once() -> None:
    with pytest.raises(InvariantBroken, match="counted twice"):
        ledger_of(OPENED, raised(), approved(), intended(), *(filled(quantity=1),) * 2)


@pytest.mark.parametrize("quantity", ["0", "3"])
def test_an_order_is_filled_within_its_quantity(quantity: str) -> None:
    with pytest.raises(InvariantBroken, match="beyond its quantity"):
        ledger_of(OPENED, raised(), approved(), intended(), filled(quantity=quantity))


def test_cash_never_goes_below_zero() -> None:
    with pytest.raises(InvariantBroken, match="would leave cash at"):
        ledger_of(OPENED, raised(), approved(), intended(), filled(price=6_000))


def test_no_more_is_sold_than_is_held() -> None:
    sells = (intended("sell", Purpose.TIME_LIMIT), intended("again", Purpose.TIME_LIMIT))
    with pytest.raises(InvariantBroken, match="more than is held"):
        ledger_of(*BOUGHT, *sells, filled("sell", 2), filled("again", 2))
    with pytest.raises(InvariantBroken, match="no short sale"):
        ledger_of(*BOUGHT, intended("sell", Purpose.TIME_LIMIT, quantity=3))


def test_a_sale_of_everything_is_a_trade() -> None:
    ledger = ledger_of(*BOUGHT, SELL, filled("sell", 2, 110))
    (trade,) = ledger.trades
    assert _sums(trade.pnl_usd, trade.exit_price, trade.r_multiple) == (18, 110, 1.8)
    assert ledger.positions == {}
    assert ledger.cash_usd == 10_018


def test_a_sale_of_a_part_leaves_the_rest() -> None:
    ledger = ledger_of(*BOUGHT, SELL, filled("sell", 1, 110))
    assert ledger.positions["P-AAAA"].quantity == 1
    assert ledger.trades == []


def test_losses_in_a_row_end_with_a_win() -> None:
    lost = ledger_of(*BOUGHT, SELL, filled("sell", 2, 90))
    assert (lost.losses_in_a_row, lost.last_loss_at) == (1, NOON)
    assert ledger_of(*BOUGHT, SELL, filled("sell", 2, 110)).losses_in_a_row == 0


def test_a_fill_after_a_cancellation_is_the_truth() -> None:
    canceled = happened.OrderCanceled("buy", "halt")
    ledger = ledger_of(OPENED, raised(), approved(), intended(), canceled, filled())
    assert ledger.orders["buy"].state is OrderState.FILLED
    assert ledger.positions["P-AAAA"].quantity == 2


def test_slippage_is_what_the_fill_cost_against_its_reference() -> None:
    dear = filled(reference_price=Decimal(99))
    record = ledger_of(OPENED, raised(), approved(), intended(), dear).orders["buy"]
    assert record.slippage_usd == 2


def test_an_exit_is_asked_for_what_is_held() -> None:
    event = happened.ExitRequested("P-AAAA", Purpose.OWNER_CLOSE, B, "enough")
    assert ledger_of(*BOUGHT, event).exits_requested["P-AAAA"].at == NOON
    with pytest.raises(InvariantBroken, match="there is no position"):
        ledger_of(OPENED, event)


def test_reserved_cash_is_what_open_entries_still_need() -> None:
    ledger = ledger_of(OPENED, raised(), approved(), intended(), filled(quantity=1))
    assert ledger.reserved_usd() == 100


# ---- halts, breakers, posts --------------------------------------------------------------


def test_a_halt_stands_until_the_owner_resumes() -> None:
    halted = happened.Halted(ARKI, "odd")
    assert ledger_of(OPENED, halted).halt is not None
    assert ledger_of(OPENED, halted, happened.Resumed(B, "fine")).halt is None
    with pytest.raises(InvariantBroken, match="not the owner"):
        ledger_of(OPENED, halted, happened.Resumed(ARKI, "fine"))


def test_a_trip_stands_until_it_is_reset_and_stays_on_the_log() -> None:
    trip = happened.BreakerTripped("daily loss", "3 %", "2 %", "tomorrow")
    ledger = ledger_of(OPENED, trip, happened.BreakerReset("daily loss", DESK, "tomorrow"))
    assert (ledger.trips, ledger.trip_log) == ({}, [("daily loss", NOON)])


def test_only_the_owners_reset_forgives() -> None:
    lost = (*BOUGHT, SELL, filled("sell", 2, 90))
    by_desk = happened.BreakerReset("losses in a row, pause", DESK, "a day has passed")
    by_owner = happened.BreakerReset("losses in a row, halt", B, "reviewed")
    assert ledger_of(*lost, by_desk).losses_in_a_row == 1
    assert ledger_of(*lost, by_owner).losses_in_a_row == 0


def test_a_pause_that_the_owner_ends_leaves_the_run_of_losses() -> None:
    lost = (*BOUGHT, SELL, filled("sell", 2, 90))
    ended = ledger_of(*lost, happened.BreakerReset("losses in a row, pause", B, "I looked"))
    assert (ended.losses_in_a_row, ended.pause_ended_at) == (1, NOON)
    waited = ledger_of(*lost, happened.BreakerReset("losses in a row, pause", DESK, "a day"))
    assert (waited.losses_in_a_row, waited.pause_ended_at) == (1, None)


def test_a_reset_drawdown_is_measured_from_the_reset() -> None:
    fell = (OPENED, assessed(NOON, 8_000), happened.BreakerReset("drawdown halt", B, "reviewed"))
    assert ledger_of(*fell).halt_high_water_usd == 8_000


def test_a_review_note_is_dated_and_only_the_owner_writes_it() -> None:
    assert ledger_of(OPENED, happened.ReviewNoted(B, "too many entries")).review_note_at == NOON
    with pytest.raises(InvariantBroken, match="not by the owner"):
        ledger_of(OPENED, happened.ReviewNoted(ARKI, "too many entries"))


@pytest.mark.parametrize("by", [ARKI, Actor("3", "Mallory", Role.STRANGER)])
def test_a_breaker_that_somebody_else_reset_is_a_broken_invariant(by: Actor) -> None:
    with pytest.raises(InvariantBroken, match="not the owner"):
        ledger_of(OPENED, happened.BreakerReset("daily loss", by, "please"))


def test_a_kill_keeps_the_desk_on_paper_also_after_its_reset() -> None:
    kill = happened.BreakerTripped("drawdown kill", "16 %", "15 %", "owner", "why", to_paper=True)
    reset = happened.BreakerReset("drawdown kill", B, "begin anew")
    ledger = ledger_of(OPENED, assessed(equity=8_400), kill, reset)
    assert (ledger.trips, ledger.paper_only_since) == ({}, NOON)
    assert _sums(ledger.kill_high_water_usd, ledger.high_water_usd) == (8_400, 10_000)


def test_every_rebased_row_and_no_other_is_counted_anew() -> None:
    assert set(REBASED) == {breaker.name for breaker in BREAKERS if breaker.rebased}


def test_execution_is_measured_against_the_yes_and_the_stop() -> None:
    stop = intended("out", Purpose.STOP, type=OrderType.STOP, stop_price=Decimal(95))
    sold = filled("out", 2, 94, reference_price=Decimal(95))
    entry = filled("buy", 2, 101, reference_price=Decimal(101))
    ours = happened.LotSettled("P-AAAA"), happened.LotReleased("P-AAAA")
    ledger = ledger_of(OPENED, raised(), approved(), intended(), entry, *ours, stop, sold)
    (cost,) = ledger.executions
    assert cost.realised_frac == pytest.approx((2 * (101 - 100) + 2 * (95 - 94)) / 200)
    assert cost.modelled_frac == 0.0


def test_refused_orders_and_strange_fills_count_until_the_owner_resets() -> None:
    refused = happened.OrderRejected("buy", "no")
    strange = happened.StrangeFillSeen(filled("somebody").fill)
    before = (OPENED, raised(), approved(), intended(), refused, strange)
    ledger = ledger_of(*before)
    assert (ledger.rejected_at, ledger.strange_fills_count) == ([NOON], 1)
    names = ("order rejects", "unknown orders")
    after = ledger_of(*before, *(happened.BreakerReset(name, B, "looked") for name in names))
    assert (after.rejected_at, after.strange_fills_count) == ([], 0)


def test_what_is_posted_is_owed_no_more() -> None:
    ledger = ledger_of(OPENED, happened.NoticePosted(1, "c", "m"))
    assert (ledger.untold, ledger.posts) == ({}, {1: ("c", "m")})


def test_a_report_remembers_its_slot() -> None:
    event = happened.ReportPosted("daily", NOON, "c", "m")
    assert ledger_of(OPENED, event).reports == {"daily": NOON}


# ---- contradictions ----------------------------------------------------------------------


def stop_at(client_id: str, price: int) -> Event:
    return intended(client_id, Purpose.STOP, type=OrderType.STOP, stop_price=Decimal(price))


CONTRADICTIONS = {
    "second opening": (OPENED, OPENED),
    "decided twice": (OPENED, raised(), approved(), approved()),
    "wrong hash": (OPENED, raised(), approved(stop=Decimal(90))),
    "no cash": (OPENED, raised(), approved(), intended(), filled(price=6_000)),
    "oversold": (*BOUGHT, intended("sell", Purpose.TIME_LIMIT, quantity=3)),
    "unsettled": (*BOUGHT[:-2], intended("sell", Purpose.TIME_LIMIT)),
    "released unsettled": (*BOUGHT[:-2], happened.LotReleased("P-AAAA")),
    "stop lowered": (*BOUGHT, stop_at("s1", 96), stop_at("s2", 95)),
    "named by a stranger": (
        OPENED,
        happened.VenueKindClassified("kraken", "gift", Meaning.ORDINARY, DESK, "fine"),
    ),
    "rollover called ordinary": (
        OPENED,
        happened.VenueKindClassified("kraken", "rollover", Meaning.ORDINARY, B, "fine"),
    ),
    "given by the desk": (OPENED, happened.PurificationGiven(Decimal(1), DESK, "alms")),
    "overfilled": (OPENED, raised(), approved(), intended(), filled(quantity=3)),
    "unknown order": (OPENED, happened.OrderAccepted("nobody", "v")),
    "impossible turn": (*BOUGHT, happened.OrderRejected("buy", "late")),
    "unheld lot": (OPENED, happened.LotSettled("P-AAAA")),
}


@pytest.mark.parametrize("events", CONTRADICTIONS.values(), ids=list(CONTRADICTIONS))
def test_a_contradiction_changes_nothing_and_is_noted(events: tuple[Event, ...]) -> None:
    *fine, last = envelopes(events)
    before, after = fold(fine), fold(fine)
    with pytest.raises(InvariantBroken):
        apply(after, last)
    assert len(after.broken) == 1
    assert (after.seq, after.head) == (last.seq, last.hash)
    before.seq, before.head, before.broken = after.seq, after.head, after.broken
    assert after == before
