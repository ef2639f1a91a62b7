"""What a trade would cost now: the one cost model, with what the desk has seen and been charged.

Refuses to know two prices: pipeline, card and click are costed here, and the paper venue by the
same model and memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import fmean

from engine.costs import Conditions, CostModel, Drift
from engine.journal.ledger import ZERO, Ledger, ProposalRecord
from engine.model.bars import BarsClosed
from engine.model.instruments import Instrument
from engine.model.orders import Side
from engine.model.proposals import CostLines, ProposalStatus

FEWEST_APPROVALS = 20
"""Approvals below which the configured drift is charged."""

_NEWEST_APPROVALS = 200


@dataclass(frozen=True, slots=True)
class Costing:
    """The desk's costs.

    Attributes
    ----------
    conditions : Conditions
        The memory that the paper venue shares.
    """

    model: CostModel
    instruments: Mapping[str, Instrument]
    conditions: Conditions
    ledger: Ledger

    def lines(
        self,
        symbol: str,
        price: float,
        at: datetime,
        quantity: Decimal = ZERO,
        drift: Drift | None = None,
    ) -> CostLines:
        """Costs of a round trip of `quantity` at `price`, by what was known at `at`.

        Parameters
        ----------
        price : float, quote currency, > 0
        at : datetime, aware UTC
        quantity : Decimal, base units, >= 0
            0 leaves impact out: the size is not known yet.
        drift : Drift or None
            Move while a yes is awaited; None takes the record's, or the configured one.
        """
        seen = self.conditions.seen(symbol, at)
        waited = drift or drift_of(self.ledger)
        return self.model.lines(self.instruments[symbol], price, seen, float(quantity), waited)

    def fracs(self, at: datetime) -> Callable[[str, float], float]:
        """Round-trip cost by instrument and price, fraction of entry, for a small order."""
        drift = drift_of(self.ledger)
        return lambda symbol, price: self.lines(symbol, price, at, drift=drift).total_frac

    def of_history(self, batch: BarsClosed) -> dict[str, float]:
        """Costs for bars that are studied: as journaled then, else as they can be known now.

        The bars are remembered before, as a live desk would have.
        """
        for bar in batch.bars:
            self.conditions.see(bar)
        cost_of, known = self.fracs(batch.at), self.ledger.candidate_costs
        return {
            bar.instrument: known.get((bar.instrument, batch.at))
            or cost_of(bar.instrument, bar.close)
            for bar in batch.bars
        }


def drift_of(ledger: Ledger) -> Drift | None:
    """Mean move against us from raising to filling, over the newest approvals of the record.

    Only approvals count: of what was refused at the click or left to expire nobody knows what it
    would have paid, so the mean is of moves that the second look let pass. A mean below zero
    counts as 0: waiting is not counted on to pay.

    Returns
    -------
    Drift or None
        None below `FEWEST_APPROVALS`.
    """
    if ledger.drift is None or ledger.drift[0] != ledger.dealings_count:
        ledger.drift = (ledger.dealings_count, _measured(ledger))
    return ledger.drift[1]


def _measured(ledger: Ledger) -> Drift | None:
    decided = [p for p in ledger.proposals.values() if p.status is ProposalStatus.APPROVED]
    if len(decided) < FEWEST_APPROVALS:
        return None
    newest = decided[-_NEWEST_APPROVALS:]
    mean = fmean(adverse_move(record, ledger) for record in newest)
    return Drift(min(max(mean, 0.0), 0.1), f"mean of {len(newest)} approvals")


def adverse_move(record: ProposalRecord, ledger: Ledger) -> float:
    """Move of the market from the raised entry to the fill, else to the click; fraction.

    Fills count at their reference price, which holds no spread, slippage or impact: those are
    lines of their own.
    """
    bought = [o for o in ledger.orders_of(record.terms.id, Side.BUY) if o.filled > 0]
    if bought:
        value = sum((o.value_usd - o.slippage_usd for o in bought), ZERO)
        price = value / sum((o.filled for o in bought), ZERO)
    else:
        price = record.decision_price or record.terms.entry
    return float(price / record.terms.entry - 1)
