"""What IB's numbered messages mean for an order and for the connection.

Refuses to take a number it does not know for good news: an unknown error about an order that was
just sent leaves its outcome unknown until it has been looked up.
Source: IBKR Campus, TWS API "API error codes"; ib_async 2.1 ``Wrapper.error`` treats 321 as a
warning, but on a new order it means that nothing was placed.
"""

from __future__ import annotations

from enum import Enum, auto

LOST = frozenset({1100, 2110})
"""The gateway has lost IB's servers: it lives, but knows nothing new."""
RESTORED = frozenset({1101, 1102})
"""Back; 1101 with subscriptions lost, 1102 with them kept. Either way: ask for everything anew."""
CLIENT_ID_IN_USE = 326
DUPLICATE_ORDER_ID = 103
CANCELED = 202
READ_ONLY = "read-only"

_REFUSED = {
    200: "IBKR lists no such contract",
    201: "",
    203: "this account may not trade it: ask for the trading permission in Client Portal",
    110: "the price is off IBKR's tick",
    321: "the gateway refused the request",
    434: "the size is zero",
    460: "no trading permission",
    10289: "no trading permission",
}
_CANNOT_CANCEL = frozenset({135, 161, 10147, 10148})
_HELD = frozenset({399, 2109})


class Meaning(Enum):
    """What a message about an order says of it."""

    NOTICE = auto()
    REFUSED = auto()
    CANCELED = auto()
    DUPLICATE_ID = auto()
    NOT_CANCELED = auto()
    UNCLEAR = auto()


def meaning(code: int) -> Meaning:
    """What `code` says of the order that it names.

    Examples
    --------
    >>> meaning(201), meaning(399), meaning(99999)
    (<Meaning.REFUSED: 2>, <Meaning.NOTICE: 1>, <Meaning.UNCLEAR: 6>)
    """
    if code in _HELD or 2100 <= code < 2200:
        return Meaning.NOTICE
    if code in _REFUSED:
        return Meaning.REFUSED
    if code == CANCELED:
        return Meaning.CANCELED
    if code == DUPLICATE_ORDER_ID:
        return Meaning.DUPLICATE_ID
    if code in _CANNOT_CANCEL:
        return Meaning.NOT_CANCELED
    return Meaning.UNCLEAR


def refusal(code: int, text: str) -> str:
    """One sentence for the owner: IB's words, and the mend where there is one."""
    words = " ".join(text.split())
    if READ_ONLY in words.lower():
        mend = "the API is read-only: untick Read-Only API in the gateway's settings"
        return f"IBKR {code}: {mend} ({words})"
    hint = _REFUSED.get(code, "")
    return f"IBKR {code}: {words}" + (f" ({hint})" if hint else "")
