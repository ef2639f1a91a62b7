"""Whatever the bytes, a feed gives dated plain lines or says in one clause that it is none."""

from __future__ import annotations

from datetime import UTC

from hypothesis import example, given
from hypothesis import strategies as st

from engine.model.headlines import LONGEST_TITLE, Headline
from engine.news.feeds import NoFeed, dated_titles
from engine.news.titles import plain_title
from tests.kit.loopback_feeds import atom, json_feed, rss
from tests.kit.market import MONDAY

GOOD = [made([(MONDAY, "Bitcoin climbs")]) for made in (rss, atom, json_feed)]
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)


def read(body: bytes) -> None:
    """Read a body, and hold what comes to the rules of a headline."""
    try:
        found = dated_titles(body)
    except NoFeed:
        return
    for at, title in found:
        assert at.tzinfo is UTC
        Headline(at, "example.org", title)


@given(st.binary(max_size=400))
@example(b"<" * 100_000)
@example(b'{"a":' * 50_000)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    read(body)


@given(st.sampled_from(GOOD), st.integers(0, 200), st.binary(max_size=12))
def test_a_feed_with_bytes_put_in_is_read_or_refused(body: bytes, at: int, more: bytes) -> None:
    read(body[:at] + more + body[at:])
    read(body[:at] + body[at + len(more) :])


@given(st.sampled_from((atom, json_feed)), WORDS, WORDS)
def test_any_date_and_title_are_read_or_left_out(made: object, written: str, title: str) -> None:
    assert callable(made)
    read(made([(written.replace("<", "").replace("&", ""), title)]))


@given(st.text(max_size=3000))
def test_any_title_is_one_plain_line(text: str) -> None:
    line = plain_title(text)
    assert len(line) <= LONGEST_TITLE
    assert line.isprintable()
    assert line == " ".join(line.split())
