"""What stands beside a setup: positions, working buys, cards on offer, the instant's other setups.

Refuses to forget an offer: until it is decided, what a card asks for counts as taken, for its
approval may come at any moment and is not weighed against the portfolio again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from engine.desk.casework import Case, bet_of, case_of
from engine.desk.costing import Costing
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger
from engine.model.money import exact
from engine.model.proposals import ProposalTerms
from engine.model.setups import Assessment
from engine.model.verdicts import Refused
from engine.risk import Exposure, RiskPicture, room_left
from engine.sizing import Holding, Standing, alone_frac, portfolio_shares

Shares = Mapping[str, float | Refused]
NO_SHARES: Shares = MappingProxyType({})


def with_asked(
    picture: RiskPicture, ledger: Ledger, policy: Policy, besides: str = ""
) -> RiskPicture:
    """The picture as if every open proposal were a working buy.

    Parameters
    ----------
    besides : str
        Instrument whose own open proposal is left out; the desk asks one thing at a time of it.
    """
    asked = [p.terms for p in ledger.open_proposals() if p.terms.instrument != besides]
    pending, cash = picture.pending, picture.settled_cash_usd
    return replace(
        picture,
        pending=None if pending is None else (*pending, *(_asked(t, policy) for t in asked)),
        settled_cash_usd=None if cash is None else cash - sum(map(_outlay, asked), Decimal(0)),
    )


def _asked(terms: ProposalTerms, policy: Policy) -> Exposure:
    asset = policy.instruments[terms.instrument].asset
    return Exposure(terms.instrument, asset, terms.notional_usd, terms.risk_usd)


def _outlay(terms: ProposalTerms) -> Decimal:
    return terms.notional_usd * (1 + exact(terms.costs.total_frac))


def shares_of(
    passed: Sequence[Assessment],
    ledger: Ledger,
    policy: Policy,
    picture: RiskPicture,
    costing: Costing,
    assessed: Mapping[str, Assessment],
    correlations: Mapping[tuple[str, str], float],
) -> Shares:
    """What the portfolio grants each setup of one instant.

    Parameters
    ----------
    passed : sequence of Assessment, with setups
        Those of this instant that the gate lets through.
    costing : Costing
        What the assessments were costed with; without the impact of their own size.
    assessed : mapping of instrument to Assessment
        Newest of each instrument, for the forecasts of what is held.
    correlations : mapping of pairs of instruments to float in [-1, 1]

    Returns
    -------
    mapping of instrument to float, notional over equity, or Refused
        The number that is unknown, where there is one; then no setup has a share.
    """
    asked = {p.terms.instrument: p.terms.id for p in ledger.open_proposals()}
    shares: dict[str, float | Refused] = {
        a.instrument: Refused("one at a time", f"{asked[a.instrument]} is still open", "")
        for a in passed
        if a.instrument in asked
    }
    free = [a for a in passed if a.instrument not in asked]
    return shares | _granted(
        [case_of(a, costing, picture.now) for a in free],
        with_asked(picture, ledger, policy),
        policy,
        assessed,
        correlations,
    )


def _granted(
    free: Sequence[Case],
    beside: RiskPicture,
    policy: Policy,
    assessed: Mapping[str, Assessment],
    correlations: Mapping[tuple[str, str], float],
) -> dict[str, float | Refused]:
    if not free:
        return {}
    holdings = _holdings(beside, assessed)
    if isinstance(holdings, Refused):
        return {case.setup.instrument: holdings for case in free}
    setups: list[Standing] = []
    for case in free:
        standing = _standing(case, policy, beside)
        if isinstance(standing, Refused):
            return {other.setup.instrument: standing for other in free}
        setups.append(standing)
    granted = portfolio_shares(
        setups,
        holdings,
        correlations,
        kelly_share=policy.sizing.kelly_share,
        total_cap=policy.limits.total_frac,
        heat_cap=policy.limits.heat_frac,
    )
    return {setup.instrument: f for setup, f in zip(setups, granted, strict=True)}


def _standing(case: Case, policy: Policy, picture: RiskPicture) -> Standing | Refused:
    room = room_left(picture, policy.limits, case.instrument)
    if isinstance(room, Refused):
        return room
    bet = bet_of(case, policy)
    return Standing(
        instrument=case.instrument.symbol,
        mean_frac=case.odds.ev_low_frac,
        horizon_days=case.setup.horizon_days,
        volatility=case.setup.volatility,
        loss_frac=bet.loss_frac,
        alone_frac=alone_frac(bet, room, policy.sizing),
    )


def _holdings(picture: RiskPicture, assessed: Mapping[str, Assessment]) -> list[Holding] | Refused:
    equity = picture.equity_usd
    if equity is None or not (equity.is_finite() and equity > 0):
        return Refused("equity", "unknown", "a known amount", "Entries resume once it is known.")
    found = []
    for held in picture.exposures or ():
        volatility = _forecast(assessed.get(held.instrument))
        if volatility is None:
            told = f"no forecast for {held.instrument}, which is held"
            return Refused("portfolio", told, "", "Wait for its next bar.")
        notional, risk = float(held.notional_usd / equity), float(held.risk_usd / equity)
        found.append(Holding(held.instrument, notional, risk, volatility))
    return found


def _forecast(assessment: Assessment | None) -> float | None:
    """Layer 5's volatility per square-root day, or None where there is none."""
    if assessment is None:
        return None
    if assessment.setup is not None:
        return assessment.setup.volatility
    for reading in assessment.readings:
        if reading.name == "volatility":
            return reading.diagnostics.get("volatility_per_day")
    return None
