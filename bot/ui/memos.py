"""The analyzer's memo: one line on a card, all of it in the breakdown.

Refuses to let its words format, mention or link; they are a model's words, and marked so.
"""

from __future__ import annotations

from bot.ui.text import clip, nats, plain, table
from engine.facade import MemoEffect, MemoVerdict, MemoView

_SAYS = {
    MemoVerdict.AGREE: "agrees",
    MemoVerdict.DISAGREE: "disagrees",
    MemoVerdict.ABSTAIN: "abstains",
}


def memo_line(memo: MemoView | None) -> str:
    """The memo in a line; empty where none was wanted."""
    if memo is None:
        return ""
    if memo.pending:
        return f"**Analyzer** is asked: {clip(plain(memo.why), 160)}"
    if memo.verdict is None:
        return f"**Analyzer** gave no memo ({clip(plain(memo.missed), 160)}){_effect(memo)}"
    return f"**Analyzer** {_SAYS[memo.verdict]}: {clip(plain(memo.summary), 200)}{_effect(memo)}"


def memo_lines(memo: MemoView | None) -> tuple[str, ...]:
    """All of a memo, for the breakdown."""
    if memo is None:
        return ()
    lines = [memo_line(memo), f"-# Asked because: {clip(plain(memo.why), 200)}"]
    lines += [f"- {clip(plain(risk), 200)}" for risk in memo.risks]
    if memo.facts:
        rows = [(clip(fact.name, 22), f"{fact.value:g}") for fact in memo.facts]
        lines.append(table(("relies on, as given", "value"), rows))
    return tuple(lines)


def _effect(memo: MemoView) -> str:
    match memo.effect:
        case MemoEffect.OWNER:
            return " · **needs the owner**"
        case MemoEffect.LOWERED:
            return f" · lowered the odds by {nats(-memo.nats)} nats"
        case MemoEffect.WITHDRAWN:
            return f" · lowered the odds by {nats(-memo.nats)} nats: it pays no more"
        case MemoEffect.NONE:
            return ""
