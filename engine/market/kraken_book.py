"""Kraken's order book and tape, put together again from its websocket messages.

Refuses a book whose checksum is not the venue's, and messages of a second market: what is shown
must have stood at the venue.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.clock import EPOCH
from engine.errors import BadTick
from engine.model.bars import Depth, Level, Print

LEVELS_SHOWN = 25
"""Levels a side that a book shows; no order of this desk reaches further."""

_SUMMED = 10  # Kraken's checksum covers ten levels a side
_Changes = Sequence[tuple[str, str]]


class KrakenBook:
    """One market's book as Kraken's messages make it, in both of its dialects.

    Version 1 sends lists with numbers as text and a checksum, version 2 objects with numbers.

    Parameters
    ----------
    instrument : str
        Name inside Executor.
    """

    def __init__(self, instrument: str) -> None:
        self._instrument = instrument
        self._market = ""
        self._most = 0  # levels a side that the venue sends; 0 until it has sent them
        self._bids: dict[Decimal, tuple[str, str]] = {}
        self._asks: dict[Decimal, tuple[str, str]] = {}

    def hear(self, message: str, heard_at: datetime | None = None) -> Iterator[Depth | Print]:
        """The book after `message`, or the trades that it tells; nothing for other messages.

        Parameters
        ----------
        message : str, JSON
        heard_at : datetime or None, aware UTC
            When it was received; None takes the venue's own time from it.

        Raises
        ------
        BadTick
            If it is no JSON, is of a second market, or leaves a book that cannot be.
        """
        try:
            told = json.loads(message, parse_float=str, parse_int=str)
            if isinstance(told, list):
                yield from self._hear_first_dialect(told, heard_at)
            elif isinstance(told, dict) and told.get("channel") in ("book", "trade"):
                yield from self._hear_second_dialect(told, heard_at)
        except (ValueError, KeyError, IndexError, TypeError, ArithmeticError) as fault:
            raise BadTick(
                f"a message of {self._instrument} is not Kraken's ({type(fault).__name__}: "
                f"{message[:60]}): record it again"
            ) from fault

    # ------------------------------------------------------------------ version 1

    def _hear_first_dialect(
        self, told: list[Any], heard_at: datetime | None
    ) -> Iterator[Depth | Print]:
        channel, market = str(told[-2]), str(told[-1])
        self._require_one_market(market)
        if channel == "trade":
            for price, size, at, side, *_ in told[1]:
                yield self._print(price, size, side == "s", heard_at or _from_seconds(at))
            return
        if not channel.startswith("book-"):
            return
        changes = {key: rows for part in told[1:-2] for key, rows in part.items()}
        if "as" in changes or "bs" in changes:
            self._begin(int(channel.partition("-")[2]))
        for side, keys in ((self._bids, ("bs", "b")), (self._asks, ("as", "a"))):
            for key in keys:
                self._change(side, [(row[0], row[1]) for row in changes.get(key, ())])
        self._cut()
        if "c" in changes:
            self._require_sum(int(changes["c"]))
        rows = [row for key in ("as", "bs", "a", "b") for row in changes.get(key, ())]
        at = heard_at or max((_from_seconds(row[2]) for row in rows), default=EPOCH)
        yield from self._shown(at)

    # ------------------------------------------------------------------ version 2

    def _hear_second_dialect(
        self, told: dict[str, Any], heard_at: datetime | None
    ) -> Iterator[Depth | Print]:
        for each in told["data"]:
            self._require_one_market(str(each["symbol"]))
            at = heard_at or datetime.fromisoformat(each["timestamp"])
            if told["channel"] == "trade":
                yield self._print(each["price"], each["qty"], each["side"] == "sell", at)
                continue
            if told["type"] == "snapshot":
                self._begin(max(len(each["bids"]), len(each["asks"])))
            for side, key in ((self._bids, "bids"), (self._asks, "asks")):
                self._change(side, [(row["price"], row["qty"]) for row in each[key]])
            self._cut()
            yield from self._shown(at)

    # ------------------------------------------------------------------ the book

    def _require_one_market(self, market: str) -> None:
        self._market = self._market or market
        if market != self._market:
            raise BadTick(
                f"messages of {self._market} and of {market} are in one recording of "
                f"{self._instrument}: give a file of one market"
            )

    def _begin(self, most: int) -> None:
        self._bids.clear()
        self._asks.clear()
        self._most = most

    @staticmethod
    def _change(side: dict[Decimal, tuple[str, str]], changes: _Changes) -> None:
        for price, size in changes:
            if Decimal(size) == 0:
                side.pop(Decimal(price), None)
            else:
                side[Decimal(price)] = (price, size)

    def _cut(self) -> None:
        """Let go of levels that the venue no longer sends."""
        for side, best_first in ((self._bids, True), (self._asks, False)):
            for price in sorted(side, reverse=best_first)[self._most :]:
                del side[price]

    def _levels(
        self, side: dict[Decimal, tuple[str, str]], *, falling: bool, count: int
    ) -> list[tuple[str, str]]:
        return [side[price] for price in sorted(side, reverse=falling)[:count]]

    def _require_sum(self, theirs: int) -> None:
        """As Kraken asks: asks up, then bids down, each number without point or leading zeros."""
        rows = self._levels(self._asks, falling=False, count=_SUMMED)
        rows += self._levels(self._bids, falling=True, count=_SUMMED)
        text = "".join(number.replace(".", "").lstrip("0") for row in rows for number in row)
        if zlib.crc32(text.encode()) != theirs:
            raise BadTick(
                f"the recorded book of {self._instrument} lost a message (its checksum is not "
                "Kraken's): record it again"
            )

    def _shown(self, at: datetime) -> Iterator[Depth]:
        bids = self._levels(self._bids, falling=True, count=LEVELS_SHOWN)
        asks = self._levels(self._asks, falling=False, count=LEVELS_SHOWN)
        if not (bids and asks):
            return
        book = Depth(self._instrument, at, _as_levels(bids), _as_levels(asks))
        if book.fault:
            raise BadTick(
                f"the recorded book of {self._instrument} cannot be ({book.fault}): "
                "record it again"
            )
        yield book

    def _print(self, price: str, size: str, sold: bool, at: datetime) -> Print:
        return Print(self._instrument, at, float(price), float(size), sold)


def _as_levels(rows: Iterable[tuple[str, str]]) -> tuple[Level, ...]:
    return tuple((float(price), float(size)) for price, size in rows)


def _from_seconds(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=int(Decimal(text) * 1_000_000))
