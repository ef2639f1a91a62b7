"""The law in cards: invariants and their state, zakat, purification.

Refuses to reassure and to rule: what waits stands first, and each card says who decides.
"""

from __future__ import annotations

from datetime import datetime

from bot.ui.card import Card, Tone
from bot.ui.market import banner
from bot.ui.text import clip, count, money, plain, quantity, table
from engine.facade import (
    InvariantView,
    MarketView,
    NetBuys,
    PurificationView,
    ShariaView,
)
from engine.facade.records import ZakatReport

_SCHOLAR = "-# A report, not a ruling: a qualified scholar decides. Nothing was moved."


def sharia_card(state: ShariaView) -> Card:
    """What is enforced, what waits, and what a scholar must still rule on."""
    tried = sum(each.attempts for each in state.invariants)
    waits = bool(tried or state.unknown_lines)
    card = Card(Tone.BAD if waits else Tone.GOOD)
    card.lines(
        (
            f"## Invariants · {f'{tried} tried and refused' if tried else 'all hold'}",
            "Tried means refused and journaled. Entries wait until the owner resets the breaker "
            "`invariant` with a reason."
            if tried
            else "",
            *(_unknown(*line) for line in state.unknown_lines),
            *(_statement(*each) for each in state.statements),
            _marked(state.market),
        )
    )
    card.rule().lines([_invariant(each) for each in state.invariants], essential=False)
    card.rule().lines(_place(state))
    asked = [
        f"{n}. {each.asks}\n-# {each.until_then}" for n, each in enumerate(state.questions, 1)
    ]
    card.rule().lines(["**What a scholar must still rule on**", *asked], essential=False)
    return card.footer("Enforced in code, and not a ruling: docs/sharia.md")


def net_buys_line(used: NetBuys) -> str:
    """Where the yearly cap of a place stands."""
    counted = ", ".join(used.instruments) or "nothing that is watched"
    return (
        f"{used.jurisdiction}: CAD {used.used_cad:,.2f} of {used.cap_cad:,.0f} net bought in 12 "
        f"months · counts: {counted} · at {used.usd_cad} CAD of {used.usd_cad_as_of:%Y-%m-%d}"
    )


def zakat_card(report: ZakatReport, market: MarketView) -> Card:
    """The sum, its inputs and its formula."""
    due = report.due_usd > 0
    hijri = f" · {report.hijri}" if report.hijri else ""
    threshold = (
        f"Nisab of {report.nisab}: {report.nisab.grams} g × {money(report.gram_usd)} = "
        f"**{money(report.nisab_usd)}**"
    )
    card = Card(Tone.CALM).lines(
        (
            f"## Zakat · {money(report.due_usd) if due else 'below the nisab'}",
            f"On {report.day:%d %b %Y}{hijri} · {report.year} year, {report.rate * 100:.4f} %",
            _marked(market),
        )
    )
    rows = [
        (clip(quantity(good.quantity, good.instrument), 16), money(good.value_usd))
        for good in report.goods
    ]
    rows += [
        ("cash", money(report.cash_usd)),
        ("due debts", money(-report.due_debts_usd)),
        ("base", money(report.base_usd)),
    ]
    card.rule().text(table(("what", "value"), rows))
    prices = [f"-# {good.instrument} at {money(good.price_usd)}" for good in report.goods]
    card.lines(prices, essential=False)
    card.lines(
        (
            threshold,
            (
                f"-# An ounce costs {money(report.price.usd)}: {plain(report.price.source)}, "
                f"{report.price.as_of:%Y-%m-%d}; a gram is 1/31.1034768 of it"
            ),
            f"-# {report.formula}",
            f"-# The next hawl ends on {report.next_hawl:%d %b %Y} ({report.next_hawl_hijri})"
            if report.next_hawl
            else "-# Set zakat.hawl_on in config.toml to see when the next hawl ends",
        )
    )
    return card.text(_SCHOLAR)


def purification_card(view: PurificationView) -> Card:
    """Interest that was received, what was given away, what is left."""
    account = view.account
    left = account.left_usd
    card = Card(Tone.WARN if left > 0 or account.unvalued else Tone.GOOD)
    card.lines(
        (
            f"## Purification · {money(left) + ' left to give' if left > 0 else 'nothing left'}",
            (
                f"Received {money(account.received_usd)} in {count(len(account.lines), 'line')} · "
                f"given away {money(account.given_usd)}"
            ),
            _marked(view.market),
        )
    )
    if account.unvalued:
        held = ", ".join(f"{line.amount} {plain(line.asset)}" for line in account.unvalued[:5])
        card.text(f"Not valued by the venue, so not in the sum: {clip(held, 300)}")
    rows = [
        (f"{line.at:%Y-%m-%d}", clip(plain(line.kind), 14), f"{line.amount} {plain(line.asset)}")
        for line in account.lines[-10:]
    ]
    if rows:
        card.rule().text(table(("day", "booked as", "amount"), rows), essential=False)
    given = [
        f"{gift.at:%Y-%m-%d} · {money(gift.amount_usd)} by {plain(gift.by.name)}: "
        f"{clip(plain(gift.reason), 120)}"
        for gift in view.given[-10:]
    ]
    if given:
        card.rule().lines(["**Noted as given**", *given], essential=False)
    return card.text(_SCHOLAR)


def _invariant(each: InvariantView) -> str:
    tried = f" · tried {each.attempts}×" if each.attempts else ""
    return f"{'✗' if each.attempts else '✓'} **{each.name}**: {each.says}{tried}"


def _unknown(venue: str, kind: str, lines: int) -> str:
    return (
        f"**{count(lines, 'ledger line')} of unknown kind** `{plain(kind)}` at {plain(venue)}: "
        "entries wait for `/ledger classify`."
    )


def _statement(venue: str, through_at: datetime | None) -> str:
    told = "none was ever read" if through_at is None else f"the newest ends {through_at:%Y-%m-%d}"
    return (
        f"{plain(venue)} tells no ledger, so its statements count: {told}. "
        "Live entries there need a fresh one (`executor ledger import`)."
    )


def _place(state: ShariaView) -> list[str]:
    lines = ["**The place**"]
    if not state.jurisdiction:
        lines.append("No jurisdiction is set: no venue is ruled out, no cap is kept.")
    elif state.net_buys is None:
        lines.append(f"{state.jurisdiction}: venues are limited, there is no cap.")
    else:
        lines.append(net_buys_line(state.net_buys))
    if state.unattested:
        lines.append(f"Paper only, nobody has attested: {', '.join(state.unattested)}")
    lines += [
        f"Lot {name} is not settled{f' until {at:%a %d %b %H:%M} UTC' if at else ''}"
        for name, at in state.unsettled
    ]
    return lines


def _marked(market: MarketView) -> str:
    marked = banner(market)
    return f"-# {marked}" if marked else ""
