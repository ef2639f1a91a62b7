"""Section 7's hard invariants, each with what breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.compliance import (
    ALLOWED_VENUE_CALLS,
    check_after,
    check_call,
    check_entry,
    check_exit,
)
from engine.errors import InvariantBroken
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import LotState, Position
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Refused

AT = datetime(2025, 3, 3, tzinfo=UTC)
BTC = Instrument(
    "BTC-USD",
    Asset.BITCOIN,
    InstrumentForm.CRYPTO_SPOT,
    "kraken",
    Decimal("0.1"),
    Decimal("0.00001"),
    Decimal(5),
    Calendar.CONTINUOUS,
    attested_by="B",
)
ENTRY = Order("e", "P", "BTC-USD", Side.BUY, OrderType.MARKET, Purpose.ENTRY, Decimal(1), AT)
STOP = Order(
    "s",
    "P",
    "BTC-USD",
    Side.SELL,
    OrderType.STOP,
    Purpose.STOP,
    Decimal(1),
    AT,
    stop_price=Decimal(95),
    linked_to="t",
)
TARGET = replace(
    STOP,
    client_id="t",
    type=OrderType.LIMIT,
    purpose=Purpose.TARGET,
    stop_price=None,
    limit_price=Decimal(110),
    linked_to="s",
)
HELD = Position(
    id="P",
    kind=CardKind.PROPOSAL,
    instrument="BTC-USD",
    quantity=Decimal(1),
    bought=Decimal(1),
    entry_price=Decimal(100),
    cost_usd=Decimal(101),
    fees_usd=Decimal(1),
    realised_usd=Decimal(0),
    target=Decimal(110),
    stop=Decimal(95),
    opened_at=AT,
    time_limit_at=AT + timedelta(days=2),
    lot=LotState.SELLABLE,
    worst_price=Decimal(100),
    best_price=Decimal(100),
)


def entry(
    order: Order = ENTRY,
    instrument: Instrument = BTC,
    cash: str = "100.4",
    position: Position | None = None,
    mode: str = "paper",
    outlay: str = "100.4",
) -> Approved | Refused:
    return check_entry(
        order, instrument, Decimal(cash), position, mode, outlay_usd=Decimal(outlay)
    )


def limit_of(verdict: Approved | Refused) -> str:
    return verdict.limit if isinstance(verdict, Refused) else ""


def test_a_funded_entry_goes_on_as_asked() -> None:
    assert entry() == Approved(Decimal(1))


@pytest.mark.parametrize(
    ("verdict", "limit"),
    [
        (entry(replace(ENTRY, side=Side.SELL)), "long only"),
        (entry(replace(ENTRY, purpose=Purpose.TARGET)), "long only"),
        (entry(replace(ENTRY, type=OrderType.STOP)), "entry type"),
        (entry(replace(ENTRY, quantity=Decimal(0))), "quantity"),
        (entry(replace(ENTRY, quantity=Decimal("NaN"))), "quantity"),
        (entry(replace(ENTRY, instrument="ETH-USD")), "instrument"),
        (entry(instrument=replace(BTC, form="cfd")), "form of ownership"),  # type: ignore[arg-type]
        (entry(instrument=replace(BTC, attested_by=None), mode="live"), "attested form"),
        (entry(position=HELD), "no averaging down"),
        (entry(cash="100.39"), "settled own cash"),
        (entry(cash="NaN"), "settled own cash"),
        (entry(outlay="NaN"), "settled own cash"),
        (entry(outlay="-1"), "settled own cash"),
    ],
)
def test_an_entry_that_breaks_a_rule_is_refused_by_it(
    verdict: Approved | Refused, limit: str
) -> None:
    assert limit_of(verdict) == limit


def test_unattested_forms_may_be_paper_traded() -> None:
    assert entry(instrument=replace(BTC, attested_by=None)) == Approved(Decimal(1))


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(ValueError, match="mode must be 'paper' or 'live', was 'demo'"):
        entry(mode="demo")


@pytest.mark.parametrize("order", [STOP, TARGET, replace(STOP, stop_price=Decimal(96))])
def test_an_exit_of_what_is_held_goes_on(order: Order) -> None:
    assert check_exit(order, HELD) == Approved(Decimal(1))


@pytest.mark.parametrize(
    ("verdict", "limit"),
    [
        (check_exit(STOP, None), "no short sale"),
        (check_exit(STOP, replace(HELD, instrument="XAU-USD")), "no short sale"),
        (check_exit(replace(STOP, quantity=Decimal("1.1")), HELD), "no short sale"),
        (check_exit(replace(STOP, quantity=Decimal("NaN")), HELD), "no short sale"),
        (check_exit(STOP, HELD, resting=Decimal("0.1")), "no short sale"),
        (check_exit(STOP, HELD, resting=Decimal(-1)), "no short sale"),
        (check_exit(STOP, replace(HELD, lot=LotState.BOUGHT)), "possession before sale"),
        (check_exit(STOP, replace(HELD, lot=LotState.SETTLED)), "possession before sale"),
        (check_exit(replace(STOP, stop_price=Decimal("94.9")), HELD), "no stop widening"),
        (check_exit(replace(STOP, stop_price=None), HELD), "no stop widening"),
        (check_exit(ENTRY, HELD), "exits only sell"),
        (check_exit(replace(STOP, purpose=Purpose.ENTRY), HELD), "exits only sell"),
    ],
)
def test_an_exit_that_breaks_a_rule_is_refused_by_it(
    verdict: Approved | Refused, limit: str
) -> None:
    assert limit_of(verdict) == limit


@pytest.mark.parametrize(
    "word", ["margin", "borrow", "lend", "stake", "earn", "withdraw", "future", "transfer", "loan"]
)
def test_no_allowed_venue_call_names_what_is_forbidden(word: str) -> None:
    assert not [call for call in ALLOWED_VENUE_CALLS if word in call]
    assert isinstance(check_call(f"create_{word}"), Refused)


def test_a_sound_state_passes() -> None:
    check_after(Decimal(0), {"BTC-USD": Decimal(1)}, [HELD], [STOP, TARGET])


@pytest.mark.parametrize(
    ("cash", "held", "positions", "orders", "words"),
    [
        ("-0.01", "1", [HELD], [], "cash must be >= 0"),
        ("NaN", "1", [HELD], [], "cash must be >= 0"),
        ("0", "-1", [], [], "holding of BTC-USD must be >= 0"),
        ("0", "1", [replace(HELD, quantity=Decimal(2))], [], "bought 1"),
        ("0", "1", [], [STOP], "held: nothing"),
        ("0", "1", [replace(HELD, lot=LotState.BOUGHT)], [STOP], "held: 1, bought"),
        ("0", "1", [HELD], [replace(STOP, linked_to=""), TARGET], "sell 2 BTC-USD"),
    ],
)
def test_a_broken_invariant_is_raised(
    cash: str, held: str, positions: list[Position], orders: list[Order], words: str
) -> None:
    with pytest.raises(InvariantBroken, match=words):
        check_after(Decimal(cash), {"BTC-USD": Decimal(held)}, positions, orders)
