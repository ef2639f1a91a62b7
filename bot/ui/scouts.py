"""What scouts said on cards: their words, their silences, their record.

Refuses to pass confidence for a probability: a scout's own number stands beside how often it was
right, and its words are shown as somebody else's.
"""

from __future__ import annotations

from bot.ui.card import Card, Tone
from bot.ui.market import banner, relative
from bot.ui.signals import standing_words
from bot.ui.text import clip, count, listed, money, plain, share, table
from engine.facade import (
    ConfidenceView,
    MarketView,
    Opinion,
    OpinionNotice,
    ScoutsView,
    ScoutView,
    Stance,
    Standing,
    WordView,
)

_WORDS = {
    Stance.LONG: "**long**",
    Stance.STAND_ASIDE: "**stand aside**",
    Stance.EXIT: "**exit**",
}
_TONES = {Stance.LONG: Tone.GOOD, Stance.STAND_ASIDE: Tone.CALM, Stance.EXIT: Tone.WARN}
_WITNESS = "-# A witness, not a judge: its vote weighs what its closed record says."


def scouts_card(view: ScoutsView) -> Card:
    """Every scout with its words and its record."""
    standing = sum(word.stands for scout in view.scouts for word in scout.words)
    marked = banner(view.market)
    card = Card(Tone.CALM if view.asked else Tone.WARN).lines(
        (
            f"## Scouts · {count(standing, 'standing opinion')}",
            f"-# {marked}: opinions given here never become votes" if not view.counts else "",
            f"-# {view.tokens_today:,} of {view.tokens_a_day:,} tokens today"
            if view.asked
            else "No model server is set: put its address into `scouts.base_url` of config.toml.",
        )
    )
    for scout in view.scouts:
        card.rule().lines(_scout(scout, view.market), essential=False)
    return card.footer(_WITNESS.removeprefix("-# "))


def opinion_card(notice: OpinionNotice, market: MarketView) -> Card:
    """One opinion that is sure enough to be posted."""
    said = notice.opinion
    marked = banner(market)
    never = "" if notice.counts else "-# Given in virtual time: it never becomes a vote."
    return Card(_TONES[said.stance]).lines(
        (
            f"### {said.voter.name.capitalize()} on {said.instrument}: {_stance(said)}",
            plain(said.reason),
            *(f"- {plain(each)}" for each in said.evidence),
            f"-# {plain(said.voter.model)}, prompt {said.voter.prompt}",
            never,
            _WITNESS,
            f"-# {marked}" if marked else "",
        )
    )


def scouts_line(heard: tuple[Opinion, ...]) -> str:
    """What scouts said of a proposal's instrument, in one line; empty where none did."""
    if not heard:
        return ""
    told = ", ".join(
        f"{said.voter.name.capitalize()} {said.stance.replace('_', ' ')} "
        f"({share(said.confidence, 0)})"
        for said in heard
    )
    return f"**Scouts** {told}"


def _scout(scout: ScoutView, market: MarketView) -> list[str]:
    lines = [f"**{scout.name.capitalize()}** · every {scout.every_minutes} min"]
    if scout.voter:
        lines.append(f"-# record of {plain(scout.voter)}")
    lines += [_word(word, market) for word in scout.words]
    if scout.silent:
        lines.append(f"-# silent: {clip(plain(scout.silent), 200)}")
    lines.append(_work(scout))
    lines.append(_record(scout.standings))
    if scout.confidence:
        lines.append(_confidence(scout.confidence))
    return [line for line in lines if line]


def _word(word: WordView, market: MarketView) -> str:
    said = word.opinion
    ended = "" if word.stands else " · ran out"
    return (
        f"{said.instrument}: {_stance(said)}{ended}\n"
        f"-# {relative(word.at, market)} · {clip(plain(said.reason), 240)}"
    )


def _stance(said: Opinion) -> str:
    pattern = said.pattern.replace("_", " ")
    return f"{_WORDS[said.stance]}, confidence {share(said.confidence, 0)}, sees {pattern}"


def _work(scout: ScoutView) -> str:
    if not scout.opinions and not scout.abstentions:
        return ""
    why = listed([f"{reason} {times}" for reason, times in scout.abstentions[:5]], "none")
    took = f" · {scout.mean_seconds:.1f} s an answer" if scout.mean_seconds is not None else ""
    used = f" · {scout.tokens:,} tokens, {money(scout.cost_usd)} this month"
    return f"-# {count(scout.opinions, 'opinion')}, abstained: {why}{took}{used}"


def _record(standings: tuple[Standing, ...]) -> str:
    if not standings:
        return "-# no closed vote yet: weighs nothing"
    return "\n".join(f"-# {standing_words(each)}" for each in standings)


def _confidence(parts: tuple[ConfidenceView, ...]) -> str:
    rows = [
        (
            f"{share(part.low, 0)} to {share(part.high, 0)}",
            share(part.said_frac, 0),
            share(part.right_frac, 0),
            str(part.votes),
        )
        for part in parts
    ]
    return table(("confidence", "said", "right", "votes"), rows)
