"""A desk on the live path at a loopback exchange, composed by the product, over a replayed market.

Refuses to fake an order: what is bought here went over HTTP, signed, to a venue on 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from engine.clock import VirtualClock
from engine.config import Secrets, Settings
from engine.engine import Engine
from engine.engine.recorder import Recorder
from engine.facade import Desk, ProposalView
from engine.journal.memory import MemoryJournal
from engine.market.replay import ReplayFeed
from engine.model.bars import Quote
from engine.opening import Composition, MarketChoice, Venues, open_replay, start_on
from engine.ports import Envelope, Journal
from engine.rehearsal.account import VenueAccount, VenueSideOrder
from engine.rehearsal.venue import LoopbackVenue
from tests.kit.broker_desks import VENUES
from tests.kit.desk import BTC, OWNER, DeskAtWork, desk_settings

D = Decimal


def live_settings(venue: str = "kraken", **changes: Any) -> Settings:
    """Settings of a live desk on bitcoin alone, attested."""
    given: dict[str, Any] = {
        "desk": {"mode": "live", "watch": (BTC,)},
        "instruments": {BTC: {"attested_by": "a scholar", "venue": venue}},
        "discord": {"owner_id": OWNER.id.rjust(18, "1")},
        "brokers": {venue: {"timeout_seconds": 5.0}},
        "costs": {venue: {"maker_frac": 0.0001, "taker_frac": 0.0002}},
    }
    return desk_settings(**given | changes)


def secrets_of(venue: LoopbackVenue, name: str = "kraken") -> Secrets:
    key, secret = SecretStr(venue.key), SecretStr(venue.secret)
    pair: dict[str, Any] = {f"{name}_api_key": key, f"{name}_api_secret": secret}
    return Secrets.model_construct(**pair)


@dataclass
class Bench:
    """A loopback venue that outlives the desks that trade there, and the record between them."""

    file: Path
    settings: Settings
    clock: VirtualClock
    name: str
    venue: LoopbackVenue
    url: str
    journal: Journal
    stack: AsyncExitStack
    desks: list[DeskAtWork] = field(default_factory=list)

    @property
    def account(self) -> VenueAccount:
        return self.venue.account

    @property
    def desk(self) -> DeskAtWork:
        return self.desks[-1]

    @property
    def venues(self) -> Venues:
        return Venues(
            secrets_of(self.venue, self.name),
            {self.name: self.url},
            rehearsal=True,
            spacing=timedelta(microseconds=1),
        )

    async def open(self, venues: Venues | None = None, *, pretending: bool = False) -> DeskAtWork:
        """Take the record up in another process, as far as the venue can tell.

        Parameters
        ----------
        pretending : bool
            Whether the market passes for the real one of the venue, which a live desk needs.
        """
        recorder = Recorder(self.journal)
        await recorder.replay()
        choice = MarketChoice(files={BTC: self.file}, speed=float("inf"), hold_seconds=0.0)
        market = open_replay(self.settings, choice, recorder.ledger)
        assert isinstance(market.feed, ReplayFeed)
        assert isinstance(market.clock, VirtualClock)
        self.account.clock = self.clock = market.clock
        if pretending:
            market = replace(market, view=replace(market.view, name=self.name, paced=False))
        composition = Composition(
            self.settings, market, self.journal, recorder, venues=venues or self.venues
        )
        parts = await composition.parts()
        async with AsyncExitStack() as opened:
            engine = await start_on(parts, opened)
        desk = DeskAtWork(
            Desk(engine), engine, self.journal, market.feed.stream(engine.ledger.bars_at)
        )
        self.desks.append(desk)
        return desk

    async def crash(self) -> None:
        """End the newest desk without a goodbye: its connections go, its record stays."""
        desk = self.desks.pop()
        await shut(desk.engine)

    async def quote(self, bid: str, ask: str) -> None:
        """Move the venue's market and let the desk see it."""
        self.tick()
        self.account.move(bid, ask)
        await self.desk.engine.take(Quote(BTC, self.clock.now(), float(bid), float(ask), 9.0, 9.0))

    def tick(self, seconds: float = 1.0) -> None:
        self.clock.jump_to(self.clock.now() + timedelta(seconds=seconds))

    async def bought(self) -> str:
        """Id of a position that the owner's yes opened."""
        view = await self.desk.proposal()
        answer = await self.desk.desk.approve(OWNER, view.terms.id, view.short_hash)
        assert isinstance(answer, ProposalView), answer
        await self.quote(str(self.account.bid), str(self.account.ask))
        assert view.terms.id in self.desk.ledger.positions
        return view.terms.id

    def working(self) -> list[VenueSideOrder]:
        return self.account.listed("open")

    async def record(self) -> list[Envelope]:
        return [envelope async for envelope in self.journal.read()]


async def shut(engine: Engine) -> None:
    """Let go of what a desk holds open, but not of the record in memory."""
    await engine._stopping.aclose()
    for part in (engine._parts.witnesses, engine._parts.feed, engine._parts.broker):
        await part.aclose()


@asynccontextmanager
async def bench(
    file: Path,
    settings: Settings | None = None,
    *,
    dollars: str = "10000",
    name: str = "kraken",
    journal: Journal | None = None,
) -> AsyncIterator[Bench]:
    """A venue that serves, with 10 000 USD and 1 BTC of the owner's, the market at 50 000."""
    chosen = settings or live_settings(name)
    clock = VirtualClock()
    account = VenueAccount(clock, own={"USD": D(dollars), "BTC": D(1)})
    account.move("49999.9", "50000.1")
    venue = VENUES[name](account)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(venue.serving())
        record = journal or MemoryJournal(chosen.hash)
        made = Bench(file, chosen, clock, name, venue, url, record, stack)
        try:
            yield made
        finally:
            for desk in made.desks:
                await shut(desk.engine)
        assert venue.foul == [], "something other than a plain spot order was sent"
