"""One field of a venue's answer at a time, read exactly or not at all.

Refuses to guess: a number, name, side or instant that cannot be read is `BrokerUnavailable`, so
that a strange answer stops one question and not the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.clock import as_utc
from engine.errors import BrokerUnavailable
from engine.model.orders import Side

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def exact_of(table: Mapping[str, Any], key: str, venue: str) -> Decimal:
    """The finite number under `key`, exactly as the venue wrote it.

    Raises
    ------
    BrokerUnavailable
        If there is none: what cannot be read proves nothing.

    Examples
    --------
    >>> exact_of({"vol": "0.10"}, "vol", "Kraken")
    Decimal('0.10')
    """
    try:
        number = Decimal(str(table[key]))
    except (KeyError, InvalidOperation) as fault:
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}") from fault
    if not number.is_finite():
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}: {number}")
    return number


def above_zero_of(table: Mapping[str, Any], key: str, venue: str) -> Decimal:
    """The number under `key`, above 0: a price, or a step that things are rounded to.

    Raises
    ------
    BrokerUnavailable
        If there is none, or it is not above 0.
    """
    number = exact_of(table, key, venue)
    if number <= 0:
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}: {number}")
    return number


def least_of(table: Mapping[str, Any], key: str, venue: str) -> Decimal:
    """The minimum under `key`; 0 where the venue names none.

    Raises
    ------
    BrokerUnavailable
        If it names one that cannot be read.
    """
    return exact_of(table, key, venue) if table.get(key) else Decimal(0)


def text_of(table: Mapping[str, Any], key: str, venue: str) -> str:
    """The words under `key`, never empty.

    Raises
    ------
    BrokerUnavailable
        If there are none.
    """
    if not table.get(key):
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}")
    return str(table[key])


def table_of(table: Mapping[str, Any], key: str, venue: str) -> Mapping[str, Any]:
    """The table under `key`.

    Raises
    ------
    BrokerUnavailable
        If there is none.
    """
    inner = table.get(key)
    if not isinstance(inner, Mapping):
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}")
    return inner


def side_of(table: Mapping[str, Any], key: str, venue: str) -> Side:
    """The side under `key`, in whatever case.

    Raises
    ------
    BrokerUnavailable
        If it is neither: a trade of no side is not booked as either.
    """
    told = str(table.get(key))
    try:
        return Side(told.lower())
    except ValueError as fault:
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}: {told}") from fault


def written_instant_of(table: Mapping[str, Any], key: str, venue: str) -> datetime:
    """The instant written out under `key`, aware UTC, to the microsecond.

    Raises
    ------
    BrokerUnavailable
        If there is none, or it names no zone.

    Examples
    --------
    >>> written_instant_of({"at": "2025-03-03T00:00:01.123456789Z"}, "at", "Coinbase").isoformat()
    '2025-03-03T00:00:01.123456+00:00'
    """
    told = text_of(table, key, venue)
    try:
        return as_utc(datetime.fromisoformat(told))
    except ValueError as fault:
        raise BrokerUnavailable(f"{venue} gives no readable {key!r}: {told}") from fault


def instant_of(seconds: Decimal) -> datetime:
    """The instant so many seconds after 1970, to the microsecond.

    Parameters
    ----------
    seconds : Decimal, finite

    Raises
    ------
    BrokerUnavailable
        If no calendar has it.

    Examples
    --------
    >>> instant_of(Decimal("1.5")).isoformat()
    '1970-01-01T00:00:01.500000+00:00'
    """
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError as fault:
        raise BrokerUnavailable(f"{seconds} is no readable instant") from fault


def millis_of(at: datetime) -> int:
    """Milliseconds since 1970."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def plain(number: Decimal) -> str:
    """A number as text without an exponent.

    Examples
    --------
    >>> plain(Decimal("1E-5"))
    '0.00001'
    """
    return format(number, "f")
