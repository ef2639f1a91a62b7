"""The live venues from settings, secrets and record, and the money that a desk has there.

Refuses to unlock anything: whoever asks for a live broker has passed the gates (``gates.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from engine.brokers.exchange import coinbase, kraken
from engine.brokers.exchange.building import open_broker
from engine.brokers.ibkr import tickets
from engine.brokers.paper import STOP_GUARD
from engine.brokers.routing import RoutingBroker
from engine.brokers.settlement import Unsettled
from engine.config import Settings
from engine.desk.policy import Policy
from engine.engine.parts import Funding
from engine.errors import ConfigError
from engine.journal.ledger import Ledger
from engine.model.money import floor_to
from engine.model.reviews import Verdict
from engine.opening.ibkr import VENUE as IBKR
from engine.opening.ibkr import ibkr_broker
from engine.opening.venues import Venues
from engine.ports import Broker, Clock

PILOT_FACTOR = 0.1
"""Share of the intended size that a pilot takes (MATH.md sections 3 and 5)."""
_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_DOLLARS = "USD"


def live_broker(
    settings: Settings,
    instruments: Iterable[str],
    venues: Venues,
    ledger: Ledger,
    clock: Clock,
    unsettled: Iterable[Unsettled] = (),
) -> Broker:
    """The venues of `instruments` behind one port; nothing is sent until it is used.

    It knows every fill of the record, so that none is told twice.

    Parameters
    ----------
    unsettled : iterable of Unsettled
        What the record says is on its way to us.

    Raises
    ------
    ConfigError
        If a venue's key is missing, naming the variables.
    """
    traded: dict[str, list[str]] = defaultdict(list)
    for symbol in instruments:
        traded[settings.instruments[symbol].venue].append(symbol)
    known = frozenset(ledger.fills)
    brokers: dict[str, Broker] = {}
    for venue, symbols in traded.items():
        root = venues.root_of(venue)
        broker: Broker
        if venue == IBKR:
            broker = ibkr_broker(settings, clock, known, unsettled, ledger.in_doubt())
        else:
            broker = open_broker(
                venue,
                {settings.instrument(s): settings.instruments[s].venue_symbol for s in symbols},
                settings.brokers.exchange(venue),
                venues.secrets,
                clock,
                known_fills=known,
                base_url=root,
                spacing=venues.spacing,
            )
        brokers |= dict.fromkeys(symbols, broker)
    if not brokers:
        raise ConfigError("nothing that is watched is traded anywhere: name it in desk.watch")
    if len(traded) == 1:
        return next(iter(brokers.values()))
    return RoutingBroker(brokers, lambda client_id: _instrument_of(ledger, client_id))


def _instrument_of(ledger: Ledger, client_id: str) -> str:
    record = ledger.orders.get(client_id)
    return "" if record is None else record.order.instrument


def guards_of(settings: Settings, instruments: Iterable[str], *, paper: bool) -> dict[str, str]:
    """Who guards the stop of each instrument, one clause each."""
    at = {
        "kraken": kraken.STOP_GUARD,
        "coinbase": coinbase.stop_guard(settings.brokers.coinbase.collar_frac),
        IBKR: tickets.STOP_GUARD,
    }
    return {
        symbol: STOP_GUARD if paper else at[settings.instruments[symbol].venue]
        for symbol in instruments
    }


async def funding_of(
    broker: Broker, settings: Settings, instruments: Iterable[str], mode: str
) -> Funding:
    """What a desk that goes live may call its own: the settled dollars, as its venues say now.

    What else is on the account stays the owner's.

    Raises
    ------
    BrokerError
        If a venue does not tell its balances.
    ConfigError
        If there are no dollars.
    """
    there = await broker.balances()
    dollars = there.get(_DOLLARS, _NOTHING)
    cash = floor_to(dollars, _CENT)
    if not cash > _NOTHING:
        raise ConfigError(
            f"the account at {broker.name} has {dollars} settled US dollars: deposit what the "
            "desk may trade with, and start it again"
        )
    bases = {settings.instrument(symbol).base for symbol in instruments}
    aside = {asset: units for asset, units in there.items() if asset in bases and units}
    aside[_DOLLARS] = dollars - cash
    return Funding(mode, cash, aside, f"the settled dollars at {broker.name}")


def sized_for(policy: Policy, ledger: Ledger) -> Policy:
    """The same policy; a tenth of every size while live is a pilot."""
    if ledger.unlocked is None or ledger.unlocked.verdict is not Verdict.GO_PILOT:
        return policy
    return replace(policy, sizing=replace(policy.sizing, pilot_factor=PILOT_FACTOR))
