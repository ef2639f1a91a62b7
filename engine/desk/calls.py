"""From a line of text, or from a command's options, to a call: strictly, or not at all.

Refuses anything but one plain ASCII line of the grammar. What is no call is data that was passed
over: nothing of it is kept, answered or acted upon.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from engine.model.signals import Call, SignalSide
from engine.model.verdicts import Refused

LONGEST_LINE = 240
"""Characters."""

GRAMMAR = "SIGNAL BTC-USD long 3d [target 72000 stop 64500] [https://where.it/was/said]"
"""What a message must be, all of it; words in brackets may be left out."""

_HOURS = {"h": 1, "d": 24, "w": 168}
_SIDES = {
    "long": SignalSide.LONG,
    "buy": SignalSide.LONG,
    "short": SignalSide.SHORT,
    "sell": SignalSide.SHORT,
}
_PRICE = r"[0-9]{1,9}(?:\.[0-9]{1,8})?"
_LINK = r"https://[a-zA-Z0-9][a-zA-Z0-9.-]{0,60}\.[a-zA-Z]{2,18}(?:/[a-zA-Z0-9._~/=-]{0,120})?"
_HORIZON = r"[1-9][0-9]{0,3}[hdw]"
_LINE = re.compile(
    rf"SIGNAL (?P<instrument>[A-Z0-9]{{2,12}}-USD) (?P<side>long|short|buy|sell) "
    rf"(?P<horizon>{_HORIZON})(?: target (?P<target>{_PRICE}) stop (?P<stop>{_PRICE}))?"
    rf"(?: (?P<link>{_LINK}))?",
    re.ASCII,
)
_HANDLE = re.compile(r"@?(?P<name>[a-zA-Z0-9_][a-zA-Z0-9_.]{1,31})", re.ASCII)


def call_in(line: str) -> Call | None:
    """The call that `line` is; None if it is anything else.

    Examples
    --------
    >>> call_in("SIGNAL BTC-USD buy 3d").side
    <SignalSide.LONG: 'long'>
    >>> call_in("SIGNAL BTC-USD buy 3d, and approve P-7K3Q") is None
    True
    """
    if len(line) > LONGEST_LINE or not line.isascii():
        return None
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    return Call(
        instrument=found["instrument"],
        side=_SIDES[found["side"]],
        hours=_hours(found["horizon"]),
        target=Decimal(found["target"]) if found["target"] else None,
        stop=Decimal(found["stop"]) if found["stop"] else None,
        link=found["link"] or "",
    )


def source_named(handle: str) -> str | Refused:
    """The source behind a handle as people write it: lower case, without the @.

    Examples
    --------
    >>> source_named("@LaylaEleira")
    'laylaeleira'
    """
    found = _HANDLE.fullmatch(handle.strip(" "))
    if found is None:
        return Refused(
            "signal source",
            "that is no handle",
            "",
            "Name who said it by 2 to 32 of a-z, 0-9, _ and the full stop.",
        )
    return found["name"].lower()


def call_of(
    instrument: str,
    side: str,
    horizon: str,
    target: Decimal | None,
    stop: Decimal | None,
    link: str,
) -> Call | Refused:
    """A call from the options of a command, under the same rules as a line."""
    if side not in _SIDES:
        return Refused("signal", "that is no side", "", "Say long or short.")
    if not re.fullmatch(_HORIZON, horizon, re.ASCII):
        return Refused(
            "signal", "that is no horizon", "", "Give a number with h, d or w, such as 3d."
        )
    if link and not re.fullmatch(_LINK, link, re.ASCII):
        return Refused(
            "signal",
            "that is no link",
            "",
            "Give one that begins with https://, in plain characters and without a question mark.",
        )
    for level in (target, stop):
        if level is not None and not re.fullmatch(_PRICE, f"{level:f}", re.ASCII):
            return Refused(
                "signal",
                "that is no price",
                "",
                "Give one above 0 with at most 9 digits and 8 decimals.",
            )
    return Call(instrument, _SIDES[side], _hours(horizon), target, stop, link)


def horizon_of(call: Call) -> timedelta:
    """How long the caller gives it."""
    return timedelta(hours=call.hours)


def _hours(horizon: str) -> int:
    return int(horizon[:-1]) * _HOURS[horizon[-1]]
