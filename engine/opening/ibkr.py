"""Interactive Brokers from the settings: the gateway, and a broker on it.

Refuses to unlock anything: whoever asks for a live broker has passed the review's gates before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from engine.brokers.ibkr.broker import IbkrBroker, Patience
from engine.brokers.ibkr.session import Gateway, NightlyRestart, Session
from engine.brokers.ibkr.street import Street
from engine.brokers.settlement import Unsettled
from engine.config import Settings
from engine.desk.policy import cost_model_of
from engine.market.nyse import is_trading_day
from engine.market.sessions import is_open
from engine.ports import Clock

VENUE = "ibkr"


def gateway_of(settings: Settings) -> Gateway:
    """Where the gateway is and how patient to be with it."""
    ibkr = settings.brokers.ibkr
    return Gateway(
        host=ibkr.host,
        port=ibkr.port,
        api_client=ibkr.api_client,
        account=ibkr.account,
        live=settings.desk.mode == "live",
        request_seconds=ibkr.request_seconds,
        ack_seconds=ibkr.ack_seconds,
        restart=NightlyRestart(
            ibkr.restart_at, timedelta(minutes=ibkr.restart_minutes), ibkr.restart_zone
        ),
    )


def ibkr_broker(
    settings: Settings,
    clock: Clock,
    known_fills: Collection[str] = frozenset(),
    unsettled: Iterable[Unsettled] = (),
    in_doubt: Mapping[str, datetime] = MappingProxyType({}),
) -> IbkrBroker:
    """A broker for every instrument whose venue is ibkr; nothing is connected yet.

    Parameters
    ----------
    known_fills : collection of str
        Ids of fills that the journal has already.
    unsettled : iterable of Unsettled
        Purchases in the journal that are not ours yet.
    in_doubt : mapping of client id to datetime, aware UTC
        Orders of the journal that have no answer, and when they were intended.
    """
    traded = {
        symbol: table for symbol, table in settings.instruments.items() if table.venue == VENUE
    }
    street = Street(
        instruments={symbol: table.instrument(symbol) for symbol, table in traded.items()},
        venue_symbols={symbol: table.venue_symbol for symbol, table in traded.items()},
        costs=cost_model_of(settings),
        is_open=is_open,
        is_business_day=is_trading_day,
    )
    ibkr = settings.brokers.ibkr
    patience = Patience(
        absence=timedelta(seconds=ibkr.absence_seconds),
        commission=timedelta(seconds=ibkr.commission_seconds),
    )
    session = Session(gateway_of(settings), clock)
    return IbkrBroker(
        session,
        street,
        clock,
        patience,
        known_fills=known_fills,
        unsettled=unsettled,
        in_doubt=in_doubt,
    )
