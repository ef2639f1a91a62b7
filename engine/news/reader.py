"""Headlines of allow-listed feeds, read when somebody asks and what is known has grown old.

Refuses to hold anybody up beyond its caps, to read what nobody has allowed, and to give a
headline that is dated later than it was seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from engine.config.addresses import is_secure
from engine.model.headlines import Headline
from engine.model.instruments import Asset
from engine.news.feeds import NoFeed, dated_titles
from engine.news.fetching import Seen, Unread, fetch, origin
from engine.news.titles import is_about
from engine.ports import Clock

if TYPE_CHECKING:
    import httpx

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReadingBounds:
    """What reading may take.

    Attributes
    ----------
    every : timedelta
        How long what was read counts as new.
    answer_seconds : float, real seconds
        Cap on one look at all feeds.
    answer_bytes : int, bytes
        Cap on one feed.
    keep_for : timedelta
        Age beyond which a headline is no news.
    """

    every: timedelta = timedelta(minutes=15)
    answer_seconds: float = 10.0
    answer_bytes: int = 1_000_000
    keep_for: timedelta = timedelta(days=3)


@dataclass(slots=True)
class _Feed:
    url: str
    seen: Seen = field(default_factory=Seen)
    headlines: tuple[Headline, ...] = ()

    @property
    def source(self) -> str:
        return (urlsplit(self.url).hostname or "").removeprefix("www.")[:60]


class FeedReader:
    """A `Headlines` port over RSS, Atom and JSON feeds.

    Parameters
    ----------
    urls : iterable of str
        Feeds; only they, and redirects among their hosts, are read.
    assets : mapping of instrument to Asset

    Raises
    ------
    ValueError
        If an address is not https, and not plain http on this machine.
    """

    name = "feeds"

    def __init__(
        self,
        urls: Iterable[str],
        assets: Mapping[str, Asset],
        clock: Clock,
        bounds: ReadingBounds = ReadingBounds(),
    ) -> None:
        self._feeds = [_Feed(url) for url in dict.fromkeys(urls)]
        for feed in self._feeds:
            if not is_secure(feed.url):
                raise ValueError(f"{feed.url!r} is neither https nor on this machine")
        self._allowed = frozenset(origin(feed.url) for feed in self._feeds)
        self._assets, self._clock, self._bounds = dict(assets), clock, bounds
        self._due_at: datetime | None = None
        self._reading = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    async def headlines(
        self, instrument: str, until: datetime, count: int
    ) -> tuple[Headline, ...]:
        """Newest `count` headlines on `instrument` with ``at <= until``, oldest first."""
        async with self._reading:
            if self._due_at is None or self._clock.now() >= self._due_at:
                await self._read()
        asset = self._assets.get(instrument)
        since = until - self._bounds.keep_for
        found = {
            (each.at, each.title): each
            for feed in self._feeds
            for each in feed.headlines
            if asset is not None and since <= each.at <= until and is_about(each.title, asset)
        }
        return tuple(found[key] for key in sorted(found))[-count:] if count > 0 else ()

    async def aclose(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _read(self) -> None:
        import httpx

        self._due_at = self._clock.now() + self._bounds.every
        if self._client is None:
            patience = httpx.Timeout(self._bounds.answer_seconds)
            self._client = httpx.AsyncClient(
                follow_redirects=False, timeout=patience, trust_env=False,
                headers={"User-Agent": "executor"},
            )  # fmt: skip
        await asyncio.gather(*(self._look(self._client, feed) for feed in self._feeds))

    async def _look(self, client: httpx.AsyncClient, feed: _Feed) -> None:
        """Take in what a feed has now; what cannot be read leaves what was known."""
        try:
            body = await fetch(
                client,
                feed.url,
                feed.seen,
                allowed=self._allowed,
                seconds=self._bounds.answer_seconds,
                most_bytes=self._bounds.answer_bytes,
            )
            if body.content is not None:
                feed.headlines = self._taken(dated_titles(body.content), feed.source)
            feed.seen = body.seen
        except (Unread, NoFeed) as fault:
            _log.warning("a feed could not be read", feed=feed.source, why=str(fault))

    def _taken(self, found: list[tuple[datetime, str]], source: str) -> tuple[Headline, ...]:
        now = self._clock.now()
        kept = [Headline(at, source, title) for at, title in found if at <= now]
        if len(kept) < len(found):
            told = "headlines dated in the future were left out"
            _log.info(told, feed=source, count=len(found) - len(kept))
        return tuple(kept)


async def count_dated(url: str, clock: Clock, bounds: ReadingBounds) -> int:
    """How many dated headlines a feed has now that are not of the future, for the doctor.

    Raises
    ------
    Unread, NoFeed
        In one clause.
    """
    import httpx

    async with httpx.AsyncClient(follow_redirects=False, trust_env=False) as client:
        body = await fetch(
            client,
            url,
            Seen(),
            allowed=frozenset({origin(url)}),
            seconds=bounds.answer_seconds,
            most_bytes=bounds.answer_bytes,
        )
    now = clock.now()
    return sum(at <= now for at, _ in dated_titles(body.content or b""))
