"""Section 7's hard invariants, each with what breaks it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from engine.compliance import check_after, check_entry, check_exit, check_pair
from engine.errors import InvariantBroken
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.positions import LotState, Position
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Forbidden, Refused

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


def swap(symbol: str) -> Approved | Refused:
    return entry(replace(ENTRY, instrument=symbol), replace(BTC, symbol=symbol))


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
        (entry(instrument=replace(BTC, settles_after_days=1)), "counter-values in one session"),
        (entry(instrument=replace(BTC, settles_after_days=-1)), "counter-values in one session"),
        (swap("BTC-XAU"), "paid in cash"),
        (swap("XAG-PAXG"), "paid in cash"),
        (swap("BTC-USDT"), "paid in cash"),
        (entry(replace(ENTRY, linked_to="other")), "entry type"),
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
        (check_exit(STOP, HELD, highest_stop=Decimal("95.1")), "no stop widening"),
        (check_exit(ENTRY, HELD), "exits only sell"),
        (check_exit(replace(STOP, purpose=Purpose.ENTRY), HELD), "exits only sell"),
    ],
)
def test_an_exit_that_breaks_a_rule_is_refused_by_it(
    verdict: Approved | Refused, limit: str
) -> None:
    assert limit_of(verdict) == limit


def test_a_trust_of_allocated_metal_may_settle_a_day_later() -> None:
    trust = replace(BTC, form=InstrumentForm.ALLOCATED_METAL, settles_after_days=1)
    assert entry(instrument=trust) == Approved(Decimal(1))


def test_what_may_never_happen_is_told_from_what_may_not_now() -> None:
    assert isinstance(entry(position=HELD), Forbidden)
    unattested = entry(instrument=replace(BTC, attested_by=None), mode="live")
    assert isinstance(unattested, Refused)
    assert not isinstance(unattested, Forbidden)


def test_a_stop_and_a_target_of_one_lot_may_cancel_each_other() -> None:
    assert check_pair(STOP, TARGET) is None


@pytest.mark.parametrize(
    "other",
    [
        replace(TARGET, linked_to="x"),
        replace(TARGET, proposal_id="Q"),
        replace(TARGET, quantity=Decimal(2)),
        replace(STOP, client_id="t", linked_to="s"),
    ],
)
def test_a_relink_that_would_leave_a_lot_unguarded_is_refused(other: Order) -> None:
    assert isinstance(check_pair(STOP, other), Forbidden)


def test_a_sound_state_passes() -> None:
    check_after(Decimal(0), {"BTC-USD": Decimal(1)}, [HELD], [STOP, TARGET])


@pytest.mark.parametrize(
    ("cash", "held", "positions", "orders", "words"),
    [
        ("-0.01", "1", [HELD], [], "cash must be >= 0"),
        ("NaN", "1", [HELD], [], "cash must be >= 0"),
        ("0", "-1", [], [], "holding of BTC-USD must be >= 0"),
        ("0", "1", [replace(HELD, quantity=Decimal(2))], [], "bought 1"),
        ("0", "2", [HELD, replace(HELD, id="Q")], [], "held twice"),
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
