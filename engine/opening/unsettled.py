"""What a record says is still on its way: lots that are not ours yet, proceeds likewise.

Refuses to guess when anything settles: the record holds the instant.
"""

from __future__ import annotations

from engine.brokers.settlement import Unsettled
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger
from engine.model.orders import Side
from engine.model.positions import LotState


def unsettled_of(policy: Policy, ledger: Ledger) -> list[Unsettled]:
    """Lots bought and proceeds of sales that have not settled, each with its instant."""
    lots = [
        Unsettled(
            client_id=ledger.orders_of(held.id, Side.BUY)[0].order.client_id,
            asset=policy.instruments[held.instrument].base,
            amount=held.quantity,
            settles_at=held.settles_at,
        )
        for held in ledger.positions.values()
        if held.lot is LotState.BOUGHT and held.settles_at is not None
    ]
    cash = [
        Unsettled("", "USD", amount, at)
        for at, amount in ledger.unsettled
        if ledger.at and at > ledger.at
    ]
    return lots + cash
