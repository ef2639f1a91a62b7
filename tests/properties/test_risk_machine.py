"""The breakers as one machine, driven by any sequence of looks and people.

No breaker comes back but by its rule or the owner, ignorance never resets a real trip, the set of
tripped ones shrinks in no other way, and no exit is ever asked about any of it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.compliance import check_exit
from engine.engine.guarding import events_of
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import DESK, Actor, Role
from engine.model.orders import Purpose
from engine.model.positions import LotState, Position
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Refused
from engine.risk import (
    BREAKERS,
    ClockState,
    Limits,
    NotMeasured,
    OddsRecord,
    Senses,
    TrippedBreaker,
    VenueState,
    assess_entry,
    breaker_changes,
    check_reset,
    findings,
)
from engine.risk.breaker import UNKNOWN
from tests.engine.test_risk_entry import GOLD, NOW, calm_market, calm_picture, request
from tests.kit.events import OPENED, envelopes, order

LIMITS = Limits()
HOUR = timedelta(hours=1)
PEOPLE = (
    Actor("1", "B", Role.OWNER),
    Actor("2", "Arki", Role.OVERSEER),
    Actor("3", "Mallory", Role.STRANGER),
    Actor("4", "Alpha", Role.STRANGER),
    DESK,
)
OWNED = Position(
    id="P-AAAA", kind=CardKind.EXPLORATORY, instrument="BTC-USD", quantity=Decimal(2),
    bought=Decimal(2), entry_price=Decimal(100), cost_usd=Decimal(200), fees_usd=Decimal(0),
    realised_usd=Decimal(0), target=Decimal(110), stop=Decimal(95), opened_at=NOW,
    time_limit_at=NOW + HOUR, lot=LotState.SELLABLE, worst_price=Decimal(99),
    best_price=Decimal(101),
)  # fmt: skip

unknown_too = [None, float("nan")]
money = st.sampled_from([Decimal(m) for m in (8_000, 8_700, 9_500, 9_790, 9_990, 10_000)])
readings = st.sampled_from([0.0, 1.0, 2.5, 7.0, 30.0, NotMeasured("by design"), *unknown_too])
fracs = st.sampled_from([0.0, 0.001, 0.004, 0.02, 0.4, NotMeasured("by design"), *unknown_too])
senses = st.builds(
    Senses,
    quote_age_seconds=st.sampled_from([1.0, 100.0, NotMeasured("no quotes"), None]),
    spread_frac=fracs,
    spread_median_frac=st.sampled_from([0.0, 0.002]),
    second_gap_frac=fracs,
    second_agreeing_count=st.integers(0, 4),
    print_sigmas=readings,
    print_agreeing_count=st.integers(0, 4),
)
markets = st.builds(
    calm_market,
    st.just(GOLD.symbol),
    open=st.sampled_from([True, True, False, None]),
    bar_age_for=st.sampled_from([timedelta(0), 5 * HOUR, None]),
    volatility_rank_frac=st.sampled_from([0.5, 0.995, None]),
    move_sigmas=st.sampled_from([1.0, 9.0, float("nan")]),
    calm_bars=st.sampled_from([0, 24, None]),
    senses=senses,
)
looks = st.fixed_dictionaries(
    {
        "equity_usd": money | st.none(),
        "day_open_equity_usd": money,
        "week_open_equity_usd": money,
        "consecutive_losses": st.sampled_from([0, 4, 7, None]),
        "daily_loss_trips": st.sampled_from([0, 3, None]),
        "clock": st.none() | st.builds(ClockState, readings, readings),
        "venue": st.builds(VenueState, readings, readings, readings, readings, readings),
        "odds": st.none() | st.builds(OddsRecord, readings, readings),
        "markets": markets.map(lambda market: (market,)),
    }
)


class Breakers(RuleBasedStateMachine):
    """A desk that is nothing but its breakers and their journal."""

    @initialize()
    def open(self) -> None:
        self.now = NOW
        self.record: list[Any] = []
        self.ledger = Ledger()
        self.picture = calm_picture(markets=(calm_market(GOLD.symbol),))
        self._write([OPENED])

    def _write(self, events: list[Any]) -> None:
        sealed = envelopes(events, self.now)
        self.record.extend(sealed)
        fold(sealed, self.ledger)

    def _tripped(self) -> tuple[TrippedBreaker, ...]:
        return tuple(TrippedBreaker(t.name, t.at, t.value) for t in self.ledger.trips.values())

    @rule(look=looks, hours=st.sampled_from([0, 1, 25, 200]))
    def look(self, look: dict[str, Any], hours: int) -> None:
        self.now += hours * HOUR
        losses = look["consecutive_losses"]
        self.picture = calm_picture(
            **look,
            now=self.now,
            last_loss_at=self.now - HOUR if losses else None,
            pause_ended_at=self.ledger.pause_ended_at,
            review_note_at=self.ledger.review_note_at,
            tripped=self._tripped(),
        )
        before = dict(self.ledger.trips)
        measured = {found.name: found for found in findings(self.picture, LIMITS)}
        self._write(events_of(self.picture, LIMITS))
        for name, trip in before.items():
            if name not in self.ledger.trips:
                self._came_back_by_its_rule(measured[name], trip.value)
        for name in self.ledger.trips.keys() - before.keys():
            assert measured[name].beyond
        again = replace(self.picture, tripped=self._tripped())
        assert breaker_changes(again, LIMITS) == ()

    def _came_back_by_its_rule(self, found: Any, value: str) -> None:
        assert not found.beyond
        if value == UNKNOWN:
            return  # it was only ignorance
        assert not isinstance(found.reading, NotMeasured)
        assert found.breaker.may_reset is not None
        assert found.breaker.may_reset(found.look, found.tripped)

    @rule(
        by=st.sampled_from(PEOPLE),
        row=st.sampled_from([b.title(GOLD.symbol) for b in BREAKERS]),
        reason=st.sampled_from(["", "  ", "I looked at it"]),
    )
    def reset(self, by: Actor, row: str, reason: str) -> None:
        self.picture = replace(self.picture, tripped=self._tripped())
        refused = check_reset(self.picture, LIMITS, row, by, reason)
        if by.role is not Role.OWNER or not reason.strip() or row not in self.ledger.trips:
            assert isinstance(refused, Refused)
        if refused is None:
            self._write([happened.BreakerReset(row, by, reason)])
            self.picture = replace(self.picture, tripped=self._tripped())
            assert row not in self.ledger.trips

    @rule()
    def note(self) -> None:
        self._write([happened.ReviewNoted(PEOPLE[0], "what went wrong, and what changes now")])

    @invariant()
    def a_tripped_breaker_blocks_every_entry_and_no_exit(self) -> None:
        if self.ledger.trips:
            picture = replace(self.picture, tripped=self._tripped())
            assert isinstance(assess_entry(request(), picture, LIMITS), Refused)
        sale = order("out", Purpose.OWNER_CLOSE)
        assert isinstance(check_exit(sale, OWNED), Approved)

    @invariant()
    def what_the_record_adds_up_to_is_the_state(self) -> None:
        assert fold(self.record).trips == self.ledger.trips


Breakers.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestBreakers = Breakers.TestCase
