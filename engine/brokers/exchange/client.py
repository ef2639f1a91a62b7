"""The one way to a signed ccxt client of a venue: its key from the secrets, traced and guarded.

Refuses to sign without both halves of a key, to remember what a secret holds anywhere else, and
to hand out a client that can do more than ``engine.compliance.calls`` allows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from engine.compliance import GuardedClient
from engine.config import Secrets
from engine.errors import ConfigError

_MILLISECOND = timedelta(milliseconds=1)
_URL_KEYS = {"kraken": ("public", "private"), "coinbase": ("rest",)}
_OPTIONS = {
    "kraken": {},
    "coinbase": {
        "fetchBalance": "v3PrivateGetBrokerageAccounts",
        "fetchTime": "v3PublicGetBrokerageTime",
    },
}
TITLES = {"kraken": "Kraken", "coinbase": "Coinbase"}


@dataclass(frozen=True, slots=True)
class VenueKey:
    """Both halves of one API key; neither shows in a repr."""

    name: SecretStr
    secret: SecretStr


@dataclass(frozen=True, slots=True)
class Answer:
    """What a venue answered, as it came over the wire.

    Attributes
    ----------
    body : Any
        The JSON with its fractions as Decimal; None where it is none.
    text : str
        The first characters of the answer, for people.
    """

    status: int
    body: Any
    text: str


@dataclass(slots=True)
class Trace:
    """What went over the wire since the last `clear`.

    Attributes
    ----------
    sent : int
        Requests that were begun; they may have failed before a byte left.
    """

    sent: int = 0
    answers: list[Answer] = field(default_factory=list)

    def clear(self) -> None:
        """Forget, before the next call."""
        self.sent = 0
        self.answers = []

    def note(self, status: int, text: str) -> None:
        """Keep an answer."""
        try:
            body = json.loads(text, parse_float=Decimal)
        except ValueError:
            body = None
        self.answers.append(Answer(status, body, text[:160]))


def key_of(venue: str, secrets: Secrets) -> VenueKey:
    """The key of `venue`.

    Raises
    ------
    ConfigError
        If there is no such venue or half of the key is missing, naming the variables.
    """
    if venue not in _URL_KEYS:
        known = " or ".join(_URL_KEYS)
        raise ConfigError(f"there is no exchange {venue!r} to trade at: it must be {known}")
    key = key_if_any(venue, secrets)
    if key is None:
        variables = f"{venue.upper()}_API_KEY and {venue.upper()}_API_SECRET"
        raise ConfigError(f"{TITLES[venue]} needs a key: set {variables} in the environment")
    return key


def key_if_any(venue: str, secrets: Secrets) -> VenueKey | None:
    """The key of `venue`; None without both halves, or where there is no such exchange."""
    if venue not in _URL_KEYS:
        return None
    name = getattr(secrets, f"{venue}_api_key")
    secret = getattr(secrets, f"{venue}_api_secret")
    return None if name is None or secret is None else VenueKey(name, secret)


def open_client(
    venue: str,
    key: VenueKey,
    *,
    trace: Trace | None = None,
    base_url: str = "",
    timeout: timedelta = timedelta(seconds=10),
    spacing: timedelta | None = None,
) -> GuardedClient:
    """An asynchronous ccxt client that signs with `key`, guarded; the caller closes it.

    ccxt is imported here: it costs about half a second and 100 MB. Each caller has a client of
    its own, so that orders never queue behind the polls of a feed.

    Parameters
    ----------
    trace : Trace, optional
        Is told of every request and answer.
    base_url : str
        Another root, for a loopback venue.
    timeout : timedelta, > 0
        For one request.
    spacing : timedelta, optional
        Least time between two requests; the venue's own limit where not given.
    """
    options: dict[str, Any] = {
        "apiKey": key.name.get_secret_value(),
        # A PEM that travelled through one line of an environment has its line ends spelled out.
        "secret": key.secret.get_secret_value().replace("\\n", "\n"),
        "timeout": timeout / _MILLISECOND,
        "enableRateLimit": True,
        "options": dict(_OPTIONS[venue]),
    }
    if spacing is not None:
        options["rateLimit"] = spacing / _MILLISECOND
    client = _traced(venue)(options)
    client.executor_trace = trace or Trace()
    # The list of markets is all that is needed; the list of currencies is two more requests.
    client.has["fetchCurrencies"] = False
    if base_url:
        client.urls["api"] = dict.fromkeys(_URL_KEYS[venue], base_url)
    if base_url.startswith("http://"):
        # Nothing is encrypted on the loopback: no certificates to load, no goodbye to wait for.
        client.verify, client.timeout_on_exit = False, 0
    return GuardedClient(client)


def _traced(venue: str) -> Any:
    import ccxt.async_support

    base: Any = getattr(ccxt.async_support, venue)

    class Traced(base):  # type: ignore[misc]  # ccxt is untyped
        """A client that tells what went over the wire."""

        async def fetch(
            self, url: str, method: str = "GET", headers: Any = None, body: Any = None
        ) -> Any:
            self.executor_trace.sent += 1
            return await super().fetch(url, method, headers, body)

        def on_rest_response(self, code: int, reason: str, *rest: Any) -> Any:
            text = super().on_rest_response(code, reason, *rest)
            self.executor_trace.note(code, text)
            return text

    return Traced
