"""From an assessment to a card: its kind, what decided, and the terms if it can be approved.

Refuses to bend the gate: a proposal needs a positive expected value at the lower bound after
costs; what only the mean clears is exploratory, on paper; the rest is watched. A proposal whose
portfolio share nobody worked out has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from engine.desk.casework import Card, Case, bet_of, case_of
from engine.desk.costing import Costing
from engine.desk.own_impact import largest_paying
from engine.desk.policy import Policy
from engine.desk.standing import NO_SHARES, Shares, with_asked
from engine.desk.words import expected_value_sentence
from engine.journal.ledger import Ledger
from engine.market.sessions import end_of_trading
from engine.model.instruments import Instrument
from engine.model.money import exact
from engine.model.proposals import CardKind, ProposalTerms, SizeStep
from engine.model.setups import Assessment, Odds, Setup
from engine.model.verdicts import Refused, Resized
from engine.risk import (
    EntryRequest,
    RiskPicture,
    assess_entry,
    exploratory_budget_left,
    room_left,
)
from engine.sizing import Sizing, size_entry, size_exploratory

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_ID_LENGTH = 4
Gate = Callable[[Odds], str]


def card_of(
    assessment: Assessment,
    gate: Gate,
    ledger: Ledger,
    policy: Policy,
    picture: RiskPicture,
    costing: Costing,
    shares: Shares,
) -> Card:
    """Judge one assessment.

    Parameters
    ----------
    gate : callable (Odds) -> str
        Why the pipeline's gate on the lower bound refuses odds; empty when it opens.
    picture : RiskPicture
        The desk at the same instant.
    costing : Costing
        What the assessment was costed with.
    shares : mapping of instrument to float or Refused
        What the portfolio grants each setup of this instant that has passed the gate.
    """
    if assessment.setup is None or assessment.odds is None:
        return Card(None, assessment.note or "no setup on this bar")
    case = case_of(assessment, costing, picture.now)
    if assessment.entries_blocked:
        return Card(CardKind.WATCH, f"entries are blocked: {assessment.entries_blocked}")
    kind = _kind(case.odds, gate(case.odds), policy)
    told = expected_value_sentence(case.odds)
    if kind is CardKind.WATCH:
        return Card(kind, told)
    terms = terms_of(case, kind, ledger, policy, picture, gate, shares)
    if isinstance(terms, Refused):
        return Card(CardKind.WATCH, f"{told}. {terms.sentence}")
    return Card(kind, told, terms)


def _kind(odds: Odds, gate: str, policy: Policy) -> CardKind:
    if not gate:
        return CardKind.PROPOSAL
    if policy.exploratory and odds.ev_mean_frac > 0.0:
        return CardKind.EXPLORATORY
    return CardKind.WATCH


def terms_of(
    case: Case,
    kind: CardKind,
    ledger: Ledger,
    policy: Policy,
    picture: RiskPicture,
    gate: Gate | None = None,
    shares: Shares = NO_SHARES,
) -> ProposalTerms | Refused:
    """Size a case and ask risk; the terms are what an approval would be bound to.

    Parameters
    ----------
    gate : callable or None
        Asked again after the impact of the order's own size; None asks nothing, as the owner
        may by hand.
    """
    beside = with_asked(picture, ledger, policy, case.instrument.symbol)

    def pays(odds: Odds) -> bool:
        return gate is None or _kind(odds, gate(odds), policy) in (kind, CardKind.PROPOSAL)

    paying = largest_paying(case, lambda c: _sized(c, kind, policy, beside, shares), pays)
    if isinstance(paying, Refused):
        return paying
    case, sizing = paying
    if sizing.quantity <= 0:
        return Refused("size", f"nothing is left after {sizing.set_by}", "", "")
    request = EntryRequest(
        instrument=case.instrument,
        kind=kind,
        price=exact(case.setup.entry),
        quantity=sizing.quantity,
        stop_frac=case.setup.stop_frac,
        cost_frac=case.odds.cost_frac,
    )
    verdict = assess_entry(request, picture, policy.limits)
    if isinstance(verdict, Refused):
        return verdict
    if not sellable_at_stop(verdict.quantity, exact(case.setup.stop), case.instrument):
        told = f"{verdict.quantity} {case.instrument.base} could not be sold at the stop"
        return Refused("minimum order", told, f"{case.instrument.min_notional_usd} USD")
    if isinstance(verdict, Resized):
        sizing = _cut(sizing, verdict, request.price, picture)
    return _write(case, kind, sizing, ledger, policy, picture.now)


def _cut(sizing: Sizing, verdict: Resized, price: Decimal, picture: RiskPicture) -> Sizing:
    """The sizing as risk left it, with risk's limit as its last step."""
    fraction = float(verdict.quantity * price / (picture.equity_usd or Decimal(1)))
    factor = fraction / sizing.fraction if sizing.fraction > 0 else 1.0
    return replace(
        sizing,
        fraction=fraction,
        quantity=verdict.quantity,
        steps=(*sizing.steps, SizeStep(verdict.limit, factor, fraction)),
        set_by=verdict.limit,
    )


def sellable_at_stop(quantity: Decimal, stop: Decimal, instrument: Instrument) -> bool:
    """Whether the venue would still take an order of `quantity` where the stop stands."""
    return quantity * stop >= instrument.min_notional_usd


def _sized(
    case: Case, kind: CardKind, policy: Policy, picture: RiskPicture, shares: Shares
) -> Sizing | Refused:
    room = room_left(picture, policy.limits, case.instrument)
    if isinstance(room, Refused):
        return room
    equity = picture.equity_usd or Decimal(0)
    bet = bet_of(case, policy)
    if kind is CardKind.PROPOSAL:
        share = shares.get(case.instrument.symbol, 0.0)
        if isinstance(share, Refused):
            return share
        # The ramp shrinks from the mark of the kill: a reset of the kill begins the desk anew.
        peak = picture.kill_high_water_usd or equity
        drawdown = float(1 - equity / peak) if peak > 0 else 1.0
        return size_entry(
            bet,
            replace(room, portfolio_frac=share),
            equity_usd=equity,
            drawdown_frac=min(max(drawdown, 0.0), 1.0),
            policy=policy.sizing,
        )
    budget = exploratory_budget_left(picture, policy.limits)
    if isinstance(budget, Refused):
        return budget
    return size_exploratory(
        bet, room, equity_usd=equity, week_budget_left_frac=budget, policy=policy.sizing
    )


def _write(
    case: Case,
    kind: CardKind,
    sizing: Sizing,
    ledger: Ledger,
    policy: Policy,
    now: datetime,
) -> ProposalTerms:
    case = case.sized(sizing.quantity)
    setup, odds = case.setup, case.odds
    entry = exact(setup.entry)
    notional = sizing.quantity * entry
    return ProposalTerms(
        id=proposal_id(ledger, setup),
        kind=kind,
        setup_kind=setup.kind,
        instrument=case.instrument.symbol,
        venue=case.instrument.venue,
        order_type=policy.entry_type(case.instrument),
        entry=entry,
        target=exact(setup.target),
        stop=exact(setup.stop),
        quantity=sizing.quantity,
        notional_usd=notional,
        risk_usd=notional * exact(setup.stop_frac + odds.cost_frac),
        size_frac=sizing.fraction,
        size_steps=sizing.steps,
        size_set_by=sizing.set_by,
        costs=case.costs(sizing.quantity),
        p_prior=odds.p_prior,
        p_mean=odds.p_mean,
        p_low=odds.p_low,
        break_even=odds.break_even,
        ev_mean_frac=odds.ev_mean_frac,
        ev_low_frac=odds.ev_low_frac,
        horizon_days=setup.horizon_days,
        created_at=now,
        expires_at=now + policy.expires_for,
        time_limit_at=end_of_trading(
            case.instrument.calendar, now, timedelta(days=setup.horizon_days)
        ),
        config_hash=policy.config_hash,
    )


def proposal_id(ledger: Ledger, setup: Setup) -> str:
    """A short id that people can say, unique in this journal: ``P-7K3Q``.

    It is derived from the setup and the number of proposals so far, so that a replay of the same
    history names them alike.
    """
    attempt = len(ledger.proposals)
    while True:
        seed = f"{setup.instrument} {setup.at.isoformat()} {setup.kind} {attempt}"
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8])
        letters = []
        for _ in range(_ID_LENGTH):
            number, index = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[index])
        candidate = "P-" + "".join(letters)
        if candidate not in ledger.proposals:
            return candidate
        attempt += 1
