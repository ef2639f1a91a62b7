"""Which addresses may be asked: https, or this machine's own.

Refuses addresses that carry a user or a password: they would stand in logs.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_LONGEST = 300


def is_here(url: str) -> bool:
    """Whether an address is this machine's own.

    Examples
    --------
    >>> is_here("http://localhost:1234/v1"), is_here("https://api.deepseek.com")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_secure(url: str) -> bool:
    """Whether an address is https with a host, or plain http on this machine.

    Examples
    --------
    >>> is_secure("https://example.org/rss"), is_secure("http://example.org/rss")
    (True, False)
    >>> is_secure("http://127.0.0.1:8000/rss"), is_secure("https://me:secret@example.org/rss")
    (True, False)
    """
    if not 0 < len(url) <= _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # asking for the port checks it
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_here(url))


def _secure(url: str) -> str:
    if not is_secure(url):
        raise ValueError(
            "must be an https address without user or password, or http on this machine"
        )
    return url


SecureAddress = Annotated[str, AfterValidator(_secure)]
