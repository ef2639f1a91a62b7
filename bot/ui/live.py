"""The lock on live: what is met, what is missing, and the button that asks for the owner's word.

Refuses to look open: a line that nobody can tell is missing too.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.card import Card, Tone
from bot.ui.market import banner
from bot.ui.text import clip, count, plain
from engine.facade import MarketView, Requirement

_SIGNS = {False: "■", None: "?"}


def live_card(needs: Sequence[Requirement], market: MarketView, *, unlocked: bool = False) -> Card:
    """Every line that live needs of record and settings."""
    missing = [each for each in needs if each.met is not True]
    marked = banner(market)
    title = "Your word is on record" if unlocked else "Live is locked"
    if not missing:
        title = "Live is unlocked"
    told = f"{count(len(missing), 'line')} missing" if missing else "Record and settings are ready"
    card = Card(Tone.WARN if missing else Tone.GOOD).lines(
        (
            f"## {title}",
            f"{told}; keys and account are asked at the start (executor run --live).",
            f"-# {marked}" if marked else "",
        )
    )
    card.rule().lines([_line(each) for each in missing], essential=False)
    met = " · ".join(each.thing for each in needs if each.met is True)
    card.lines((f"-# met: {met}" if met else "",))
    return card.footer("docs/howto/live.md · a rehearsal costs nothing: executor rehearse")


def _line(need: Requirement) -> str:
    mend = clip(plain(need.mend), 160)
    told = f"{_SIGNS[need.met]} **{need.thing}**: {clip(plain(need.detail), 160)}."
    return f"{told} {mend[:1].upper()}{mend[1:]}."
