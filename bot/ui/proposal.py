"""The proposal card: exactly what an owner's yes is bound to, and afterwards what became of it.

Refuses to keep its buttons once a decision stands.
"""

from __future__ import annotations

from datetime import timedelta

from bot.ui.buttons import buttons_for
from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, moment, relative
from bot.ui.memos import memo_line
from bot.ui.scouts import scouts_line
from bot.ui.text import clip, duration, money, plain, price, quantity, share, signed_share, table
from engine.facade import (
    GAP,
    CardKind,
    OrderType,
    ProposalStatus,
    ProposalTerms,
    ProposalView,
    Role,
)

TITLES = {
    ProposalStatus.OPEN: "waits for the owner",
    ProposalStatus.APPROVED: "approved",
    ProposalStatus.REJECTED: "rejected",
    ProposalStatus.EXPIRED: "expired: silence is a no",
    ProposalStatus.WITHDRAWN: "withdrawn",
}
_ORDERS = {
    OrderType.MARKET: "market order",
    OrderType.LIMIT: "rests at the bid, post-only: it may never fill",
}
_TONES = {
    ProposalStatus.APPROVED: Tone.GOOD,
    ProposalStatus.REJECTED: Tone.BAD,
    ProposalStatus.EXPIRED: Tone.MUTED,
    ProposalStatus.WITHDRAWN: Tone.MUTED,
}


def proposal_card(proposal: ProposalView, picture: Picture | None = None) -> Card:
    """The card in its present state; buttons only while the owner is asked."""
    waiting = proposal.asked and proposal.status is ProposalStatus.OPEN
    card = Card(_tone(proposal)).lines(_title(proposal))
    card.rule().lines(_levels(proposal)).lines(_odds(proposal.terms))
    card.lines(_costs(proposal.terms))
    card.rule().lines(_evidence(proposal), essential=False)
    card.picture(picture).rule()
    card.lines(_waiting(proposal) if waiting else _decision(proposal))
    if waiting:
        card.buttons(buttons_for(proposal.terms.id, proposal.short_hash))
    return card


def _tone(proposal: ProposalView) -> Tone:
    asking = Tone.TRY if proposal.terms.kind is CardKind.EXPLORATORY else Tone.CALM
    return _TONES.get(proposal.status, asking)


def _title(proposal: ProposalView) -> tuple[str, ...]:
    terms = proposal.terms
    marked = banner(proposal.market)
    kind = "trade at small fixed risk, never with real money; booked apart: it learns the odds"
    return (
        f"## Buy {terms.instrument} · {TITLES[proposal.status]}",
        (
            f"`{terms.kind.value.upper()}` {terms.setup_kind.value} · {terms.venue} · "
            f"{_ORDERS[terms.order_type]}"
        ),
        f"-# {kind}" if terms.kind is CardKind.EXPLORATORY else "",
        f"-# {marked}" if marked else "",
    )


def _levels(proposal: ProposalView) -> tuple[str, ...]:
    terms = proposal.terms
    up, down = terms.target / terms.entry - 1, terms.stop / terms.entry - 1
    horizon = duration(timedelta(days=terms.horizon_days))
    return (
        (
            f"**Entry** {price(terms.entry)} · **Target** {price(terms.target)} "
            f"({signed_share(float(up))}) · **Stop** {price(terms.stop)} "
            f"({signed_share(float(down))})"
        ),
        f"**Time limit** {horizon}: closed by {moment(terms.time_limit_at, proposal.market)}",
        (
            f"**Size** {quantity(terms.quantity, terms.instrument)} · "
            f"{money(terms.notional_usd)} · {share(terms.size_frac)} of equity "
            f"(set by {clip(terms.size_set_by, 120)})"
        ),
        f"**At risk at the stop** {money(terms.risk_usd)}, costs included",
        f"-# Once bought, {clip(proposal.guard, 240)}." if proposal.guard else "",
    )


def _odds(terms: ProposalTerms) -> tuple[str, ...]:
    return (
        (
            f"**P(target first)** {share(terms.p_mean)} · lower bound {share(terms.p_low)} · "
            f"break-even {share(terms.break_even)}"
        ),
        (
            f"**Expected value after costs** {signed_share(terms.ev_mean_frac)} · "
            f"at the lower bound {signed_share(terms.ev_low_frac)}"
        ),
    )


def _costs(terms: ProposalTerms) -> tuple[str, ...]:
    costs = terms.costs
    rows = [
        (item.name, money(item.usd), share(item.frac, 2))
        for item in terms.cost_items
        if item.name != GAP
    ]
    rows.append(("round trip", money(terms.cost_usd), share(costs.total_frac, 2)))
    gap = next(item for item in terms.cost_items if item.name == GAP)
    beyond = f"Gaps through the stop: another {money(gap.usd)} ({share(gap.frac, 2)}) on average"
    sources = [f"spread {costs.spread_source}"] if costs.spread_source else []
    sources += [f"drift {costs.drift_source}"] if costs.drift_source else []
    return (
        table(("costs", "USD", "of entry"), rows),
        beyond if gap.frac else "",
        f"-# {clip(costs.fee_tier, 120)}" + "".join(f" · {told}" for told in sources),
    )


def _evidence(proposal: ProposalView) -> list[str]:
    lines = [f"**For** {clip(line, 240)}" for line in proposal.layers_for]
    lines += [f"**Against** {clip(line, 240)}" for line in proposal.layers_against]
    lines = lines or ["No layer leans either way: the odds are the prior's."]
    lines += [scouts_line(proposal.scouts), memo_line(proposal.memo)]
    if proposal.witnesses:
        lines.append(
            f"-# Silent witnesses: {clip(', '.join(map(plain, proposal.witnesses)), 240)}"
        )
    return lines


def _waiting(proposal: ProposalView) -> tuple[str, ...]:
    terms = proposal.terms
    expiry = relative(terms.expires_at, proposal.market)
    return (
        f"**Expires** {expiry}; without a yes nothing is bought.",
        f"-# {terms.id} · {proposal.short_hash}",
    )


def _decision(proposal: ProposalView) -> tuple[str, ...]:
    terms = proposal.terms
    return (
        f"**{TITLES[proposal.status].capitalize()}**{_by(proposal)}{_when(proposal)}",
        _bought(proposal),
        f"> {clip(plain(proposal.reason), 400)}" if proposal.reason else "",
        clip(proposal.outcome, 400),
        f"-# {terms.id} · {proposal.short_hash}",
    )


def _by(proposal: ProposalView) -> str:
    if proposal.decided_by is None:
        return ""
    if proposal.decided_by.role is Role.DESK:
        return " by the desk's own rule"
    return f" by {plain(proposal.decided_by.name)}"


def _when(proposal: ProposalView) -> str:
    at = f" · {moment(proposal.decided_at, proposal.market)}" if proposal.decided_at else ""
    if proposal.decision_price is None:
        return at
    return f"{at} · at {price(proposal.decision_price)}"


def _bought(proposal: ProposalView) -> str:
    if proposal.status is not ProposalStatus.APPROVED or not proposal.decided_quantity:
        return ""
    terms = proposal.terms
    whole = quantity(terms.quantity, terms.instrument)
    part = "" if proposal.decided_quantity == terms.quantity else f" of the proposed {whole}"
    return f"**Quantity** {quantity(proposal.decided_quantity, terms.instrument)}{part}"
