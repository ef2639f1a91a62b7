"""Making a venue's adapter out of a key: client, wire, dialect, broker.

Refuses to unlock anything: ``engine/opening`` calls this behind its gates; rehearsals and tests
build it on a loopback venue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from engine.brokers.exchange.broker import ExchangeBroker, ExchangeRules
from engine.brokers.exchange.client import TITLES, Trace, VenueKey, key_of, open_client
from engine.brokers.exchange.coinbase import CoinbaseDialect
from engine.brokers.exchange.coinbase import read as read_coinbase
from engine.brokers.exchange.dialect import Dialect
from engine.brokers.exchange.kraken import KrakenDialect
from engine.brokers.exchange.kraken import read as read_kraken
from engine.brokers.exchange.wire import Wire
from engine.config import Secrets
from engine.config.venues import ExchangeSettings
from engine.model.instruments import Instrument
from engine.model.money import exact
from engine.ports import Clock


def open_dialect(
    venue: str,
    key: VenueKey,
    clock: Clock,
    *,
    collar_frac: float = 0.0,
    base_url: str = "",
    timeout: timedelta = timedelta(seconds=10),
    spacing: timedelta | None = None,
) -> Dialect:
    """A venue's dialect on a wire of its own."""
    trace = Trace()
    client = open_client(
        venue, key, trace=trace, base_url=base_url, timeout=timeout, spacing=spacing
    )
    read = read_kraken if venue == "kraken" else read_coinbase
    wire = Wire(TITLES[venue], client, trace, clock, read)
    if venue == "kraken":
        return KrakenDialect(wire)
    return CoinbaseDialect(wire, exact(collar_frac))


def open_broker(
    venue: str,
    instruments: Mapping[Instrument, str],
    settings: ExchangeSettings,
    secrets: Secrets,
    clock: Clock,
    *,
    known_fills: Collection[str] = (),
    base_url: str = "",
    spacing: timedelta | None = None,
) -> ExchangeBroker:
    """The adapter of `venue`; nothing is sent until it is used.

    Parameters
    ----------
    instruments : mapping of Instrument to str
        ccxt's unified symbol of each.
    known_fills : collection of str
        Fill ids that the journal holds.
    base_url : str
        Another root, for a loopback venue.
    spacing : timedelta, optional
        Least time between two requests; the venue's own limit where not given.

    Raises
    ------
    ConfigError
        If the venue's key is missing.
    """
    dialect = open_dialect(
        venue,
        key_of(venue, secrets),
        clock,
        collar_frac=settings.collar_frac,
        base_url=base_url,
        timeout=timedelta(seconds=settings.timeout_seconds),
        spacing=spacing,
    )
    rules = ExchangeRules(
        deadline_for=timedelta(seconds=settings.deadline_seconds),
        dead_man_for=timedelta(seconds=settings.dead_man_seconds),
    )
    return ExchangeBroker(dialect, instruments, clock, rules, known_fills=known_fills)
