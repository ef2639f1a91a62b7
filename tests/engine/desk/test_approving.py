"""The second look, question by question, on a ledger made by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from engine.desk.approving import (
    Click,
    not_permitted,
    odds_hold,
    price_holds,
    still_open,
    without_reason,
)
from engine.model.actors import Actor, Permission, Role
from engine.model.events import Event
from engine.model.proposals import CardKind
from engine.model.setups import Odds
from engine.model.verdicts import Refused
from tests.kit.events import NOON, OPENED, B, approved, ledger_of, raised, terms

LATE = NOON + timedelta(hours=1)


def click(name: str = "P-AAAA", short_hash: str | None = None) -> Click:
    return Click(B, name, terms().short_hash if short_hash is None else short_hash, 1.0, "")


def odds(mean: float) -> Odds:
    return Odds(0.4, 0.5, 0.4, 0.35, mean, mean - 0.01, 0.001)


def limit(answer: object) -> str:
    assert isinstance(answer, Refused), answer
    return answer.limit


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.OWNER, Permission.DECIDE, True),
        (Role.OVERSEER, Permission.DECIDE, False),
        (Role.OVERSEER, Permission.HALT, True),
        (Role.STRANGER, Permission.READ, False),
        (Role.DESK, Permission.DECIDE, False),
    ],
)
def test_permission_follows_the_role(role: Role, permission: Permission, *, allowed: bool) -> None:
    assert (not_permitted(Actor("1", "X", role), permission) is None) == allowed


def test_an_open_proposal_is_found() -> None:
    found = still_open(click(), ledger_of(OPENED, raised()), NOON)
    assert not isinstance(found, Refused)
    assert found.terms == terms()


@pytest.mark.parametrize(
    ("events", "asked", "at", "refused_by"),
    [
        ((OPENED,), click(), NOON, "proposal"),
        ((OPENED, raised(), approved()), click(), NOON, "single use"),
        ((OPENED, raised()), click(short_hash="0" * 12), NOON, "hash"),
        ((OPENED, raised()), click(short_hash=""), NOON, "hash"),
        ((OPENED, raised()), click(), LATE, "expiry"),
    ],
)
def test_what_cannot_be_approved_says_why(
    events: tuple[Event, ...], asked: Click, at: object, refused_by: str
) -> None:
    assert limit(still_open(asked, ledger_of(*events), at)) == refused_by  # type: ignore[arg-type]


@pytest.mark.parametrize("price", [95.0, 94.0, 110.0, 111.0])
def test_beyond_its_barriers_a_setup_is_over(price: float) -> None:
    assert limit(price_holds(terms(), Decimal(price), 0.15)) == "price at the click"


@pytest.mark.parametrize(
    ("price", "holds"), [("100", True), ("96", True), ("100.75", True), ("100.76", False)]
)
def test_the_price_may_rise_by_a_share_of_the_stop(price: str, *, holds: bool) -> None:
    assert (price_holds(terms(), Decimal(price), 0.15) is None) == holds


def test_a_proposal_needs_its_gate_open() -> None:
    proposal = terms(kind=CardKind.PROPOSAL)
    assert odds_hold(proposal, odds(0.01), "") is None
    assert limit(odds_hold(proposal, odds(0.01), "no edge")) == "odds at the click"


def test_an_exploratory_one_needs_its_mean_above_zero() -> None:
    assert odds_hold(terms(), odds(0.001), "no edge") is None
    assert limit(odds_hold(terms(), odds(0.0), "no edge")) == "odds at the click"


def test_one_raised_on_request_had_no_gate_and_has_none_now() -> None:
    on_request = terms(ev_mean_frac=-0.001)
    assert odds_hold(on_request, odds(-0.002), "no edge") is None


@pytest.mark.parametrize(("reason", "enough"), [("", False), ("  ok ", False), ("why", True)])
def test_a_reason_is_a_word_at_least(reason: str, *, enough: bool) -> None:
    assert (without_reason("resume", reason) is None) == enough
