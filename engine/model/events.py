"""What happened: one frozen type an event, past tense, never edited.

Refuses to hold references to live objects: an event is complete in itself. To add one, write the
class, list it in ``EVENTS`` and teach ``journal/fold.py`` what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from engine.model.actors import Actor
from engine.model.orders import Fill, Order, Purpose
from engine.model.proposals import CostLines, ProposalTerms
from engine.model.setups import Assessment, Label, Setup


@dataclass(frozen=True, slots=True)
class Event:
    """Root of every event; `version` counts the shapes its payload has had."""

    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class DeskOpened(Event):
    """The first event of a journal.

    Attributes
    ----------
    mode : str
        ``paper`` or ``live``.
    market : str
        Name of the feed.
    cash_usd : Decimal, US dollars
    """

    mode: str
    market: str
    simulated: bool
    cash_usd: Decimal
    software: str


@dataclass(frozen=True, slots=True)
class SessionStarted(Event):
    """A process took the desk up; the second and later ones are restarts.

    Attributes
    ----------
    seed : int
        Seed of the simulated market; 0 where nothing is random.
    """

    software: str
    market: str
    config_hash: str
    seed: int
    epoch_at: datetime | None


@dataclass(frozen=True, slots=True)
class HistoryStudied(Event):
    """Closed labels of the bars before the desk opened, from which the layers learn.

    Attributes
    ----------
    bars : int
        Number of bars read.
    """

    instrument: str
    first_at: datetime
    last_at: datetime
    bars: int
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class BarsAssessed(Event):
    """The twelve layers looked at every bar that closed at one instant.

    Attributes
    ----------
    bars_at : datetime, aware UTC
        The common close.
    prices : mapping of str to Decimal, quote currency
        Newest known price of each instrument.
    ranges : mapping of str to (low, high), quote currency
        Extremes of the bars that closed, for excursions of open positions.
    equity_usd : Decimal, US dollars
        Cash and open positions at those prices.
    caught_up : bool
        True for bars fetched after an absence.
    cards : tuple of (instrument, card kind or empty, sentence)
        What became of each assessment and the number that decided.
    calm : tuple of (instrument, bool)
        Whether volatility and the bar's move were below the alarm.
    """

    bars_at: datetime
    assessments: tuple[Assessment, ...]
    prices: dict[str, Decimal]
    ranges: dict[str, tuple[Decimal, Decimal]]
    equity_usd: Decimal
    caught_up: bool
    cards: tuple[tuple[str, str, str], ...]
    calm: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class BarRefused(Event):
    """A bar failed its checks and never reached the pipeline."""

    instrument: str
    bar_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class CandidateOpened(Event):
    """A setup was seen; its counterfactual triple barrier is open."""

    setup: Setup


@dataclass(frozen=True, slots=True)
class CandidateClosed(Event):
    """A candidate's triple barrier closed: the layers may learn from it now."""

    label: Label


@dataclass(frozen=True, slots=True)
class ProposalRaised(Event):
    """A setup passed a gate, or the owner asked for one, and became terms that can be approved.

    Attributes
    ----------
    asked : bool
        Whether it waits for the owner; else the paper rule takes it at once.
    requested : bool
        Whether the owner asked for it by hand.
    """

    terms: ProposalTerms
    terms_hash: str
    assessment: Assessment
    asked: bool
    requested: bool = False


@dataclass(frozen=True, slots=True)
class ProposalApproved(Event):
    """The owner, or the paper rule for small ones, said yes.

    Attributes
    ----------
    price : Decimal, quote currency
        Price at the click, against which everything was checked again.
    quantity : Decimal, base units
        What was approved: all of it, a half, or less where a limit had moved.
    costs : CostLines or None
        Costs at the click, after which it still had to pay; None in older records.
    """

    proposal_id: str
    terms_hash: str
    by: Actor
    price: Decimal
    quantity: Decimal
    note: str
    costs: CostLines | None = None


@dataclass(frozen=True, slots=True)
class ProposalRejected(Event):
    """The owner said no, and why."""

    proposal_id: str
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class ProposalExpired(Event):
    """Nobody decided in time: silence is a no."""

    proposal_id: str


@dataclass(frozen=True, slots=True)
class ProposalWithdrawn(Event):
    """The desk took the proposal back before anybody decided."""

    proposal_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ApprovalRefused(Event):
    """Somebody tried to approve and was told why not."""

    proposal_id: str
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class OrderIntended(Event):
    """An order is about to be sent: durable before the wire."""

    order: Order


@dataclass(frozen=True, slots=True)
class OrderAccepted(Event):
    """The venue has the order."""

    client_id: str
    venue_id: str


@dataclass(frozen=True, slots=True)
class OrderRejected(Event):
    """The venue refused the order; nothing is live."""

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderOutcomeUnknown(Event):
    """The answer was lost; the order may be live until it is looked up by its own id."""

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderFilled(Event):
    """The venue executed all or part of an order."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class OrderCanceled(Event):
    """An order is off the market."""

    client_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderExpired(Event):
    """An order ran out of its time at the venue."""

    client_id: str


@dataclass(frozen=True, slots=True)
class LotSettled(Event):
    """What was bought is ours and may be sold."""

    position_id: str


@dataclass(frozen=True, slots=True)
class ExitRequested(Event):
    """A position is to be closed at the market, and why."""

    position_id: str
    purpose: Purpose
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class Halted(Event):
    """Entries are forbidden until the owner resumes; exits go on."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """The owner allowed entries again, and why."""

    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerTripped(Event):
    """A limit was passed: entries are blocked until it resets.

    Attributes
    ----------
    value, bound : str
        What was measured and what is allowed, with units.
    resets : str
        What it takes to reset, in one sentence.
    why : str
        What it means, in one sentence; empty in records of version 1.
    to_paper : bool
        Whether the desk may not be live from now on.
    """

    version: ClassVar[int] = 2

    name: str
    value: str
    bound: str
    resets: str
    why: str = ""
    to_paper: bool = False


@dataclass(frozen=True, slots=True)
class BreakerReset(Event):
    """A breaker is armed again, by its rule or by the owner."""

    name: str
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewNoted(Event):
    """The owner looked back on a bad week and wrote what to make of it."""

    by: Actor
    text: str


@dataclass(frozen=True, slots=True)
class LimitsSet(Event):
    """The limits that hold from here on; written where they, or what is held back, differ.

    Attributes
    ----------
    values : mapping of str to float
        Each limit in force by name; durations in seconds, money in US dollars.
    held_back : tuple of (name, wanted, in force)
        Looser limits of the settings that wait until nothing is open.
    config_hash : str
        Settings from which they came.
    """

    values: dict[str, float]
    held_back: tuple[tuple[str, float, float], ...]
    config_hash: str


@dataclass(frozen=True, slots=True)
class StrangeFillSeen(Event):
    """The venue filled an order that this desk never sent: neither taken over nor fought."""

    fill: Fill


@dataclass(frozen=True, slots=True)
class AccessRefused(Event):
    """Somebody asked for what is not theirs to ask."""

    by: Actor
    action: str


@dataclass(frozen=True, slots=True)
class NoticePosted(Event):
    """A post about an event stands in a channel: it is not posted again.

    Attributes
    ----------
    of_seq : int
        The event that it tells of.
    """

    of_seq: int
    channel_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class ReportPosted(Event):
    """A scheduled report was posted for its slot: it is neither skipped nor repeated."""

    job: str
    slot_at: datetime
    channel_id: str
    message_id: str


@dataclass(frozen=True, slots=True)
class FeeTierRead(Event):
    """A venue said what it charges this account; costs are counted with it from here on.

    Attributes
    ----------
    maker_frac, taker_frac : float, fraction of notional, in [0, 0.1]
    name : str
        Name of the tier, for example ``Kraken account tier``.
    """

    venue: str
    maker_frac: float
    taker_frac: float
    name: str


@dataclass(frozen=True, slots=True)
class ModelUsed(Event):
    """A language model was called and what that took.

    Attributes
    ----------
    provider, model : str
        For example ``deepseek`` and ``deepseek-flash``.
    purpose : str
        For example ``analyzer`` or ``scout Alpha``.
    tokens_in, tokens_cached, tokens_out : int, >= 0
        Of the provider's own count; `tokens_cached` are part of `tokens_in`.
    cost_usd : Decimal, US dollars, >= 0
        By the prices of that day.
    busy_seconds : float, seconds, >= 0
        How long this machine worked on it; 0 where another machine did.
    """

    provider: str
    model: str
    purpose: str
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost_usd: Decimal
    busy_seconds: float = 0.0


EVENTS: tuple[type[Event], ...] = (
    DeskOpened,
    SessionStarted,
    HistoryStudied,
    BarsAssessed,
    BarRefused,
    CandidateOpened,
    CandidateClosed,
    ProposalRaised,
    ProposalApproved,
    ProposalRejected,
    ProposalExpired,
    ProposalWithdrawn,
    ApprovalRefused,
    OrderIntended,
    OrderAccepted,
    OrderRejected,
    OrderOutcomeUnknown,
    OrderFilled,
    OrderCanceled,
    OrderExpired,
    LotSettled,
    ExitRequested,
    Halted,
    Resumed,
    BreakerTripped,
    BreakerReset,
    ReviewNoted,
    LimitsSet,
    StrangeFillSeen,
    AccessRefused,
    NoticePosted,
    ReportPosted,
    FeeTierRead,
    ModelUsed,
)
