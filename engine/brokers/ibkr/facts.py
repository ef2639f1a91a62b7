"""What the gateway told, as plain exact data: orders, executions, positions, account values.

Refuses ib_async's objects past this point: they are mutable, hold floats and vanish on a drop.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.orders import Side

OPEN_STATES = frozenset(
    {"PendingSubmit", "PendingCancel", "PreSubmitted", "Submitted", "ApiPending", "Inactive"}
)
"""States in which an order may still trade, in the gateway's words."""

TAKEN_STATES = frozenset({"PreSubmitted", "Submitted", "PendingCancel", "Filled"})
"""States that only IB's servers give: the order is theirs. ``PendingSubmit`` may be only ours."""


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order as the gateway lists it.

    Attributes
    ----------
    client_id : str
        Its ``orderRef``; empty for orders that were placed by hand.
    order_id : int
        Id within the API client that placed it; 0 in lists of completed orders.
    perm_id : int
        IB's own id, 0 while its servers have not given one.
    api_client : int
        Number of the API client that placed it.
    tif : str
        ``DAY`` or ``GTC``.
    reason : str
        The gateway's words on how it ended; empty while it works.
    """

    client_id: str
    order_id: int
    perm_id: int
    api_client: int
    status: str
    tif: str
    quantity: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VenueExecution:
    """One execution as the gateway reports it.

    Attributes
    ----------
    exec_id : str
        IB's id; a correction has the same one but for the digits after the last full stop.
    client_id : str
        The ``orderRef`` of its order.
    price : Decimal, quote currency
    quantity : Decimal, base units, > 0
    commission_usd : Decimal or None, US dollars
        None while IB has not told it, and where it told it in another currency.
    commission_told : bool
        Whether IB has told it at all.
    """

    exec_id: str
    client_id: str
    order_id: int
    perm_id: int
    con_id: int
    symbol: str
    sec_type: str
    side: Side
    at: datetime
    price: Decimal
    quantity: Decimal
    commission_usd: Decimal | None
    commission_told: bool

    @property
    def base_id(self) -> str:
        """Id without its revision: the same for an execution and all its corrections."""
        return split_id(self.exec_id)[0]

    @property
    def revision(self) -> int:
        """How often it has been corrected, from 1."""
        return split_id(self.exec_id)[1]


def split_id(exec_id: str) -> tuple[str, int]:
    """Base and revision of an execution id; an id without a revision is its own base, 0.

    Examples
    --------
    >>> split_id("0000e0d5.58a0b8a3.01.02")
    ('0000e0d5.58a0b8a3.01', 2)
    >>> split_id("weird")
    ('weird', 0)
    """
    base, dot, revision = exec_id.rpartition(".")
    return (base, int(revision)) if dot and revision.isdigit() else (exec_id, 0)


@dataclass(frozen=True, slots=True)
class AccountValue:
    """One line of the account: a tag, its value as text and its currency."""

    account: str
    tag: str
    value: str
    currency: str


@dataclass(frozen=True, slots=True)
class Holding:
    """What is held of one contract; `quantity` in base units, negative if short."""

    account: str
    con_id: int
    symbol: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Listing:
    """What IB says of one contract.

    Attributes
    ----------
    min_tick : Decimal, quote currency
    min_size, size_increment : Decimal, base units
        0 where IB does not say.
    order_types : frozenset of str
        Such as ``LMT``, ``MKT``, ``STP``.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    min_tick: Decimal
    min_size: Decimal
    size_increment: Decimal
    order_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """An error or notice of the gateway: IB's code and words, and the order it is about, or -1."""

    order_id: int
    code: int
    text: str

    @property
    def sentence(self) -> str:
        """One line with the code, fit for the owner."""
        return f"IBKR {self.code}: {' '.join(self.text.split())}"
