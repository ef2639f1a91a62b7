"""With which keys, and at which addresses, the venues of a live desk are reached.

Refuses another address than the venue's own unless it is on this machine, and a rehearsal that
would leave it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from engine.config import Secrets
from engine.errors import ConfigError

REHEARSAL = "rehearsal"


@dataclass(frozen=True, slots=True)
class Venues:
    """How the live venues are reached.

    Attributes
    ----------
    secrets : Secrets
        Whose keys sign.
    roots : mapping of str to str
        Root address of a venue that plays on this machine; a venue that is not named here is
        reached at its own address.
    rehearsal : bool
        Whether nothing but loopback venues may be reached; then no gate of the record is asked,
        and the record says rehearsal.
    spacing : timedelta or None
        Least time between two requests; the venue's own limit where None.
    """

    secrets: Secrets
    roots: Mapping[str, str] = field(default_factory=dict)
    rehearsal: bool = False
    spacing: timedelta | None = None

    def __post_init__(self) -> None:
        for venue, root in self.roots.items():
            if not is_loopback(root):
                raise ConfigError(
                    f"{venue} is to be reached at {root!r}, which is not on this machine: only "
                    "http://127.0.0.1:PORT may stand in for a venue"
                )

    def root_of(self, venue: str) -> str:
        """Another address of `venue`; empty for its own.

        Raises
        ------
        ConfigError
            In a rehearsal, if nothing plays that venue.
        """
        root = self.roots.get(venue, "")
        if self.rehearsal and not root:
            raise ConfigError(
                f"nothing plays {venue} in this rehearsal, and the real one is not touched: "
                "rehearse with instruments of kraken"
            )
        return root


def is_loopback(root: str) -> bool:
    """Whether an address is plain HTTP on this machine and nowhere else.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:8080"), is_loopback("https://api.kraken.com")
    (True, False)
    >>> is_loopback("http://127.0.0.1.example.com"), is_loopback("http://localhost:1")
    (False, False)
    """
    parts = urlsplit(root)
    if parts.scheme != "http" or parts.username or parts.password:
        return False
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name: whoever answers for it decides where it leads
        return False
