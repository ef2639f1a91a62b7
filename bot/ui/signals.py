"""Outside calls and their callers on cards.

Refuses to recommend: each card says that a signal weighs what its record says, and how much.
"""

from __future__ import annotations

from bot.overhearing import Overheard
from bot.ui.card import Card, Tone
from bot.ui.market import banner, date_of, relative
from bot.ui.text import clip, count, nats, plain, price, share, signed_share, table
from engine.facade import (
    MarketView,
    SignalOutcome,
    SignalSide,
    SignalsView,
    SignalView,
    SourcesView,
    SourceView,
    Standing,
)

_NOT_A_SOURCE = "-# Signals, not sources: a call moves nothing until its caller's record does."
_HINDSIGHT = "-# Time here is virtual: calls are scored and have no vote; a caller may know more."
_ENDS = {
    SignalOutcome.TARGET: "its target came first",
    SignalOutcome.STOP: "its stop came first",
    SignalOutcome.HORIZON: "its horizon ended",
    SignalOutcome.VOID: "its target was passed before it could count",
}
_VERDICTS = {True: "**right**", False: "**wrong**", None: "**void**"}


def signal_card(view: SignalView, market: MarketView) -> Card:
    """One call, as it went on record."""
    card = Card(Tone.CALM).lines((f"## Signal {view.signal.id} is on record", _marked(market)))
    return card.lines(_call(view, market)).text(_NOT_A_SOURCE)


def signals_card(view: SignalsView) -> Card:
    """Open calls, then those that ended."""
    opened = [each for each in view.signals if each.result is None]
    closed = [each for each in view.signals if each.result is not None]
    card = Card(Tone.CALM).lines((f"## {count(len(opened), 'open signal')}", _marked(view.market)))
    if not view.signals:
        card.text("No call is on record yet: the owner adds one with `/signal add`.")
    for each in opened:
        card.rule().lines(_call(each, view.market), essential=False)
    if closed:
        card.rule().text("**Ended**")
        card.lines([_end(each) for each in closed], essential=False)
    return card.text(_NOT_A_SOURCE)


def sources_card(view: SourcesView, overheard: Overheard | None = None) -> Card:
    """Every caller: calls held to their word, and what a vote of theirs weighs.

    Parameters
    ----------
    overheard : Overheard or None
        What was said in the channel since the start; None where messages are not read.
    """
    told = count(len(view.sources), "source")
    card = Card(Tone.CALM).lines((f"## {told} of signals", _marked(view.market)))
    if not view.sources:
        card.text("Nobody has called yet: the owner adds a call with `/signal add`.")
    else:
        rows = [
            (clip(each.who, 15), f"{each.right}/{each.right + each.wrong}", _net(each))
            for each in view.sources
        ]
        card.rule().text(table(("who", "right", "net mean"), rows), essential=False)
        card.lines([_weight(each) for each in view.sources], essential=False)
    if overheard is not None:
        card.rule().text(
            f"-# By message since the start: {overheard.heard} heard, {overheard.refused} not "
            f"taken, {overheard.passed_over} that were no call and were passed over"
        )
    if view.market.paced:
        card.text(_HINDSIGHT)
    return card.text(_NOT_A_SOURCE)


def _call(view: SignalView, market: MarketView) -> tuple[str, ...]:
    signal, call = view.signal, view.signal.call
    way = "▲ long" if call.side is SignalSide.LONG else "▼ short, a no vote"
    levels = (
        f"Target {price(call.target)} · stop {price(call.stop)}"
        if call.target is not None and call.stop is not None
        else "No levels: held to its direction at the horizon, after costs"
    )
    begins = "counts from the next close" if view.entry is None else f"from {price(view.entry)}"
    now = f", now {price(view.price_now)}" if view.price_now is not None else ""
    return (
        f"**{signal.id}** · **{plain(signal.who)}** · {call.instrument} · {way}",
        f"{levels} · until {relative(signal.until, market)}",
        f"-# {begins}{now} · heard {date_of(signal.heard_at)} by {signal.via.value}",
        f"-# `{call.link}`" if call.link else "",
    )


def _end(view: SignalView) -> str:
    result, signal = view.result, view.signal
    if result is None:
        return ""
    return (
        f"**{signal.id}** {plain(signal.who)} · {signal.call.instrument} {signal.call.side.value} "
        f"· {_VERDICTS[result.right]}, {_ENDS[result.outcome]} · "
        f"{signed_share(result.net_frac)} after costs"
    )


def _net(source: SourceView) -> str:
    return "none yet" if source.net_frac is None else signed_share(source.net_frac)


def _weight(source: SourceView) -> str:
    more = f"{source.open} open" + (f", {source.void} void" if source.void else "")
    who = f"**{plain(source.who)}** · {more}"
    if not source.standings:
        return f"{who} · no vote on a closed candidate yet: weighs nothing"
    return f"{who} · " + "; ".join(standing_words(each) for each in source.standings)


def standing_words(each: Standing) -> str:
    """A witness's record on one kind of setup, and what its next vote weighs."""
    votes = each.tp + each.fn + each.fp + each.tn
    right = each.tp + each.tn
    record = f"{each.kind}: {right:.1f} of {votes:.1f} votes right ({share(right / votes, 0)})"
    if not each.yes_nats and not each.no_nats:
        return f"{record}, weighs nothing"
    return f"{record}, a yes weighs {nats(each.yes_nats)} nats, a no {nats(each.no_nats)}"


def _marked(market: MarketView) -> str:
    marked = banner(market)
    return f"-# {marked}" if marked else ""
