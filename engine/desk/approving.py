"""The second look at the click: everything that could have changed is checked again.

Refuses in the order in which a person would ask: may you, is it this one, is it still open, is
the price still there, do the odds still pay, do the limits still allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from engine.desk.exits import client_id
from engine.desk.law import check_lawful
from engine.desk.policy import Policy
from engine.desk.proposing import sellable_at_stop
from engine.desk.words import expected_value_sentence
from engine.journal.ledger import Ledger, ProposalRecord
from engine.model.actors import Actor, Permission
from engine.model.instruments import Instrument
from engine.model.money import exact, floor_to
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.proposals import CardKind, ProposalStatus, ProposalTerms
from engine.model.setups import Odds
from engine.model.verdicts import Refused
from engine.risk import EntryRequest, RiskPicture, assess_entry

_SHORTEST_REASON = 3
_USED = {
    ProposalStatus.APPROVED: "it has been approved already",
    ProposalStatus.REJECTED: "it has been rejected",
    ProposalStatus.EXPIRED: "it has expired",
    ProposalStatus.WITHDRAWN: "it has been withdrawn",
}


@dataclass(frozen=True, slots=True)
class Click:
    """A yes, as it arrives.

    Attributes
    ----------
    short_hash : str
        First twelve digits of the hash that the card carried.
    portion : float in (0, 1]
    """

    actor: Actor
    proposal_id: str
    short_hash: str
    portion: float
    note: str


_WHO_MAY = {
    Permission.READ: "Ask the owner.",
    Permission.HALT: "Ask the owner or an overseer.",
    Permission.DECIDE: "Only the owner decides.",
}


def not_permitted(actor: Actor, permission: Permission) -> Refused | None:
    """Refuse an actor whose standing does not include `permission`."""
    if actor.may(permission):
        return None
    return Refused("permission", f"{actor.name} is {actor.role}", "", _WHO_MAY[permission])


def may_decide(actor: Actor) -> Refused | None:
    """Only the owner decides."""
    return not_permitted(actor, Permission.DECIDE)


def without_reason(what: str, reason: str) -> Refused | None:
    """Refuse a decision of consequence that is given without a reason in words."""
    if len(reason.strip()) >= _SHORTEST_REASON:
        return None
    return Refused(what, "no reason given", "a reason in words", "Say why; it goes on record.")


def cannot_propose(ledger: Ledger, policy: Policy, instrument: str) -> Refused | None:
    """Why no proposal can be raised on request now."""
    if instrument not in policy.instruments:
        watched = ", ".join(policy.instruments)
        return Refused("instrument", f"{instrument!r} is not watched", "", f"Watched: {watched}.")
    if not policy.exploratory:
        return Refused("exploratory", "exploratory trades are for paper only", "", "See /config.")
    for record in ledger.open_proposals():
        if record.terms.instrument == instrument:
            return Refused(
                "one at a time", f"{record.terms.id} is still open", "", "Decide it first."
            )
    return None


def still_open(click: Click, ledger: Ledger, now: datetime) -> ProposalRecord | Refused:
    """The proposal, if it is this one, undecided and in time."""
    record = ledger.proposals.get(click.proposal_id)
    if record is None:
        return Refused(
            "proposal", f"there is no proposal {click.proposal_id!r}", "", "/proposals lists them."
        )
    if record.status is not ProposalStatus.OPEN:
        return Refused(
            "single use", f"{record.terms.id}: {_USED[record.status]}", "", "Nothing was changed."
        )
    if click.short_hash != record.terms_hash[:12]:
        return Refused(
            "hash",
            f"the card shows {click.short_hash or 'no hash'}",
            record.terms_hash[:12],
            "These are not the terms that were proposed; open the card anew with /proposals.",
        )
    if now >= record.terms.expires_at:
        return Refused(
            "expiry",
            f"{record.terms.id} expired at {record.terms.expires_at:%Y-%m-%d %H:%M} UTC",
            "",
            "Wait for the next proposal.",
        )
    return record


def price_holds(terms: ProposalTerms, price: Decimal, adverse_frac: float) -> Refused | None:
    """Whether the price is still near enough to the entry.

    Parameters
    ----------
    adverse_frac : float, fraction of the stop distance
        How far above the entry the price may be.
    """
    if not terms.stop < price < terms.target:
        return Refused(
            "price at the click",
            f"{price:,.8g} is outside stop {terms.stop:,} and target {terms.target:,}",
            "",
            "The setup is over.",
        )
    allowed = terms.entry + (terms.entry - terms.stop) * exact(adverse_frac)
    if price > allowed:
        return Refused(
            "price at the click",
            f"{price:,.8g}",
            f"{allowed:,.8g} at most",
            "The price has run away from the proposal; wait for the next one.",
        )
    return None


def odds_hold(terms: ProposalTerms, odds: Odds, gate: str) -> Refused | None:
    """Whether the gate that raised the proposal would still raise it at this price.

    An exploratory proposal that the owner asked for had no gate to pass, and has none here.

    Parameters
    ----------
    gate : str
        Why the pipeline's gate refuses these odds; empty when it opens.
    """
    if terms.kind is CardKind.PROPOSAL and gate:
        return Refused("odds at the click", gate, "", "It pays no more.")
    raised_by_gate = terms.ev_mean_frac > 0.0
    if terms.kind is CardKind.EXPLORATORY and raised_by_gate and not odds.ev_mean_frac > 0.0:
        return Refused("odds at the click", expected_value_sentence(odds), "", "It pays no more.")
    return None


def entry_order(
    record: ProposalRecord,
    portion: float,
    price: Decimal,
    ledger: Ledger,
    policy: Policy,
    picture: RiskPicture,
    *,
    cost_frac: float,
    bid: Decimal,
    bar_for: timedelta,
) -> Order | Refused:
    """The order that an approval sends, as large as the limits now allow and never larger.

    It works for as long as a proposal can be approved, for nobody has agreed to a later price, and
    at least for one bar, which may be the next price that there is.

    Parameters
    ----------
    portion : float in (0, 1]
    price : Decimal, quote currency
        What a buyer pays at the click.
    cost_frac : float, fraction of entry
        Round-trip costs at the click.
    bid : Decimal, quote currency
        Where an entry rests that may only make liquidity.
    bar_for : timedelta, > 0
        Length of a bar.
    """
    if not 0.0 < portion <= 1.0:
        return Refused("portion", f"{portion:g}", "above 0, at most 1", "Approve it or halve it.")
    terms = record.terms
    instrument = policy.instruments[terms.instrument]
    quantity = floor_to(terms.quantity * exact(portion), instrument.lot)
    too_small = _unsellable(quantity, terms, instrument)
    if too_small is not None:
        return too_small
    request = EntryRequest(
        instrument=instrument,
        kind=terms.kind,
        price=price,
        quantity=quantity,
        stop_frac=float(1 - terms.stop / price),
        cost_frac=cost_frac,
    )
    verdict = assess_entry(request, picture, policy.limits)
    if isinstance(verdict, Refused):
        return verdict
    too_small = _unsellable(verdict.quantity, terms, instrument)
    if too_small is not None:
        return too_small
    rests = terms.order_type is OrderType.LIMIT
    order = Order(
        client_id=client_id(ledger, terms.id, Purpose.ENTRY),
        proposal_id=terms.id,
        instrument=terms.instrument,
        side=Side.BUY,
        type=terms.order_type,
        purpose=Purpose.ENTRY,
        quantity=verdict.quantity,
        created_at=picture.now,
        limit_price=floor_to(bid, instrument.tick) if rests else None,
        post_only=rests,
        expires_at=picture.now + max(policy.expires_for, bar_for),
    )
    outlay = order.quantity * price * (1 + exact(cost_frac))
    return _compliant(order, outlay, ledger, policy, picture)


def _unsellable(quantity: Decimal, terms: ProposalTerms, instrument: Instrument) -> Refused | None:
    """Refuse what the venue would not even take back at the stop: it could not be protected."""
    if sellable_at_stop(quantity, terms.stop, instrument):
        return None
    return Refused(
        "minimum order",
        f"{quantity} {instrument.base} is worth {quantity * terms.stop:.2f} USD at the stop",
        f"{instrument.min_notional_usd} USD",
        "Approve all of it, or reject it.",
    )


def _compliant(
    order: Order,
    outlay: Decimal,
    ledger: Ledger,
    policy: Policy,
    picture: RiskPicture,
) -> Order | Refused:
    settled = picture.settled_cash_usd or Decimal(0)
    refused = check_lawful(order, outlay, settled, ledger, policy, picture.now)
    return order if refused is None else refused
