"""Walks the tree of message components: names their kinds, numbers them, finds them.

Pure; it judges nothing (``component_rules`` does) and draws nothing (the page does).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from bot.sandbox.wire import Json


class Kind(IntEnum):
    """Discord's component types."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


SELECTS = frozenset(
    {
        Kind.STRING_SELECT,
        Kind.USER_SELECT,
        Kind.ROLE_SELECT,
        Kind.MENTIONABLE_SELECT,
        Kind.CHANNEL_SELECT,
    }
)


def walk(components: Iterable[Json], path: str = "components") -> Iterator[tuple[str, Json]]:
    """Yield every component below, depth first, with its dotted field path.

    Examples
    --------
    >>> [path for path, _ in walk([{"type": 1, "components": [{"type": 2}]}])]
    ['components.0', 'components.0.components.0']
    """
    for index, component in enumerate(components):
        here = f"{path}.{index}"
        yield here, component
        yield from walk(component.get("components") or [], f"{here}.components")
        for slot in ("accessory", "component"):
            if component.get(slot):
                yield f"{here}.{slot}", component[slot]


def find(components: Iterable[Json], custom_id: str) -> Json | None:
    """Return the component with a custom id, or None."""
    for _, component in walk(components):
        if component.get("custom_id") == custom_id:
            return component
    return None


def number(components: Iterable[Json]) -> None:
    """Give every component without an ``id`` a free integer, in order, as Discord does."""
    everyone = [component for _, component in walk(components)]
    taken = {component["id"] for component in everyone if component.get("id")}
    free = (each for each in range(1, len(everyone) + len(taken) + 1) if each not in taken)
    for component in everyone:
        if not component.get("id"):
            component["id"] = next(free)


def media(components: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Yield every unfurled media item (a dict with ``url``) with its field path."""
    for path, component in walk(components):
        kind = component.get("type")
        if kind == Kind.THUMBNAIL:
            yield f"{path}.media", component["media"]
        elif kind == Kind.FILE:
            yield f"{path}.file", component["file"]
        elif kind == Kind.MEDIA_GALLERY:
            for index, item in enumerate(component["items"]):
                yield f"{path}.items.{index}.media", item["media"]
