"""The paper venue from the settings: the one that a desk, a rehearsal and a backtest trade at.

Refuses a second way to build it: two venues with other rules could not be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.brokers.latency import Latency
from engine.brokers.paper import PaperBroker
from engine.brokers.settlement import Unsettled
from engine.config import Settings
from engine.costs import Conditions
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger
from engine.market.sessions import is_open
from engine.opening.unsettled import unsettled_of

PAPER = "paper"


def paper_venue(
    settings: Settings,
    policy: Policy,
    conditions: Conditions,
    *,
    cash_usd: Decimal,
    holdings: Mapping[str, Decimal] | None = None,
    unsettled: Iterable[Unsettled] = (),
) -> PaperBroker:
    """A paper venue for the instruments and costs of `policy`.

    Parameters
    ----------
    conditions : Conditions
        Memory of the market that cards are costed with.
    cash_usd : Decimal, US dollars, >= 0
    holdings : mapping of base asset to Decimal, base units, >= 0
    unsettled : iterable of Unsettled
        What of either is not ours yet.
    """
    paper = settings.paper
    return PaperBroker(
        tuple(policy.instruments.values()),
        policy.costs,
        cash_usd=cash_usd,
        holdings=holdings,
        conditions=conditions,
        unsettled=unsettled,
        latency=Latency(paper.latency_median_seconds, paper.latency_tail_seconds),
        ahead_frac=paper.queue_ahead_frac,
        is_open=is_open,
    )


def paper_venue_of(
    settings: Settings, policy: Policy, ledger: Ledger, conditions: Conditions
) -> PaperBroker:
    """The paper venue with the money and the units that are on record."""
    held: dict[str, Decimal] = {}
    for position in ledger.positions.values():
        base = policy.instruments[position.instrument].base
        held[base] = held.get(base, Decimal(0)) + position.quantity
    on_record = ledger.opened_at is not None and ledger.mode == PAPER
    cash = ledger.cash_usd if on_record else settings.desk.cash_usd
    return paper_venue(
        settings,
        policy,
        conditions,
        cash_usd=cash,
        holdings=held,
        unsettled=unsettled_of(policy, ledger),
    )
