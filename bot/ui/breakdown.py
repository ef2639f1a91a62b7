"""The breakdown: how the prior became the posterior, layer by layer, the silent ones included.

Refuses to leave a layer out: all twelve stand there, each with its own sentence.
"""

from __future__ import annotations

from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, moment
from bot.ui.memos import memo_lines
from bot.ui.scan import BADGES, odds_line
from bot.ui.text import clip, nats, price, share, table
from engine.facade import BreakdownView, LayerView, SizeStep

_REASON = 170
_BAR = 8
_STEP = 18
"""Columns of a step's name: with its two numbers it has to fit a phone."""


def breakdown_card(breakdown: BreakdownView, picture: Picture | None = None) -> Card:
    """Waterfall in log-odds, then the twelve layers."""
    card = Card(Tone.CALM).lines(_title(breakdown))
    if breakdown.waterfall:
        card.text(_waterfall(breakdown.waterfall), essential=False)
    card.rule().lines([_layer(layer) for layer in breakdown.layers], essential=False)
    card.rule().lines(memo_lines(breakdown.memo), essential=False)
    if breakdown.terms is not None:
        card.rule().text(_chain(breakdown.terms.size_steps), essential=False)
    return card.picture(picture)


def _title(breakdown: BreakdownView) -> tuple[str, ...]:
    terms = breakdown.terms
    of = f"{terms.id} · {breakdown.instrument}" if terms else breakdown.instrument
    marked = banner(breakdown.market)
    odds = breakdown.assessment.odds
    return (
        f"## Breakdown · {of}",
        f"{price(breakdown.price)} at {moment(breakdown.at, breakdown.market)}",
        f"{BADGES[breakdown.card]} {clip(breakdown.sentence, 400)}",
        odds_line(odds) if odds else "",
        f"-# {marked}" if marked else "",
    )


def _waterfall(steps: tuple[tuple[str, float], ...]) -> str:
    largest = max(abs(value) for _, value in steps) or 1.0
    running, rows = 0.0, []
    for name, value in steps:
        running += value
        rows.append((clip(name, 22), nats(value), _bar(value / largest), nats(running)))
    return table(("step (nats)", "moves", "", "sum"), rows)


def _bar(length: float) -> str:
    glyphs = max(1, round(abs(length) * _BAR)) if length else 0
    return (("+" if length > 0 else "-") * glyphs).ljust(_BAR)


def _layer(layer: LayerView) -> str:
    reading = layer.reading
    moved = f"{nats(layer.contribution)} nats" if reading.valid and layer.contribution else ""
    said = moved or ("heard" if reading.valid else "neutral")
    reason = clip(reading.reason or layer.summary, _REASON)
    return f"`L{layer.number:<2}` **{layer.title}** · {said}: {reason}"


def _chain(steps: tuple[SizeStep, ...]) -> str:
    # The first step has no factor: it is the share of equity that the others cut.
    rows = [
        (
            clip(step.name.removesuffix(" together"), _STEP),
            f"{step.factor:.3g}" if n else "",
            share(step.fraction, 2),
        )
        for n, step in enumerate(steps)
    ]
    return table(("size chain", "times", "equity"), rows) if rows else ""
