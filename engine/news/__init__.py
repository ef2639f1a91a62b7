"""Headlines: read from allow-listed feeds, or from recorded files as of their time.

Refuses whatever is undated, dated in the future, or more than a line of plain text.
"""

from engine.news.feeds import NoFeed
from engine.news.fetching import Unread
from engine.news.reader import FeedReader, ReadingBounds, count_dated
from engine.news.recorded import RecordedHeadlines

__all__ = [
    "FeedReader",
    "NoFeed",
    "ReadingBounds",
    "RecordedHeadlines",
    "Unread",
    "count_dated",
]
