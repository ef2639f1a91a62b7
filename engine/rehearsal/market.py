"""The market of a rehearsal: simulated prices, which the played venue follows before the desk.

Refuses to let desk and venue trade at different prices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal

from engine.market.simulated import SimulatedFeed
from engine.model.bars import Bar, BarsClosed, Depth, MarketEvent, Quote, quote_of
from engine.model.money import exact
from engine.ports import Clock
from engine.rehearsal.account import VenueAccount

_SIZE = 5.0
"""Base units on either side of the top of the book."""


class RehearsalFeed:
    """The ``MarketFeed`` port over a simulated market and the account that trades in it.

    Parameters
    ----------
    simulated : SimulatedFeed
        Of one instrument.
    directed : bool
        Whether somebody names each price (`show`); else the simulated market goes on by itself.
    """

    name = "rehearsal"
    simulated = True

    def __init__(
        self,
        simulated: SimulatedFeed,
        account: VenueAccount,
        instrument: str,
        clock: Clock,
        *,
        directed: bool,
    ) -> None:
        self._simulated, self._account = simulated, account
        self._instrument, self._clock, self._directed = instrument, clock, directed
        self._shown: asyncio.Queue[Quote] = asyncio.Queue()
        self._taken = asyncio.Condition()
        self._waiting = False

    @property
    def description(self) -> str:
        """One line for people: that nothing here is real."""
        return f"REHEARSAL on this machine, {self._simulated.description}"

    async def begin(self) -> None:
        """Let the played venue stand where the simulated market stands."""
        book = await self._simulated.depth(self._instrument)
        if book is not None:
            self._follow(book.best)

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        """As `SimulatedFeed.history`."""
        return await self._simulated.history(instrument, until, count)

    async def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        """Quotes as they are shown, or the simulated market with the venue in step."""
        if not self._directed:
            async for event in self._simulated.stream(after):
                quote = quote_of(event)
                if quote is not None:
                    self._follow(quote)
                    yield self._top()
                elif isinstance(event, BarsClosed) and not event.caught_up:
                    yield event  # nobody was away: a rehearsal begins at its own start
            return
        while True:
            await self._rest(waiting=True)
            quote = await self._shown.get()
            await self._rest(waiting=False)
            yield quote

    async def show(self, bid: Decimal, ask: Decimal) -> None:
        """Move the venue's market, and return once the desk has taken the quote in."""
        self._account.move(f"{bid:f}", f"{ask:f}")
        quote = self._top()
        async with self._taken:
            await self._taken.wait_for(lambda: self._waiting)
            self._waiting = False
            self._shown.put_nowait(quote)
            await self._taken.wait_for(lambda: self._waiting)

    async def _rest(self, *, waiting: bool) -> None:
        async with self._taken:
            self._waiting = waiting
            self._taken.notify_all()

    def _follow(self, quote: Quote) -> None:
        self._account.move(f"{exact(quote.bid):f}", f"{exact(quote.ask):f}")

    async def depth(self, instrument: str) -> Depth:  # noqa: ARG002  there is one
        """The played venue's book now, of which there is only the top."""
        return Depth.of(self._top())

    def _top(self) -> Quote:
        bid, ask = float(self._account.bid), float(self._account.ask)
        return Quote(self._instrument, self._clock.now(), bid, ask, _SIZE, _SIZE)

    async def check(self) -> None:
        """As `SimulatedFeed.check`."""
        await self._simulated.check()

    async def aclose(self) -> None:
        """Nothing to close."""
