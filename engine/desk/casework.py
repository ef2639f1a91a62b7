"""A setup about to be sized, and the card that it becomes.

Refuses an assessment without a setup: there is nothing to size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from engine.desk.costing import Costing
from engine.desk.policy import Policy
from engine.model.instruments import Calendar, Instrument
from engine.model.money import exact
from engine.model.proposals import CardKind, CostLines, ProposalTerms
from engine.model.setups import Assessment, Odds, Setup
from engine.probability.worth import at_cost
from engine.sizing import Bet

_DAYS_A_YEAR = {Calendar.CONTINUOUS: 365.0, Calendar.METALS: 252.0, Calendar.NYSE: 252.0}


@dataclass(frozen=True, slots=True)
class Card:
    """What became of one assessment.

    Attributes
    ----------
    kind : CardKind or None
        None when there was no setup.
    sentence : str
        The number that decided, in plain words.
    terms : ProposalTerms or None
        Present for proposals and exploratory cards.
    """

    kind: CardKind | None
    sentence: str
    terms: ProposalTerms | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A setup with its odds on one instrument, about to be sized."""

    instrument: Instrument
    assessment: Assessment
    setup: Setup
    odds: Odds
    costing: Costing
    at: datetime

    def costs(self, quantity: Decimal) -> CostLines:
        """Costs of buying and selling `quantity`, with the expected gap through the stop."""
        lines = self.costing.lines(self.instrument.symbol, self.setup.entry, self.at, quantity)
        return replace(lines, gap_frac=self.odds.gap_frac)

    def sized(self, quantity: Decimal) -> Case:
        """The same case after the costs of an order of `quantity`."""
        cost_frac = self.costs(quantity).total_frac
        return replace(self, odds=at_cost(self.odds, self.setup.target_frac, cost_frac))


def case_of(assessment: Assessment, costing: Costing, at: datetime) -> Case:
    """Gather what is known of a setup.

    Parameters
    ----------
    at : datetime, aware UTC
        Instant by whose book and bars the assessment was costed.

    Raises
    ------
    ValueError
        If the assessment holds no setup.
    """
    if assessment.setup is None or assessment.odds is None:
        raise ValueError(f"assessment of {assessment.instrument} must hold a setup, has none")
    return Case(
        instrument=costing.instruments[assessment.instrument],
        assessment=assessment,
        setup=assessment.setup,
        odds=assessment.odds,
        costing=costing,
        at=at,
    )


def bet_of(case: Case, policy: Policy) -> Bet:
    """The case as far as its size is concerned."""
    odds, setup = case.odds, case.setup
    return Bet(
        price=exact(setup.entry),
        lot=case.instrument.lot,
        min_notional_usd=case.instrument.min_notional_usd,
        p_low=odds.p_low,
        p_mean=odds.p_mean,
        # The lower bound is a normal quantile, so its distance from the mean gives the error.
        p_sd=max(odds.p_mean - odds.p_low, 0.0) / policy.lower_bound_sds,
        target_frac=setup.target_frac,
        stop_frac=setup.stop_frac,
        cost_frac=odds.cost_frac,
        volatility=setup.volatility * math.sqrt(_DAYS_A_YEAR[case.instrument.calendar]),
    )
