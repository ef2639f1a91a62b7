"""The form that scouts fill in, and the check of what they claim to have seen.

Refuses a price that no bar shows: one false claim voids the whole opinion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from engine.llm import Form
from engine.llm.form import clipped
from engine.model.bars import Bar
from engine.model.witnesses import Claim, LevelKind, Opinion, Pattern, Stance, Voter

_SENTENCE_CHARS = 240
Sentence = Annotated[str, Field(min_length=1, max_length=_SENTENCE_CHARS)]


class ClaimForm(Form):
    """A price that the scout says it sees."""

    kind: LevelKind
    price: Annotated[float, Field(gt=0)]


class OpinionForm(Form):
    """What a scout says."""

    stance: Stance
    confidence: Annotated[float, Field(ge=0, le=1)]
    pattern: Pattern
    reason: Sentence
    evidence: Annotated[tuple[Sentence, ...], Field(min_length=1, max_length=4)]
    levels: Annotated[tuple[ClaimForm, ...], Field(max_length=4)]


def opinion_of(form: OpinionForm, voter: Voter, bars: Sequence[Bar]) -> Opinion:
    """The opinion that a filled form holds; its words on one line, without control characters.

    Parameters
    ----------
    bars : sequence of Bar
        What the scout was shown, oldest first.
    """
    return Opinion(
        voter=voter,
        instrument=bars[-1].instrument,
        bars_at=bars[-1].close_at,
        stance=form.stance,
        confidence=form.confidence,
        pattern=form.pattern,
        reason=clipped(form.reason, _SENTENCE_CHARS),
        evidence=tuple(clipped(each, _SENTENCE_CHARS) for each in form.evidence),
        claims=tuple(Claim(each.kind, each.price) for each in form.levels),
    )


def false_claim(form: OpinionForm, bars: Sequence[Bar], tolerance_frac: float) -> str:
    """The first claim that the bars do not bear out, in one clause; empty if all hold.

    Support must lie by some low, resistance by some high, the last close by the last close.

    Parameters
    ----------
    tolerance_frac : float, fraction of the true price, > 0
    """
    for claim in form.levels:
        shown = _shown(claim.kind, bars)
        nearest = min(shown, key=lambda price: abs(price - claim.price))
        if abs(claim.price / nearest - 1.0) > tolerance_frac:
            return (
                f"{claim.kind.replace('_', ' ')} at {claim.price:,.6g}, but the nearest that the "
                f"bars show is {nearest:,.6g}"
            )
    return ""


def _shown(kind: LevelKind, bars: Sequence[Bar]) -> list[float]:
    match kind:
        case LevelKind.SUPPORT:
            return [bar.low for bar in bars]
        case LevelKind.RESISTANCE:
            return [bar.high for bar in bars]
        case LevelKind.LAST_CLOSE:
            return [bars[-1].close]
