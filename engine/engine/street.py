"""The live market, asked now: what a buyer pays, and a quote that lets paper fill at once.

Refuses to keep anybody waiting: it asks outside the desk's turns and gives up soon.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

import structlog

from engine.engine.execution import Execution
from engine.engine.exits import Exits
from engine.engine.turns import Turns
from engine.engine.watching import Watch
from engine.errors import MarketDataError
from engine.model.bars import Depth, Print, Quote
from engine.model.verdicts import Refused
from engine.ports import Broker, MarketFeed

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Street:
    """Where the desk meets the market between two of its events.

    Attributes
    ----------
    patience_seconds : float, real seconds, > 0
        How long a quote is waited for.
    """

    turns: Turns
    feed: MarketFeed
    broker: Broker
    execution: Execution
    exits: Exits
    watch: Watch
    patience_seconds: float = 5.0

    async def ask(self, instrument: str) -> Quote | Refused | None:
        """The present quote; None where the source has none."""
        try:
            book = await self._book(instrument)
        except (MarketDataError, TimeoutError) as fault:
            _log.warning("no quote at the click", instrument=instrument, why=str(fault))
            return Refused(
                "price at the click",
                f"the market does not say what {instrument} costs now",
                "",
                "Nothing was changed; try again in a moment.",
            )
        return book.best if book else None

    async def meet(self, *instruments: str) -> None:
        """Show the broker the present books, so that a live market fills without delay."""
        for instrument in instruments:
            try:
                book = await self._book(instrument)
            except (MarketDataError, TimeoutError) as fault:
                _log.info("the order waits", instrument=instrument, why=str(fault))
                continue
            if book is not None:
                await self.turns.take(partial(self.see, book))

    async def see(self, shown: Quote | Depth | Print) -> None:
        """Let the broker trade against what is shown; within a turn that the caller has taken."""
        await self.broker.observe(shown)
        await self.exits.keep_up(shown.at)

    async def _book(self, instrument: str) -> Depth | None:
        async with asyncio.timeout(self.patience_seconds):
            book = await self.feed.depth(instrument)
        if book is not None:
            self.watch.see(book.best)  # the second look is at the price of the click
        return book
