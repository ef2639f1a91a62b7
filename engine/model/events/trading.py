"""Orders, fills, lots and exits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.model.actors import Actor
from engine.model.events.root import Event
from engine.model.orders import Fill, Order, Purpose


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
class FillAmended(Event):
    """The venue says that a fill had another price or fee than it told at first.

    It is named by what it starts from: an amendment of anything but the fill as it is booked now
    contradicts the journal, so that none can count twice or out of turn.

    Attributes
    ----------
    fill, told : Fill
        As it is, and as it was booked; they differ in ``price`` or ``fee_usd`` and nothing else.
    why : str
        One clause in the venue's or the adapter's words.
    """

    fill: Fill
    told: Fill
    why: str


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
    """What was bought is ours: possession is confirmed.

    Attributes
    ----------
    released : bool
        Whether it also became sellable by this event, as version 1 always meant; since then
        ``LotReleased`` says so.
    """

    version: ClassVar[int] = 2

    position_id: str
    released: bool = False


@dataclass(frozen=True, slots=True)
class LotReleased(Event):
    """A settled lot may be sold, and a stop may rest on it."""

    position_id: str


@dataclass(frozen=True, slots=True)
class ExitRequested(Event):
    """A position is to be closed at the market, and why."""

    position_id: str
    purpose: Purpose
    by: Actor
    reason: str


@dataclass(frozen=True, slots=True)
class StrangeFillSeen(Event):
    """The venue filled an order that this desk never sent: neither taken over nor fought."""

    fill: Fill
