"""From the body of a feed to dated headlines: RSS, Atom or JSON Feed.

Refuses document types, entities, undated items and anything that is no feed, in one clause.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from engine.news.titles import plain_title

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_ITEMS = 500
"""Items of one feed that are looked at."""
_DATES = ("pubDate", "published", "updated", "date")


class NoFeed(ValueError):
    """The body is no feed that can be read."""


def dated_titles(body: bytes) -> list[tuple[datetime, str]]:
    """Titles of a feed with their dates, in its order; undated and empty ones are left out.

    Raises
    ------
    NoFeed
        If it is none.
    """
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    found = _in_json(text) if text.startswith(b"{") else _in_xml(body)
    kept = []
    for when, title in found:
        at, line = _instant(when), plain_title(title)
        if at is not None and line:
            kept.append((at, line))
    return kept


def _in_json(body: bytes) -> Iterator[tuple[str, str]]:
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        raise NoFeed("it is not JSON") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in str(feed.get("version")):
        raise NoFeed("it is JSON, but no JSON Feed")
    return (
        (_text(item, "date_published") or _text(item, "date_modified"), _text(item, "title"))
        for item in items[:MOST_ITEMS]
        if isinstance(item, dict)
    )


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _in_xml(body: bytes) -> Iterator[tuple[str, str]]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as fault:
        raise NoFeed(f"it holds what no feed needs ({type(fault).__name__})") from None
    except (ParseError, ValueError, LookupError):
        raise NoFeed("it is not well-formed XML") from None
    if _name(root) not in {"rss", "feed", "RDF"}:
        raise NoFeed("it is XML, but neither RSS nor Atom")
    items = [node for node in root.iter() if _name(node) in {"item", "entry"}]
    return ((_first(item, *_DATES), _first(item, "title")) for item in items[:MOST_ITEMS])


def _name(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]


def _first(item: Element, *names: str) -> str:
    for name in names:
        for child in item:
            if _name(child) == name:
                return "".join(child.itertext())
    return ""


def _instant(text: str) -> datetime | None:
    """The instant of a date as feeds write it; without a zone it counts as UTC."""
    said = text.strip()
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        try:
            at = parsedate_to_datetime(said)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
