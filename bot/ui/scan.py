"""The scan report: every instrument's price, its verdict and the number that decided.

Refuses to dress up: an instrument without a setup says why it has none.
"""

from __future__ import annotations

from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, date_of
from bot.ui.text import arrow, clip, listed, money, plain, price, share, signed_share
from engine.facade import CardKind, DeskState, Odds, ScanRow, ScanView

BADGES = {
    CardKind.PROPOSAL: "`PROPOSAL`",
    CardKind.EXPLORATORY: "`EXPLORATORY`",
    CardKind.WATCH: "`WATCH`",
    None: "`NO SETUP`",
}
_RANK = {CardKind.PROPOSAL: 3, CardKind.EXPLORATORY: 2, CardKind.WATCH: 1, None: 0}
_TONES = {
    CardKind.PROPOSAL: Tone.GOOD,
    CardKind.EXPLORATORY: Tone.TRY,
    CardKind.WATCH: Tone.WARN,
    None: Tone.CALM,
}
ENTRIES = {
    DeskState.ACTIVE: "entries allowed",
    DeskState.REDUCING: "entries only where they reduce risk",
    DeskState.HALTED: "entries halted, exits go on",
}


def scan_card(scan: ScanView, picture: Picture | None = None) -> Card:
    """The report of the newest look, with a chart where there is one."""
    best = most_interesting(scan)
    card = Card(_TONES[best.card if best else None])
    card.lines((f"## Scan · {date_of(scan.at)}" if scan.at else "## Scan", _head(scan)))
    if not scan.rows:
        return card.text("No bar has closed yet: the first report comes with the first bar.")
    for row in scan.rows:
        card.rule().text(_row(row), essential=False)
    return card.picture(picture).text(_foot(scan))


def most_interesting(scan: ScanView) -> ScanRow | None:
    """The row whose chart is worth showing: a setup first, else each instrument in its turn."""
    if not scan.rows:
        return None
    best = max(scan.rows, key=lambda row: _RANK[row.card])
    return best if best.card is not None else scan.rows[scan.seq % len(scan.rows)]


def odds_line(odds: Odds) -> str:
    """The probability beside what it must beat."""
    return (
        f"P(target first) **{share(odds.p_mean)}**, lower bound {share(odds.p_low)}, "
        f"break-even {share(odds.break_even)} · expected value "
        f"{signed_share(odds.ev_mean_frac)} after {share(odds.cost_frac, 2)} costs"
    )


def _head(scan: ScanView) -> str:
    marked = banner(scan.market)
    return (
        f"-# {marked} · {scan.market.description}" if marked else f"-# {scan.market.description}"
    )


def _row(row: ScanRow) -> str:
    change = f"{arrow(row.change_day_frac)} {signed_share(row.change_day_frac)} in 24 h"
    lines = [f"**{row.instrument}**  {price(row.price)}  {change}"]
    lines.append(f"{BADGES[row.card]} {clip(row.sentence, 400)}")
    if row.assessment.odds is not None:
        lines.append(f"-# {odds_line(row.assessment.odds)}")
    if row.proposal_id:
        lines.append(f"-# raised as **{row.proposal_id}**")
    if row.assessment.entries_blocked:
        lines.append(f"-# {clip(row.assessment.entries_blocked, 200)}")
    return "\n".join(lines)


def _foot(scan: ScanView) -> str:
    silent = clip(listed([plain(each) for each in scan.silent], "none"), 400)
    equity = money(scan.equity_usd)
    return f"-# Equity {equity} · {ENTRIES[scan.state]}\n-# Silent witnesses: {silent}"
