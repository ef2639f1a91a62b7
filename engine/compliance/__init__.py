"""What may never happen, whoever asks: shorts, borrowed money, unowned forms (MATH.md section 7).

Refuses by default. An engineering reading and not a ruling: what a scholar must still decide is
listed in ``scholar`` and decides nothing here. Pure: values in, verdicts out.
"""

from engine.compliance.calls import (
    ALLOWED_GATEWAY_CALLS,
    ALLOWED_VENUE_CALLS,
    GuardedClient,
    check_call,
    check_gateway_call,
    check_request,
)
from engine.compliance.forms import ALLOWED_FORMS, CASH
from engine.compliance.holdings import check_after
from engine.compliance.invariants import INVARIANTS, Invariant
from engine.compliance.jurisdiction import (
    NetBuys,
    check_net_buys,
    check_venue,
    net_buys,
    year_before,
)
from engine.compliance.lines import meaning_of
from engine.compliance.lots import LOT_TRANSITIONS, LotChange, next_lot, settles_at
from engine.compliance.orders import check_entry, check_exit, check_pair
from engine.compliance.scholar import QUESTIONS

__all__ = [
    "ALLOWED_FORMS",
    "ALLOWED_GATEWAY_CALLS",
    "ALLOWED_VENUE_CALLS",
    "CASH",
    "INVARIANTS",
    "LOT_TRANSITIONS",
    "QUESTIONS",
    "GuardedClient",
    "Invariant",
    "LotChange",
    "NetBuys",
    "check_after",
    "check_call",
    "check_entry",
    "check_exit",
    "check_gateway_call",
    "check_net_buys",
    "check_pair",
    "check_request",
    "check_venue",
    "meaning_of",
    "net_buys",
    "next_lot",
    "settles_at",
    "year_before",
]
