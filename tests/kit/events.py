"""Events by hand, for tests of the fold: terms, orders and fills that fit each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.journal.chain import GENESIS, Anchor
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.journal.sealing import Seal
from engine.model import events as happened
from engine.model.actors import Actor, Role
from engine.model.events import Event
from engine.model.orders import Fill, Order, OrderType, Purpose, Side
from engine.model.proposals import CardKind, CostLines, ProposalTerms, SizeStep
from engine.model.setups import Assessment, SetupKind
from engine.ports import Envelope
from tests.kit.market import HOUR, MONDAY

NOON = MONDAY + 12 * HOUR
B = Actor("1", "B", Role.OWNER)
ASSESSMENT = Assessment("BTC-USD", NOON, 100.0, (), None, None, (), {})
OPENED = happened.DeskOpened("paper", "replay", False, Decimal(10_000), "test")


def terms(name: str = "P-AAAA", **changes: Any) -> ProposalTerms:
    """Two coins at 100, target 110, stop 95."""
    fields: dict[str, Any] = {
        "id": name,
        "kind": CardKind.EXPLORATORY,
        "setup_kind": SetupKind.REVERSION,
        "instrument": "BTC-USD",
        "venue": "kraken",
        "order_type": OrderType.MARKET,
        "entry": Decimal(100),
        "target": Decimal(110),
        "stop": Decimal(95),
        "quantity": Decimal(2),
        "notional_usd": Decimal(200),
        "risk_usd": Decimal(10),
        "size_frac": 0.02,
        "size_steps": (SizeStep("fixed risk", 1.0, 0.02),),
        "size_set_by": "fixed risk",
        "costs": CostLines(0.001, 0.0, 0.0, "test"),
        "p_prior": 0.4,
        "p_mean": 0.5,
        "p_low": 0.4,
        "break_even": 0.35,
        "ev_mean_frac": 0.01,
        "ev_low_frac": -0.01,
        "horizon_days": 2.0,
        "created_at": NOON,
        "expires_at": NOON + HOUR,
        "time_limit_at": NOON + timedelta(days=2),
        "config_hash": "c" * 64,
    }
    return ProposalTerms(**fields | changes)


def raised(name: str = "P-AAAA", **changes: Any) -> happened.ProposalRaised:
    made = terms(name, **changes)
    return happened.ProposalRaised(made, made.hash, ASSESSMENT, asked=True)


def approved(name: str = "P-AAAA", quantity: int | str = 2, **changes: Any) -> Event:
    made = terms(name, **changes)
    return happened.ProposalApproved(
        name, made.hash, B, Decimal(100), Decimal(quantity), "because"
    )


def order(
    client_id: str = "buy", purpose: Purpose = Purpose.ENTRY, quantity: int | str = 2, **more: Any
) -> Order:
    fields: dict[str, Any] = {
        "client_id": client_id,
        "proposal_id": "P-AAAA",
        "instrument": "BTC-USD",
        "side": Side.BUY if purpose is Purpose.ENTRY else Side.SELL,
        "type": OrderType.MARKET,
        "purpose": purpose,
        "quantity": Decimal(quantity),
        "created_at": NOON,
    }
    return Order(**fields | more)


def intended(*args: Any, **more: Any) -> happened.OrderIntended:
    return happened.OrderIntended(order(*args, **more))


def filled(
    client_id: str = "buy", quantity: int | str = 2, price: int | str = 100, **more: Any
) -> happened.OrderFilled:
    fields: dict[str, Any] = {
        "fill_id": f"{client_id}@{quantity}@{price}",
        "client_id": client_id,
        "at": NOON,
        "price": Decimal(price),
        "quantity": Decimal(quantity),
        "fee_usd": Decimal(1),
        "reference_price": Decimal(price),
    }
    return happened.OrderFilled(Fill(**fields | more))


BOUGHT: tuple[Event, ...] = (
    OPENED,
    raised(),
    approved(),
    intended(),
    filled(),
    happened.LotSettled("P-AAAA"),
    happened.LotReleased("P-AAAA"),
)
"""The desk holds two coins for 201 dollars."""


def assessed(at: datetime = NOON, equity: int | str = 10_000, **more: Any) -> Event:
    fields: dict[str, Any] = {
        "bars_at": at,
        "assessments": (ASSESSMENT,),
        "prices": {"BTC-USD": Decimal(100)},
        "ranges": {"BTC-USD": (Decimal(98), Decimal(104))},
        "equity_usd": Decimal(equity),
        "caught_up": False,
        "cards": (("BTC-USD", "watch", "because"),),
        "calm": (("BTC-USD", True),),
    }
    return happened.BarsAssessed(**fields | more)


def envelopes(events: Iterable[Event], at: datetime = NOON) -> tuple[Envelope, ...]:
    return Seal("desk", "c" * 64).batch(tuple(events), at, 0, Anchor(0, GENESIS)).envelopes


def ledger_of(*events: Event, at: datetime = NOON) -> Ledger:
    """What these events add up to."""
    return fold(envelopes(events, at))
