"""The ports: everything the engine asks of the world, and nothing more.

Implementations live in ``market/``, ``brokers/``, ``news/`` and ``journal/``; they never import
each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engine.model.bars import Bar, Candles, Depth, MarketEvent
from engine.model.events import Event, ModelUsed
from engine.model.headlines import Headline
from engine.model.memos import Brief, Memo, Missed
from engine.model.orders import Fill, Order
from engine.model.reconciliation import VenueStatement
from engine.model.venue_lines import VenueLine
from engine.model.witnesses import Abstention, Opinion


class Clock(Protocol):
    """The only source of the present."""

    def now(self) -> datetime:
        """Present instant, aware UTC."""
        ...

    async def sleep_until(self, at: datetime) -> None:
        """Return once `now` has reached `at`."""
        ...


class MarketFeed(Protocol):
    """A source of closed bars, order books and, where the source has them, prints.

    Attributes
    ----------
    name : str
        ``replay``, ``simulated``, ``kraken`` or ``coinbase``.
    simulated : bool
        True means that no price is real and every post must say SIMULATED.
    """

    name: str
    simulated: bool

    @property
    def description(self) -> str:
        """One line for people: what market this is."""
        ...

    async def history(self, instrument: str, until: datetime, count: int) -> tuple[Bar, ...]:
        """Last `count` bars with ``close_at <= until``, oldest first."""
        ...

    def stream(self, after: datetime | None) -> AsyncIterator[MarketEvent]:
        """Events strictly after `after`, in time order, until the source ends."""
        ...

    async def depth(self, instrument: str) -> Depth | None:
        """Present book, as deep as the source shows it, or None where it has none."""
        ...

    async def check(self) -> None:
        """Raise `MarketDataError`, one line with its mend, if the source cannot be used."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections."""
        ...


class PriceSource(Protocol):
    """A second opinion on prices: every feed is one.

    Attributes
    ----------
    name : str
    """

    name: str

    async def depth(self, instrument: str) -> Depth | None:
        """Present book, as deep as the source shows it, or None where it has none."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class TimeSource(Protocol):
    """A second opinion on what time it is."""

    async def offset_seconds(self) -> float:
        """Least difference of the clock to the source's time that its answer proves, in seconds.

        Raises
        ------
        MarketDataError
            If it does not say.
        """
        ...


class Headlines(Protocol):
    """A source of dated headlines, for witnesses that read.

    Attributes
    ----------
    name : str
    """

    name: str

    async def headlines(
        self, instrument: str, until: datetime, count: int
    ) -> tuple[Headline, ...]:
        """Newest `count` headlines on `instrument` with ``at <= until``, oldest first.

        Nothing that fails is raised: who cannot be read has said nothing, and the log says why.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Analysed:
    """What came of asking the analyzer.

    Attributes
    ----------
    used : tuple of ModelUsed
        What it took; a call that nobody counted is booked at its worst.
    seconds : float, real seconds
    """

    said: Memo | Missed
    used: tuple[ModelUsed, ...] = ()
    seconds: float = 0.0


class Analyst(Protocol):
    """Whoever reads a proposal again before it is decided.

    Attributes
    ----------
    witness : str
        Under which its record is kept: prompt and model.
    provider : str
        Who bills it.
    """

    witness: str
    provider: str

    def worst_usd(self, at: datetime) -> Decimal | None:
        """Most that one question may cost at `at`, US dollars; None where nobody named a price."""
        ...

    def lost(self, at: datetime) -> tuple[ModelUsed, ...]:
        """What is booked for a question of which nobody knows whether it was billed."""
        ...

    async def ask(self, brief: Brief) -> Analysed:
        """Ask about one proposal, within its caps; every fault is an answer."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What scouts are shown of one instrument: nothing that has not closed.

    Attributes
    ----------
    fast, slow : Candles
        Closed candles of the market's own timeframe and of a slower one.
    numbers : mapping of str to float
        What code has computed, each named with its unit.
    """

    instrument: str
    fast: Candles
    slow: Candles
    numbers: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Statement:
    """What came of asking one scout about one instrument.

    Attributes
    ----------
    seconds : float, real seconds
    used : tuple of ModelUsed
        What is to be booked for it.
    """

    said: Opinion | Abstention
    seconds: float
    used: tuple[ModelUsed, ...] = ()


class Scouts(Protocol):
    """Witnesses that look at charts and numbers."""

    def shown(self, name: str, look: Look) -> Candles:
        """Which candles of a look the scout `name` is shown."""
        ...

    def consult(
        self, wanted: Sequence[tuple[str, Look]], tokens_left: int
    ) -> AsyncIterator[Statement]:
        """Ask scouts, by name, about looks; one statement each, as they come.

        A scout that cannot be asked about anything makes one statement about all.

        Nothing that a model or its server does is raised, and a round is over in its time.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


class ChartPainter(Protocol):
    """Draws candles for those who look at pictures."""

    def __call__(self, candles: Candles, /) -> bytes:
        """Their chart as PNG."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue has the order."""

    client_id: str
    venue_id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The venue refused the order; nothing is live.

    Attributes
    ----------
    reason : str
        One sentence, the venue's own words where it had any.
    """

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class FillAmendment:
    """A fill that was reported and is different now, by the venue's word.

    What is booked of it, and from what, is the journal's to say (``FillAmended``).

    Attributes
    ----------
    fill, told : Fill
        As it is, and as it was reported; both have the same ``fill_id``.
    why : str
        One clause: a late commission or a correction.
    """

    fill: Fill
    told: Fill
    why: str


@dataclass(frozen=True, slots=True)
class BrokerReport:
    """What a venue reports of its own accord: fills, cancellations and expiries since last asked.

    Attributes
    ----------
    canceled, expired : tuple of str
        Client ids.
    settled : tuple of str
        Client ids of purchases that were not ours at the trade and are now: possession is
        confirmed.
    """

    fills: tuple[Fill, ...] = ()
    canceled: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    amended: tuple[FillAmendment, ...] = ()
    settled: tuple[str, ...] = ()


class Broker(Protocol):
    """A venue that takes orders.

    Every method raises `BrokerUnavailable` when nothing was sent, and `OutcomeUnknown` when the
    request may have been acted on.
    """

    name: str

    async def submit(self, order: Order) -> Accepted | Rejected:
        """Place `order`, once; a known client id is answered, never placed again."""
        ...

    async def cancel(self, client_id: str) -> bool:
        """Cancel a working order; False if it is no longer working."""
        ...

    async def find(self, client_id: str) -> Accepted | Rejected | None:
        """Look an order up, open, closed or traded; None when the venue has never seen it."""
        ...

    async def observe(self, event: MarketEvent) -> None:
        """See the market; a venue of its own ignores it, paper trades against it."""
        ...

    async def report(self) -> BrokerReport:
        """Everything new since the last call."""
        ...

    async def restore(self, working: Sequence[tuple[Order, Decimal]]) -> None:
        """Take up the orders that the journal knows as working, each with its filled quantity."""
        ...

    async def balances(self) -> dict[str, Decimal]:
        """Settled own balances by currency or base asset, in its units."""
        ...

    async def statement(self, since: datetime) -> tuple[VenueStatement, ...]:
        """The account as each venue shows it now, with executions at or after `since`.

        Everything on the account, whoever made it: the owner's own orders and trades too.
        """
        ...

    async def ledger_lines(self, since: datetime | None) -> tuple[VenueLine, ...]:
        """What the venue has booked on the account at or after `since`, oldest first.

        Lines that were given before may come again, and lines of a little before `since` that
        the venue booked late; they are known by their id. None asks for all that the venue still
        has.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections; what works at the venue works on."""
        ...


@dataclass(frozen=True, slots=True)
class Thrown:
    """The kill switch is thrown: no entry may be made.

    Attributes
    ----------
    reason : str
        In words, never empty.
    since : datetime or None, aware UTC, real time
        None where it cannot be told.
    mend : str
        What releases it, one imperative clause without a full stop.
    """

    reason: str
    since: datetime | None
    mend: str


class KillSwitch(Protocol):
    """Stops entries from outside the desk, without the desk's help."""

    @property
    def places(self) -> tuple[str, ...]:
        """What throws it, for people: the files whose presence halts."""
        ...

    def look(self) -> Thrown | None:
        """Whether it is thrown now, told at once and without raising.

        What cannot be looked at is thrown.
        """
        ...


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as it stands in the journal.

    Attributes
    ----------
    seq : int, >= 1, without holes in its stream
    cause : int
        Sequence number of what led to it; 0 if nothing did.
    prev_hash, hash : str
        Links of the chain, 64 hexadecimal digits.
    """

    seq: int
    at: datetime
    kind: str
    version: int
    cause: int
    config_hash: str
    event: Event
    prev_hash: str
    hash: str


class Journal(Protocol):
    """The append-only record."""

    async def append(
        self, events: Sequence[Event], at: datetime, cause: int = 0, *, durable: bool = False
    ) -> tuple[Envelope, ...]:
        """Write all of `events` or none; `durable` waits for the disk.

        Raises
        ------
        SequenceConflict
            If somebody else has written since we last read.
        """
        ...

    def read(self, after: int = 0) -> AsyncIterator[Envelope]:
        """Every envelope with ``seq > after``, in order."""
        ...

    async def head(self) -> tuple[int, str]:
        """Sequence number and hash of the newest envelope; (0, zeros) when empty."""
        ...

    async def aclose(self) -> None:
        """Flush and let go of the file."""
        ...
