"""Recorded books and tapes: what stood at the venue, message by message, and nothing else."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.clock import VirtualClock
from engine.errors import BadTick, MarketDataError
from engine.market.kraken_book import KrakenBook
from engine.market.recordings import read_recording
from engine.market.replay import ReplayFeed
from engine.model.bars import BarsClosed, Depth, Print
from tests.kit.market import HOUR, MONDAY, take, walk, write_bars
from tests.kit.recorded import market_folder

FIXTURES = market_folder() / "fixtures"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason=f"no {FIXTURES}")


def stamp(seconds: float) -> str:
    return (MONDAY + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def book(kind: str, seconds: float, bids: list[Any], asks: list[Any], **more: Any) -> str:
    """A message of Kraken's second dialect."""

    def rows(levels: list[Any]) -> list[dict[str, float]]:
        return [{"price": price, "qty": size} for price, size in levels]

    data = {
        "symbol": "BTC/USD",
        "bids": rows(bids),
        "asks": rows(asks),
        "timestamp": stamp(seconds),
    }
    return json.dumps({"channel": "book", "type": kind, "data": [data | more]})


def trade(seconds: float, price: float, size: float, side: str) -> str:
    told = {"symbol": "BTC/USD", "side": side, "price": price, "qty": size}
    data = [told | {"timestamp": stamp(seconds)}]
    return json.dumps({"channel": "trade", "type": "update", "data": data})


SNAPSHOT = book("snapshot", 1, [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 4.0)])


def lines_in(folder: Path, *lines: str, name: str = "book.jsonl") -> Path:
    path = folder / name
    text = "\n".join(lines) + "\n"
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text, encoding="utf-8")
    return path


def told(path: Path) -> list[Depth | Print]:
    return list(read_recording(path, "BTC-USD"))


# ---- Kraken's messages -------------------------------------------------------------------


@pytest.mark.market_data
@needs_fixtures
def test_half_a_minute_of_kraken_has_the_venues_own_checksum_throughout() -> None:
    books = told(FIXTURES / "kraken_ws_book1000_XBT-CHF_20210417.jsonl.gz")
    assert len(books) == 290
    assert all(isinstance(each, Depth) and each.fault == "" for each in books)
    first, last = books[0], books[-1]
    assert isinstance(first, Depth)
    assert first.asks[0] == (56218.3, 0.15)
    assert first.at < last.at


@pytest.mark.market_data
@needs_fixtures
def test_a_lost_message_of_kraken_is_found(tmp_path: Path) -> None:
    whole = gzip.decompress(
        (FIXTURES / "kraken_ws_book1000_XBT-CHF_20210417.jsonl.gz").read_bytes()
    ).decode()
    lines = whole.splitlines()
    best = next(k for k, line in enumerate(lines[4:], 4) if '{"a":[["56274' in line)
    del lines[best]
    with pytest.raises(MarketDataError, match=r"line \d+: .*lost a message"):
        told(lines_in(tmp_path, *lines))


@pytest.mark.market_data
@needs_fixtures
def test_the_second_dialect_as_it_was_recorded(tmp_path: Path) -> None:
    names = ("book_snapshot", "book_update", "trade_update", "ticker_snapshot", "ohlc_update")
    messages = [
        json.dumps(json.loads((FIXTURES / f"kraken_ws_{name}.json").read_text())) for name in names
    ]
    shown, changed, bought, sold = told(lines_in(tmp_path, *messages))
    assert isinstance(shown, Depth)
    assert isinstance(changed, Depth)
    assert shown.best.bid_size == 0.136
    assert changed.best.bid_size == 0.25
    assert changed.asks == shown.asks
    assert isinstance(bought, Print)
    assert isinstance(sold, Print)
    assert (bought.sold, sold.sold) == (False, True)


def test_updates_change_drop_and_cut_levels(tmp_path: Path) -> None:
    update = book("update", 2, [(99.0, 0.0), (97.0, 5.0)], [(100.5, 1.0)])
    _, after = told(lines_in(tmp_path, SNAPSHOT, update))
    assert isinstance(after, Depth)
    assert after.bids == ((98.0, 2.0), (97.0, 5.0))
    assert after.asks == ((100.5, 1.0), (101.0, 3.0))  # as many as the venue sends, no more


def first_dialect(*parts: dict[str, Any], channel: str = "book-10") -> str:
    return json.dumps([7, *parts, channel, "XBT/USD"])


def checksum(asks: list[list[str]], bids: list[list[str]]) -> str:
    text = "".join(n.replace(".", "").lstrip("0") for row in asks + bids for n in row[:2])
    return str(zlib.crc32(text.encode()))


def test_the_first_dialect_with_both_sides_in_one_message() -> None:
    asks, bids = [["101.0", "0.5", "1.0"]], [["99.0", "0.0500", "2.0"]]
    made = KrakenBook("BTC-USD")
    (shown,) = made.hear(first_dialect({"as": asks, "bs": bids}))
    assert isinstance(shown, Depth)
    assert shown.best.bid_size == 0.05
    new_ask, new_bid = ["100.5", "0.1", "3.0"], ["99.5", "0.2", "3.5"]
    right = checksum([new_ask, *asks], [new_bid, *bids])
    (after,) = made.hear(first_dialect({"a": [new_ask]}, {"b": [new_bid], "c": right}))
    assert (after.at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() == 3.5
    with pytest.raises(BadTick, match="lost a message"):
        list(made.hear(first_dialect({"a": [["100.4", "1.0", "4.0"]], "c": right})))


def test_the_first_dialects_tape() -> None:
    rows = [["100.0", "0.5", "5.0", "s", "l", ""], ["100.1", "0.6", "6.0", "b", "m", ""]]
    message = json.dumps([7, rows, "trade", "XBT/USD"])
    prints = list(KrakenBook("BTC-USD").hear(message))
    assert [(p.price, p.size, p.sold) for p in prints if isinstance(p, Print)] == [
        (100.0, 0.5, True),
        (100.1, 0.6, False),
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{not json", "not Kraken's"),
        ('{"channel": "book", "type": "update", "data": [{"symbol": "BTC/USD"}]}', "not Kraken's"),
        (book("update", 2, [(102.0, 1.0)], []), "not below ask"),
        (book("update", 2, [], []).replace("BTC/USD", "ETH/USD"), "one market"),
        ("", ""),
        ('{"event": "heartbeat"}', ""),
        ('wss://ws.example <- 1.5: {"event": "subscribe"}', ""),
    ],
)
def test_what_is_no_message_is_named_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    path = lines_in(tmp_path, SNAPSHOT, line)
    if not words:
        assert len(told(path)) == 1
        return
    with pytest.raises(MarketDataError, match=f"line 2: .*{words}"):
        told(path)


def test_a_recording_that_goes_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match=r"back in time.*sort"):
        told(lines_in(tmp_path, SNAPSHOT, trade(0.5, 100.0, 1.0, "buy")))


@pytest.mark.parametrize("name", ["absent.jsonl", "absent.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(MarketDataError, match=name):
        told(tmp_path / name)


# ---- tables ------------------------------------------------------------------------------


def table(folder: Path, **columns: list[float]) -> Path:
    ts = [MONDAY + k * timedelta(minutes=1) for k in range(3)]
    whole = {
        "bid_close": [99.0, 98.0, 99.0],
        "ask_close": [101.0, 100.0, 101.0],
        "bid_size": [1.0, 2.0, 3.0],
        "ask_size": [1.5, 2.5, 3.5],
    }
    path = folder / "tops.parquet"
    pl.DataFrame({"ts": ts} | whole | columns).write_parquet(path)
    return path


def test_a_table_of_tops_is_known_at_the_end_of_each_row(tmp_path: Path) -> None:
    first, *_ = told(table(tmp_path))
    assert isinstance(first, Depth)
    assert (first.at, first.bids, first.asks) == (
        MONDAY + timedelta(minutes=1),
        ((99.0, 1.0),),
        ((101.0, 1.5),),
    )


def test_a_row_with_an_empty_side_shows_no_book(tmp_path: Path) -> None:
    assert len(told(table(tmp_path, bid_size=[1.0, 0.0, 3.0]))) == 2


def test_a_table_without_sizes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tops.csv"
    path.write_text("ts,bid_close,ask_close\n2025-03-03T00:00:00Z,1,2\n", encoding="utf-8")
    with pytest.raises(MarketDataError, match="no column 'bid_size'"):
        told(path)


# ---- in a replay -------------------------------------------------------------------------


async def test_a_replay_gives_books_between_its_bars_and_forgets_them(tmp_path: Path) -> None:
    bars = write_bars(tmp_path / "btc.parquet", walk(count=12))
    begin = MONDAY + 6 * HOUR
    shift = 6 * 3600
    lines = (
        book("snapshot", shift + 60, [(99.0, 1.0)], [(101.0, 1.0)]),
        trade(shift + 90, 100.0, 1.0, "sell"),
        book("update", shift + 4000, [(99.5, 1.0)], []),
    )
    clock = VirtualClock(MONDAY)
    recording = lines_in(tmp_path, *lines, name="book.jsonl.gz")
    feed = ReplayFeed({"BTC-USD": bars}, None, clock, start=begin, books={"BTC-USD": recording})
    assert await feed.depth("BTC-USD") is None
    events = feed.stream(None)
    kinds = [type(event) for event in await take(events, 4)]
    assert kinds == [Depth, Print, BarsClosed, Depth]
    shown = await feed.depth("BTC-USD")
    assert shown is not None
    assert shown.best.bid == 99.5
    clock.jump_to(clock.now() + timedelta(seconds=61))
    assert await feed.depth("BTC-USD") is None


def test_a_recording_that_shows_no_book_is_refused_at_the_start(tmp_path: Path) -> None:
    bars = write_bars(tmp_path / "btc.parquet", walk(count=12))
    with pytest.raises(MarketDataError, match="holds no order book of BTC-USD"):
        ReplayFeed(
            {"BTC-USD": bars},
            None,
            VirtualClock(MONDAY),
            books={"BTC-USD": lines_in(tmp_path, '{"event": "heartbeat"}')},
        )
