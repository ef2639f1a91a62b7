"""An ``IbkrBroker`` against a loopback gateway, and orders short enough to read like sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from engine.brokers.ibkr.broker import IbkrBroker, Patience
from engine.brokers.ibkr.session import Gateway, NightlyRestart, Session
from engine.brokers.ibkr.street import Street
from engine.brokers.settlement import Unsettled
from engine.clock import VirtualClock
from engine.costs import CostModel, FeeTier
from engine.model.instruments import Asset, Calendar, Instrument, InstrumentForm
from engine.model.orders import Order, OrderType, Purpose, Side
from tests.kit.ib_gateway.gateway import LoopbackGateway
from tests.kit.ib_gateway.venue import MONDAY_11

D = Decimal


def instrument(symbol: str, asset: Asset, tick: str, lot: str) -> Instrument:
    """One instrument at IBKR; its calendar is the loopback's own, always open."""
    return Instrument(
        symbol, asset, InstrumentForm.ALLOCATED_METAL, "ibkr", D(tick), D(lot), D(10),
        Calendar.CONTINUOUS,
    )  # fmt: skip


INSTRUMENTS = {
    each.symbol: each
    for each in (
        instrument("PHYS-USD", Asset.GOLD, "0.01", "1"),
        instrument("PSLV-USD", Asset.SILVER, "0.01", "1"),
        instrument("XAU-USD", Asset.GOLD, "0.01", "0.01"),
        instrument("XAG-USD", Asset.SILVER, "0.0001", "0.5"),
        instrument("GLD-USD", Asset.GOLD, "0.01", "1"),
    )
}
SYMBOLS = {
    "PHYS-USD": "PHYS", "PSLV-USD": "PSLV", "XAU-USD": "XAUUSD", "XAG-USD": "XAGUSD",
    "GLD-USD": "GLD",
}  # fmt: skip
COSTS = CostModel(
    {"ibkr": FeeTier("ibkr", "IBKR", 0.00015, 0.0003, date(2026, 11, 1))},
    half_spreads=dict.fromkeys(INSTRUMENTS, 0.0005),
    slippage_frac=0.0,
)
RESTART = NightlyRestart(time(23, 45), timedelta(minutes=15), "America/New_York")


def gateway_at(port: int, **other: Any) -> Gateway:
    """Settings for a loopback gateway: short waits, one account."""
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "api_client": 17,
        "account": "DU1234567",
        "live": False,
        "request_seconds": 2.0,
        "ack_seconds": 0.25,
        "restart": RESTART,
    }
    return Gateway(**fields | other)


def broker_at(
    gateway: LoopbackGateway,
    clock: VirtualClock | None = None,
    *,
    patience: Patience | None = None,
    is_open: bool = True,
    known_fills: Collection[str] = frozenset(),
    unsettled: Iterable[Unsettled] = (),
    in_doubt: Mapping[str, datetime] = MappingProxyType({}),
    **other: Any,
) -> IbkrBroker:
    """A broker of its own process; make a second one to restart."""
    clock = clock or VirtualClock(MONDAY_11)
    street = Street(INSTRUMENTS, SYMBOLS, COSTS, lambda _, __: is_open)
    patience = patience or Patience(absence=timedelta(0))
    session = Session(gateway_at(gateway.port, **other), clock)
    return IbkrBroker(
        session,
        street,
        clock,
        patience,
        known_fills=known_fills,
        unsettled=unsettled,
        in_doubt=in_doubt,
    )


def later(clock: VirtualClock, gateway: LoopbackGateway, **span: float) -> None:
    """Let time pass for the desk and the venue."""
    clock.jump_to(clock.now() + timedelta(**span))
    gateway.venue.now = clock.now()


def buy(client_id: str = "a1b2c3d4e5f6-entry-1", quantity: str = "10", **other: Any) -> Order:
    """A market entry into PHYS."""
    fields: dict[str, Any] = {
        "client_id": client_id,
        "proposal_id": "P",
        "instrument": "PHYS-USD",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "purpose": Purpose.ENTRY,
        "quantity": D(quantity),
        "created_at": MONDAY_11,
    }
    return Order(**fields | other)


def sell(client_id: str = "a1b2c3d4e5f6-ownerclose-1", **other: Any) -> Order:
    """A sale at the market."""
    return replace(buy(client_id), side=Side.SELL, purpose=Purpose.OWNER_CLOSE, **other)


def stop(price: str = "18.50", linked_to: str = "a1b2c3d4e5f6-target-1", **other: Any) -> Order:
    """A stop, linked to the target."""
    return replace(
        sell("a1b2c3d4e5f6-stop-1"), type=OrderType.STOP, purpose=Purpose.STOP,
        stop_price=D(price), linked_to=linked_to, **other,
    )  # fmt: skip


def target(price: str = "21.00", linked_to: str = "a1b2c3d4e5f6-stop-1", **other: Any) -> Order:
    """A target, linked to the stop."""
    return replace(
        sell("a1b2c3d4e5f6-target-1"), type=OrderType.LIMIT, purpose=Purpose.TARGET,
        limit_price=D(price), linked_to=linked_to, **other,
    )  # fmt: skip


def limit_buy(price: str = "19.00", **other: Any) -> Order:
    """A limit entry into PHYS."""
    return buy(type=OrderType.LIMIT, limit_price=D(price), **other)
