"""Reading a card as Discord will: its text, buttons and size.

Refuses to look inside a card: only what is sent counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.ui.card import Card


def payload(card: Card) -> list[dict[str, Any]]:
    """The components as they are sent."""
    return [dict(each) for each in card.view().to_components()]  # type: ignore[no-untyped-call]


def components(card: Card) -> Iterator[dict[str, Any]]:
    """Every component of the message, nested ones included."""
    yield from nested(payload(card))


def nested(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Components in a payload, depth first."""
    for node in nodes:
        yield node
        yield from nested(node.get("components", []))


def text_of(card: Card) -> str:
    """All of the card's words."""
    return words(payload(card))


def words(nodes: list[dict[str, Any]]) -> str:
    """All words of a payload."""
    return "\n".join(each["content"] for each in nested(nodes) if "content" in each)


def custom_ids(nodes: list[dict[str, Any]]) -> list[str]:
    """Ids of the buttons of a payload, in order."""
    return [each["custom_id"] for each in nested(nodes) if "custom_id" in each]


def button_ids(card: Card) -> list[str]:
    """Ids of the card's buttons, in order."""
    return custom_ids(payload(card))
