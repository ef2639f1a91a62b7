"""Which exchanges give public data, how they differ, and whether one can be reached now.

Refuses to import ccxt: choosing a market at start-up must cost milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from engine.errors import MarketDataError


@dataclass(frozen=True, slots=True)
class Venue:
    """What this project knows of one exchange's public data.

    Attributes
    ----------
    name : str
        Also the name of its class in ccxt.
    url : str
        Root of its REST API.
    url_keys : tuple of str
        Where ccxt keeps that root.
    time_path : str
        Public server time; cheap, so it is the probe.
    time_key : str
        Key that a true answer to it holds; a captive portal's does not.
    publication_delay : timedelta, > 0
        From a candle's close to the first request worth making.
    page_bars : int, > 0
        Most candles in one answer.
    kept_bars : int or None
        Newest candles that the venue keeps; None where it keeps all.
    """

    name: str
    title: str
    url: str
    url_keys: tuple[str, ...]
    time_path: str
    time_key: str
    publication_delay: timedelta
    page_bars: int
    kept_bars: int | None = None


VENUES: Mapping[str, Venue] = MappingProxyType(
    {
        "kraken": Venue(
            "kraken", "Kraken", "https://api.kraken.com", ("public", "private"),
            "/0/public/Time", "result", timedelta(seconds=2), 720, 720,
        ),
        "coinbase": Venue(
            "coinbase", "Coinbase", "https://api.coinbase.com", ("rest",),
            "/v2/time", "data", timedelta(seconds=4), 300,
        ),
    }
)  # fmt: skip


def venue_named(name: str) -> Venue:
    """The venue called `name`.

    Raises
    ------
    MarketDataError
        If there is none, naming those there are.
    """
    try:
        return VENUES[name]
    except KeyError:
        raise MarketDataError(
            f"there is no feed for venue {name!r}: choose one of {', '.join(VENUES)}"
        ) from None


async def reachable(
    name: str,
    timeout: timedelta = timedelta(seconds=2),  # noqa: ASYNC109 - httpx does the timing
    *,
    base_url: str | None = None,
) -> bool:
    """Whether a venue's public API answers now.

    Parameters
    ----------
    name : str
        ``"kraken"`` or ``"coinbase"``.
    timeout : timedelta, > 0
        For the whole probe.
    base_url : str, optional
        Another root, for tests.

    Raises
    ------
    MarketDataError
        If there is no such venue.
    """
    import httpx

    venue = venue_named(name)
    try:
        async with httpx.AsyncClient(timeout=timeout.total_seconds()) as client:
            answer = await client.get((base_url or venue.url) + venue.time_path)
        return answer.is_success and venue.time_key in answer.json()
    except (httpx.HTTPError, ValueError, TypeError):
        return False  # no answer, or not this venue's: both mean "choose another market"
