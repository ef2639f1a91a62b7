"""Recorded order books and tapes: Kraken's websocket messages, or a table of best bids and asks.

Refuses to reorder: a recording that goes back in time, or holds a book that cannot be, is named
with its line.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from engine.clock import EPOCH
from engine.errors import BadTick, MarketDataError
from engine.market.columns import from_micros
from engine.market.files import infer_timeframe, read_columns
from engine.market.kraken_book import KrakenBook
from engine.model.bars import Depth, Print, Quote

_MESSAGES = (".jsonl", ".jsonl.gz")
_TOP = ("bid_close", "ask_close", "bid_size", "ask_size")
_SENT = " <- "


def read_recording(path: Path, instrument: str) -> Iterator[Depth | Print]:
    """What `path` recorded of `instrument`, in time order, read as it is needed.

    Parameters
    ----------
    path : Path
        ``.jsonl`` or ``.jsonl.gz``: one websocket message of Kraken a line, with the time of its
        receipt (seconds since 1970, then a colon) before it or without. Else Parquet or CSV with
        the columns ts, bid_close, ask_close, bid_size and ask_size: the top of the book at the
        end of each row's time.
    instrument : str
        Name inside Executor.

    Raises
    ------
    MarketDataError
        If the file cannot be read or holds something else; the line and the mend are named.
    """
    if path.name.endswith(_MESSAGES):
        return _in_order(path, _messages(path, instrument))
    return _in_order(path, _tops(path, instrument))


def _in_order(path: Path, events: Iterator[Depth | Print]) -> Iterator[Depth | Print]:
    last = EPOCH
    for event in events:
        if event.at < last:
            raise MarketDataError(
                f"{path} goes back in time at {event.at:%Y-%m-%d %H:%M:%S}Z: sort it by time"
            )
        last = event.at
        yield event


def _messages(path: Path, instrument: str) -> Iterator[Depth | Print]:
    book = KrakenBook(instrument)
    try:
        with _open(path) as lines:
            for number, line in enumerate(lines, 1):
                heard_at, message = _heard(line.strip())
                try:
                    yield from book.hear(message, heard_at) if message else ()
                except BadTick as fault:
                    raise MarketDataError(f"{path}, line {number}: {fault}") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise MarketDataError(
            f"{path} cannot be read ({fault}): check the path given to --books"
        ) from fault


def _open(path: Path) -> AbstractContextManager[IO[str]]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _heard(line: str) -> tuple[datetime | None, str]:
    """Time of receipt and message of one line; what was sent by us is no message."""
    before, colon, message = line.partition(": ")
    if _SENT in before or not line:
        return None, ""
    try:
        seconds = Decimal(before)
    except InvalidOperation:
        return None, line
    return EPOCH + timedelta(microseconds=int(seconds * 1_000_000)), message if colon else ""


def _tops(path: Path, instrument: str) -> Iterator[Depth]:
    opens, (bids, asks, bid_sizes, ask_sizes) = read_columns(path, _TOP)
    step = infer_timeframe(path, opens).length
    for row, open_us in enumerate(opens.tolist()):
        quote = Quote(
            instrument,
            from_micros(open_us) + step,
            float(bids[row]),
            float(asks[row]),
            float(bid_sizes[row]),
            float(ask_sizes[row]),
        )
        book = Depth.of(quote)
        if not book.fault:  # a minute in which one side was empty shows no book
            yield book
