"""One look at one feed: asked for what is new, within caps of time and size.

Refuses plain http but on this machine, redirects to where nobody has allowed, and compressed
bodies, whose size nobody knows before they are open.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from engine.config.addresses import is_secure

if TYPE_CHECKING:
    import httpx

_MOST_REDIRECTS = 2


class Unread(Exception):
    """A feed could not be read; the message says why, in one clause."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a feed said of its last answer, so that it need not send it again."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A feed's answer; `content` is None where nothing has changed."""

    content: bytes | None
    seen: Seen


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port: what a redirect must keep to one of."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


async def fetch(
    client: httpx.AsyncClient,
    url: str,
    seen: Seen,
    *,
    allowed: frozenset[tuple[str, str]],
    seconds: float,
    most_bytes: int,
) -> Body:
    """Ask `url` for what is new since `seen`.

    Parameters
    ----------
    allowed : frozenset of (scheme, host)
        Where a redirect may lead.
    seconds : float, real seconds
        For everything together.

    Raises
    ------
    Unread
    """
    import httpx

    try:
        async with asyncio.timeout(seconds):
            for _ in range(_MOST_REDIRECTS + 1):
                answer = await _ask(client, url, seen, most_bytes)
                if isinstance(answer, Body):
                    return answer
                url = urljoin(url, answer)
                if not is_secure(url) or origin(url) not in allowed:
                    raise Unread("it redirects to where nobody has allowed")
            raise Unread("it redirects without end")
    except TimeoutError:
        raise Unread(f"no answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise Unread(f"it cannot be read ({type(fault).__name__})") from None


async def _ask(client: httpx.AsyncClient, url: str, seen: Seen, most_bytes: int) -> Body | str:
    """The body, or where it has moved to."""
    headers = {"Accept-Encoding": "identity", "Accept": "application/xml, application/json, */*"}
    if seen.etag:
        headers["If-None-Match"] = seen.etag
    if seen.modified:
        headers["If-Modified-Since"] = seen.modified
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 304:
            return Body(None, seen)
        if response.has_redirect_location:
            return response.headers["location"]
        if response.status_code != 200:
            raise Unread(f"HTTP {response.status_code}")
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unread("it is compressed, though nobody asked for that")
        content = bytearray()
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) > most_bytes:
                raise Unread(f"it is longer than {most_bytes} bytes")
        newly = Seen(_header(response, "etag"), _header(response, "last-modified"))
        return Body(bytes(content), newly)


def _header(response: httpx.Response, name: str) -> str:
    value = response.headers.get(name, "")
    return value if len(value) <= 200 and value.isascii() else ""
