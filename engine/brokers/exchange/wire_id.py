"""Our own order ids as a venue takes them, and back: the same order under one name everywhere.

Refuses ids that do not fit: Kraken takes free text of at most 18 characters. The mapping is
reversible, so that a fill found after a restart names its order without any memory of it.
"""

from __future__ import annotations

import re

LONGEST = 18
_LETTERS = {"entry": "E", "target": "T", "stop": "S", "timelimit": "L", "ownerclose": "C"}
_WORDS = {letter: word for word, letter in _LETTERS.items()}
_OURS = re.compile(r"([0-9a-f]{12})-([a-z]+)-([1-9][0-9]{0,4})")
_PACKED = re.compile(r"([0-9a-f]{12})([A-Z])([1-9][0-9]{0,4})")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,18}")


def to_wire(client_id: str) -> str:
    """The id under which a venue knows our order; empty if it does not fit there.

    Examples
    --------
    >>> to_wire("0123456789ab-timelimit-2")
    '0123456789abL2'
    >>> to_wire("entry")
    'entry'
    """
    ours = _OURS.fullmatch(client_id)
    if ours is not None and ours[2] in _LETTERS:
        return f"{ours[1]}{_LETTERS[ours[2]]}{ours[3]}"
    fits = _PLAIN.fullmatch(client_id) and not _PACKED.fullmatch(client_id)
    return client_id if fits else ""


def from_wire(wire_id: str) -> str:
    """Our id of an order that a venue knows as `wire_id`.

    Examples
    --------
    >>> from_wire("0123456789abL2")
    '0123456789ab-timelimit-2'
    """
    packed = _PACKED.fullmatch(wire_id)
    if packed is not None and packed[2] in _WORDS:
        return f"{packed[1]}-{_WORDS[packed[2]]}-{packed[3]}"
    return wire_id
