"""A desk on the live path before a played Kraken: composed like a live one, but for the URL.

Refuses a record that is there already, keys from the environment, and every venue that is not
played on this machine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import SecretStr

from engine.config import Secrets, Settings
from engine.engine import Engine
from engine.engine.recorder import Recorder
from engine.errors import JournalError
from engine.journal.sqlite import SqliteJournal
from engine.market.simulated import SimulatedFeed
from engine.model.bars import Timeframe
from engine.opening import Composition, OpenMarket, Venues, kill_files, start_on
from engine.opening.account import learn_fees
from engine.ports import Clock
from engine.rehearsal.account import VenueAccount
from engine.rehearsal.kraken import LoopbackKraken
from engine.rehearsal.market import RehearsalFeed
from engine.views import MarketView

INSTRUMENT = "BTC-USD"
OWN_USD, OWNERS_BTC = Decimal(10_000), Decimal("0.25")
"""What is on the played account: dollars for the desk, and coins that are the owner's."""
_NOBODY = "nobody: a rehearsal"
_BARS = 400
_BOOKS_A_BAR = 11
_SPACING = timedelta(milliseconds=1)


def rehearsal_settings(settings: Settings) -> Settings:
    """The owner's settings, made live for one instrument that nobody has attested."""
    table = settings.instruments[INSTRUMENT].model_copy(
        update={"attested_by": _NOBODY, "venue": "kraken"}
    )
    desk = settings.desk.model_copy(update={"mode": "live", "watch": (INSTRUMENT,)})
    market = settings.market.model_copy(
        update={"timeframe": Timeframe.M1, "warmup_bars": _BARS, "second_source": ""}
    )
    return settings.model_copy(
        update={
            "desk": desk,
            "market": market,
            "instruments": {**settings.instruments, INSTRUMENT: table},
        }
    )


@dataclass
class Stage:
    """What a rehearsal is played on.

    Attributes
    ----------
    venue : LoopbackKraken
        Outlives the desks that trade there.
    url : str
        Where it is served.
    """

    settings: Settings
    journal: Path
    clock: Clock
    account: VenueAccount
    venue: LoopbackKraken
    url: str
    directed: bool

    @property
    def venues(self) -> Venues:
        """The way to the played venue, with the keys that it was made with."""
        key, secret = SecretStr(self.venue.key), SecretStr(self.venue.secret)
        secrets = Secrets.model_construct(kraken_api_key=key, kraken_api_secret=secret)
        return Venues(secrets, {"kraken": self.url}, rehearsal=True, spacing=_SPACING)

    async def open(self) -> tuple[Engine, RehearsalFeed]:
        """A desk on the record, made by the same composition as a live one.

        Raises
        ------
        ExecutorError
            One line naming the thing and the mend; nothing is left open.
        """
        feed = self._feed()
        await feed.begin()
        async with AsyncExitStack() as opened:
            record = await SqliteJournal.open(self.journal, self.settings.hash)
            opened.push_async_callback(record.aclose)
            recorder = Recorder(record)
            await recorder.replay()
            market = OpenMarket(feed, self.clock, self._view(feed), (INSTRUMENT,))
            composition = Composition(
                self.settings, market, record, recorder, str(self.journal), self.venues
            )
            switch = kill_files(self.settings, self.journal)
            parts = replace(await composition.parts(), kill_switch=switch)
            engine = await start_on(parts, opened)
        await learn_fees(engine, self.settings, self.venues.secrets, base_url=self.url)
        return engine, feed

    def _feed(self) -> RehearsalFeed:
        instrument = self.settings.instrument(INSTRUMENT)
        simulated = SimulatedFeed(
            (instrument,),
            self.settings.market.timeframe,
            self.clock,
            self.settings.market.seed,
            books_per_bar=_BOOKS_A_BAR,
        )
        return RehearsalFeed(
            simulated, self.account, INSTRUMENT, self.clock, directed=self.directed
        )

    def _view(self, feed: RehearsalFeed) -> MarketView:
        return MarketView(
            name=feed.name,
            description=feed.description,
            simulated=True,
            paced=False,
            timeframe=self.settings.market.timeframe,
            rehearsal=True,
        )


@asynccontextmanager
async def stage(
    settings: Settings, journal: Path, clock: Clock, *, directed: bool
) -> AsyncIterator[Stage]:
    """A played venue that serves on this machine, and everything to open a desk on it.

    Raises
    ------
    JournalError
        If there is a file at `journal`: the played account does not outlive the process, so its
        record cannot be taken up again.
    """
    _require_new(journal)
    account = VenueAccount(clock, own={"USD": OWN_USD, "BTC": OWNERS_BTC})
    venue = LoopbackKraken(account)
    async with venue.serving() as url:
        yield Stage(rehearsal_settings(settings), journal, clock, account, venue, url, directed)


def _require_new(journal: Path) -> None:
    if journal.exists():
        raise JournalError(
            f"{journal} is there already: a rehearsal begins anew each time, so name a file that "
            "does not exist with --db, or leave --db out"
        )
