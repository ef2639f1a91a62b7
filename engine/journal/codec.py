"""Events as text and back, exactly: what is written can be read, now and by later versions.

Refuses NaN, infinity, text that is no Unicode, and any event that would not come back equal.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.errors import CorruptJournal, JournalError, UnknownEventVersion
from engine.model.canonical import adapter_for, canonical_json
from engine.model.events import EVENTS, Event

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
Upcasts = Mapping[tuple[str, int], Upcast]


def _trip_with_consequence(plain: dict[str, Any]) -> dict[str, Any]:
    """Version 1 left unsaid which trip sends the desk back to paper: it was always the kill."""
    return plain | {"why": "", "to_paper": plain["name"] == "drawdown kill"}


UPCASTS: Upcasts = {("breaker_tripped", 1): _trip_with_consequence}
"""(kind, version) of an old payload to what makes it one version newer."""


def kind_of(event_type: type[Event]) -> str:
    """Name of an event in the journal: its class in snake case.

    Examples
    --------
    >>> from engine.model.events import BarsAssessed
    >>> kind_of(BarsAssessed)
    'bars_assessed'
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", event_type.__name__).lower()


KINDS: dict[str, type[Event]] = {kind_of(event_type): event_type for event_type in EVENTS}


def encode(event: Event) -> str:
    """Payload of `event` as canonical JSON.

    Raises
    ------
    JournalError
        If the event is not listed, holds a number that is not finite, or would not come back
        equal.

    Examples
    --------
    >>> from engine.model.events import ProposalExpired
    >>> encode(ProposalExpired(proposal_id="P-1"))
    '{"proposal_id":"P-1"}'
    """
    kind = kind_of(type(event))
    if KINDS.get(kind) is not type(event):
        raise JournalError(f"{type(event).__name__} is not listed in EVENTS; add it there")
    payload = _payload(kind, event)
    if decode(kind, event.version, payload) != event:
        where = next(_not_finite(_adapter(type(event)).dump_python(event)), "a value")
        raise JournalError(f"{kind}: {where} would not be read back as it is; nothing was written")
    return payload


def decode(kind: str, version: int, payload: str, upcasts: Upcasts = UPCASTS) -> Event:
    """Event of a payload, brought up to its present version first.

    Raises
    ------
    UnknownEventVersion
        If a newer Executor wrote it.
    CorruptJournal
        If the payload does not fit its kind.
    """
    event_type = KINDS.get(kind)
    if event_type is None or version > event_type.version:
        raise UnknownEventVersion(
            f"{kind} version {version} is unknown here; open the journal with the Executor that "
            "wrote it, or a newer one"
        )
    try:
        plain = _upcast(kind, version, event_type.version, json.loads(payload), upcasts)
        event: Event = _adapter(event_type).validate_python(plain)
    except (ValidationError, ValueError) as fault:
        raise CorruptJournal(f"{kind}: {_first_line(fault)}; restore a backup") from None
    return event


def _adapter(event_type: type[Event]) -> TypeAdapter[Any]:
    kind: Any = event_type
    return adapter_for(kind)


def _payload(kind: str, event: Event) -> str:
    try:
        plain = _adapter(type(event)).dump_python(event, mode="json", warnings="error")
        payload = canonical_json(plain)
        payload.encode()
    except (PydanticSerializationError, ValueError) as fault:
        where = next(_not_finite(_adapter(type(event)).dump_python(event, warnings=False)), "")
        reason = f"{where} is not finite" if where else _first_line(fault)
        raise JournalError(f"{kind}: {reason}; nothing was written") from None
    return payload


def _upcast(
    kind: str, version: int, target: int, plain: dict[str, Any], upcasts: Upcasts
) -> dict[str, Any]:
    for old in range(version, target):
        if (kind, old) not in upcasts:
            raise UnknownEventVersion(f"{kind} version {old} has no upcast; add it to UPCASTS")
        plain = upcasts[kind, old](plain)
    return plain


def _not_finite(value: Any, path: str = "") -> Iterator[str]:
    """Paths of the numbers in `value` that are NaN or infinite."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _not_finite(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from _not_finite(item, f"{path}[{place}]")
    elif isinstance(value, float | Decimal) and not math.isfinite(value):
        yield f"{path} = {value}"


def _first_line(fault: Exception) -> str:
    if isinstance(fault, ValidationError):
        first = fault.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(fault).partition("\n")[0]
