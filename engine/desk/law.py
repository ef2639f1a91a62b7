"""The last questions to an order that is about to be made: invariants, ledger lines, the place.

Refuses in the order in which it matters: what may never happen first, then what may not now.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from engine.compliance.jurisdiction import NetBuys, check_net_buys, check_venue, net_buys
from engine.compliance.lines import check_lines_known, check_statement
from engine.compliance.orders import check_entry
from engine.desk.policy import Policy
from engine.journal.ledger import ZERO, Ledger
from engine.model.orders import Order, Purpose
from engine.model.positions import Position
from engine.model.verdicts import Refused


def check_lawful(
    order: Order,
    outlay_usd: Decimal,
    settled_cash_usd: Decimal,
    ledger: Ledger,
    policy: Policy,
    now: datetime,
) -> Refused | None:
    """Whether compliance lets `order` open a position now.

    Parameters
    ----------
    outlay_usd : Decimal, US dollars, > 0
        Most that the order can take: notional and fees.
    settled_cash_usd : Decimal, US dollars
        Own and settled, less what other working buys have reserved.

    Returns
    -------
    Refused or None
        ``Forbidden`` where an invariant refuses: the order should never have been built.
    """
    instrument = policy.instruments[order.instrument]
    held = _held(ledger, order.instrument)
    verdict = check_entry(
        order, instrument, settled_cash_usd, held, policy.mode, outlay_usd=outlay_usd
    )
    if isinstance(verdict, Refused):
        return verdict
    return (
        check_lines_known(ledger.unknown_kinds())
        or _check_statement(instrument.venue, ledger, policy, now)
        or check_venue(instrument, policy.law)
        or check_net_buys(instrument, outlay_usd, policy.law, net_buys_of(ledger, policy, now))
    )


def _check_statement(venue: str, ledger: Ledger, policy: Policy, now: datetime) -> Refused | None:
    """Real money needs a ledger that is known; on paper the paper venue books, and tells it."""
    if policy.mode != "live":
        return None
    return check_statement(venue, ledger.statements.get(venue), now, policy.statement_for)


def net_buys_of(ledger: Ledger, policy: Policy, now: datetime) -> NetBuys | None:
    """Where the yearly cap on net purchases stands, working buys included; None without one."""
    law = policy.law
    if law is None:
        return None
    pending = ZERO
    for record in ledger.open_orders():
        order = record.order
        instrument = policy.instruments.get(order.instrument)
        counts = instrument is None or law.counts(instrument)
        if order.purpose is Purpose.ENTRY and counts:
            entry = ledger.proposals[order.proposal_id].terms.entry
            pending += (order.quantity - record.filled) * entry
    instruments = policy.instruments.values()
    return net_buys(ledger.dealings, instruments, law, now, pending_usd=pending)


def _held(ledger: Ledger, symbol: str) -> Position | None:
    return next((p for p in ledger.positions.values() if p.instrument == symbol), None)
