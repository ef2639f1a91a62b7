"""When a memo is wanted, what it is told, and how far it may reach.

Refuses to let a memo raise anything: it may lower the odds by its record's weight, or leave a
small proposal to the owner. Silence leaves it to the owner too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from engine.desk.present.layers import layer_views
from engine.desk.words import usd
from engine.journal.voices import Memos
from engine.model import events as happened
from engine.model.headlines import Headline
from engine.model.memos import Brief, Fact, Memo, MemoVerdict
from engine.model.proposals import ProposalTerms
from engine.model.setups import Assessment, Label, LayerRole
from engine.probability.scouts import Standing, as_scores

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class MemoRule:
    """When a memo is wanted.

    Attributes
    ----------
    on : bool
        False wants none, ever.
    above_usd : Decimal, US dollars
        Notional from which on.
    contested : float in [0, 0.5]
        Share of the evidence that pulls against the sum from which on, see `contested_frac`.
    """

    on: bool = False
    above_usd: Decimal = Decimal(0)
    contested: float = 0.5

    def why(self, terms: ProposalTerms, assessment: Assessment) -> str:
        """Why a memo is wanted on a proposal; empty if none is."""
        if not self.on:
            return ""
        if terms.notional_usd >= self.above_usd:
            return f"{usd(terms.notional_usd)}, from {usd(self.above_usd)} on"
        share = contested_frac(assessment)
        if share >= self.contested > 0.0:
            return f"the layers disagree: {share:.0%} of the evidence pulls against the sum"
        return ""

    def asked(
        self, terms: ProposalTerms, assessment: Assessment
    ) -> tuple[happened.MemoAsked, ...]:
        """The event that wants a memo, where one is wanted."""
        why = self.why(terms, assessment)
        return (happened.MemoAsked(terms.id, why),) if why else ()


NO_MEMOS = MemoRule()


def contested_frac(assessment: Assessment) -> float:
    """Share of the absolute weighted evidence that pulls against the sign of its sum, in [0, 0.5].

    Over the layers that may move the odds by evidence, each with weight times log-likelihood
    ratio. 0 where all pull one way or none speaks; 0.5 where they cancel out.
    """
    moves = [
        each.contribution
        for each in layer_views(assessment)
        if each.role in (LayerRole.EVIDENCE, LayerRole.CONTEXT)
    ]
    total = math.fsum(abs(move) for move in moves)
    if total == 0.0:
        return 0.0
    return (total - abs(math.fsum(moves))) / (2.0 * total)


def brief_of(
    terms: ProposalTerms, assessment: Assessment, headlines: tuple[Headline, ...]
) -> Brief:
    """What the analyzer is told of a proposal."""
    layers = tuple(
        (each.title, _rounded(each.contribution), each.reading.reason)
        for each in layer_views(assessment)
        if each.contribution != 0.0
    )
    return Brief(
        proposal_id=terms.id,
        numbers={name: _rounded(value) for name, value in _numbers(terms)},
        words={
            "instrument": terms.instrument,
            "card": terms.kind.value,
            "setup": terms.setup_kind.value,
            "seen_at": assessment.at.isoformat(),
        },
        layers=layers,
        headlines=headlines,
    )


def _numbers(terms: ProposalTerms) -> Iterable[tuple[str, float]]:
    entry, target, stop = float(terms.entry), float(terms.target), float(terms.stop)
    yield from (("entry", entry), ("target", target), ("stop", stop))
    yield "target_frac", target / entry - 1.0
    yield "stop_frac", 1.0 - stop / entry
    yield "notional_usd", float(terms.notional_usd)
    yield "risk_usd", float(terms.risk_usd)
    yield "size_frac", terms.size_frac
    yield "cost_frac", terms.costs.total_frac
    for name in ("p_prior", "p_mean", "p_low", "break_even", "ev_mean_frac", "ev_low_frac"):
        yield name, getattr(terms, name)
    yield "horizon_days", terms.horizon_days


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def false_fact(facts: Iterable[Fact], brief: Brief, tolerance_frac: float) -> str:
    """Why one of `facts` does not hold; empty if all do.

    Parameters
    ----------
    tolerance_frac : float, fraction of the number given, >= 0
    """
    for fact in facts:
        given = brief.numbers.get(fact.name)
        if given is None:
            return f"it relies on {fact.name[:40]!r}, which it was not given"
        if not abs(fact.value - given) <= tolerance_frac * abs(given) + 1e-12:
            return f"it says {fact.name} is {fact.value:g}, and it is {given:g}"
    return ""


def doubt_nats(memo: Memo, standings: Iterable[Standing], kind: str) -> float:
    """What a memo may move the log-odds by: its record's weight of a no, and never above 0.

    A memo that agrees or abstains moves nothing; one that disagrees moves nothing without a
    record, nor where its record says that its no is a good sign.
    """
    if memo.verdict is not MemoVerdict.DISAGREE:
        return 0.0
    weight = next((each.no_nats for each in standings if each.kind == kind), 0.0)
    return min(0.0, weight)


def with_memo(label: Label, memos: Memos) -> Label:
    """A closed label with what the analyzer had said of it in time, so that its record learns."""
    said = memos.votes.get((label.instrument, label.opened_at))
    if said is None:
        return label
    witness, vote = said
    return replace(label, scores=label.scores | as_scores({witness: vote}))
