"""Where headlines come from: feeds on a market of the present, recorded files in a replay.

Refuses to mix them: a feed of today knows what a replay must not.
"""

from __future__ import annotations

from datetime import timedelta

from engine.config import Settings
from engine.news import FeedReader, ReadingBounds, RecordedHeadlines
from engine.opening.choice import REPLAY, SIMULATED
from engine.ports import Clock, Headlines
from engine.views import MarketView


def headlines_of(
    settings: Settings, market: MarketView, instruments: tuple[str, ...], clock: Clock
) -> Headlines | None:
    """The source of headlines for a market; None where ``[news]`` names none that fits it.

    A simulated market has no news: what happens in it happens nowhere.

    Raises
    ------
    ConfigError
        If a recorded file cannot be read.
    """
    news = settings.news
    assets = {name: settings.instruments[name].asset for name in instruments}
    keep_for = timedelta(hours=news.keep_hours)
    if market.name == SIMULATED:
        return None
    if market.name == REPLAY:
        return RecordedHeadlines(news.recorded, assets, keep_for) if news.recorded else None
    return FeedReader(news.feeds, assets, clock, bounds_of(settings)) if news.feeds else None


def bounds_of(settings: Settings) -> ReadingBounds:
    """What reading may take."""
    news = settings.news
    return ReadingBounds(
        every=timedelta(minutes=news.every_minutes),
        answer_seconds=news.answer_seconds,
        answer_bytes=news.answer_kb * 1000,
        keep_for=timedelta(hours=news.keep_hours),
    )
