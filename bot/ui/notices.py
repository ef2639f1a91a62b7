"""Short posts of what just happened: fills, orders, closed trades, and the desk itself.

Refuses to be the only record: each names the journal entry that it tells of.
"""

from __future__ import annotations

from bot.ui.books import order_line, portfolio_lines
from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, date_of, moment
from bot.ui.text import (
    arrow,
    clip,
    duration,
    money,
    plain,
    price,
    quantity,
    risk_multiple,
    share,
    signed_money,
    signed_share,
)
from engine.facade import (
    AnyNotice,
    DeskNotice,
    FillNotice,
    MarketView,
    OrderNotice,
    OrderState,
    Origin,
    PortfolioView,
    ProfitRow,
    Purpose,
    Role,
    StatusView,
    TradeNotice,
)

ENDS = {
    Purpose.TARGET: "the target was reached",
    Purpose.STOP: "the stop was hit",
    Purpose.TIME_LIMIT: "the time limit was over",
    Purpose.OWNER_CLOSE: "the owner closed it",
    Purpose.ENTRY: "closed",
}
_SERIOUS = {OrderState.REJECTED, OrderState.UNKNOWN}


def fill_card(notice: FillNotice, market: MarketView) -> Card:
    """An execution, and the position that it opened or changed."""
    order, fill = notice.order, notice.fill
    card = Card(Tone.CALM).lines(
        (
            (
                f"### {_verb(notice)} {quantity(fill.quantity, order.instrument)} at "
                f"{price(fill.price)}"
            ),
            (
                f"{order.purpose.value.replace('_', ' ').capitalize()} of "
                f"**{order.proposal_id}** · "
                f"fee {money(fill.fee_usd)} · against a reference of {price(fill.reference_price)}"
            ),
        )
    )
    if notice.position is not None and order.purpose is Purpose.ENTRY:
        held = notice.position.position
        card.text(
            f"Now held: {quantity(held.quantity, held.instrument)}, entry "
            f"{price(held.entry_price)}, target {price(held.target)}, stop {price(held.stop)}, "
            f"time limit {moment(held.time_limit_at, market)}"
        )
    return _marked(card, market)


def trade_card(notice: TradeNotice, market: MarketView) -> Card:
    """A closed position's result."""
    trade = notice.trade
    asked = " by hand" if trade.origin is Origin.BY_HAND else ""
    tone = Tone.GOOD if trade.pnl_usd > 0 else Tone.BAD
    card = Card(tone).lines(
        (
            (
                f"### {trade.id} closed: {signed_money(trade.pnl_usd)} "
                f"({risk_multiple(trade.r_multiple)})"
            ),
            (
                f"{arrow(trade.pnl_usd)} {quantity(trade.quantity, trade.instrument)} · "
                f"`{trade.kind.value.upper()}`{asked} · {ENDS[notice.closed_by]} after "
                f"{duration(trade.closed_at - trade.opened_at)}"
            ),
            (
                f"{price(trade.entry_price)} to {price(trade.exit_price)} · fees "
                f"{money(trade.fees_usd)} · odds given {share(trade.p_mean)}"
            ),
            (
                f"-# worst {signed_share(trade.mae_frac)}, best {signed_share(trade.mfe_frac)} "
                f"while open · equity {money(notice.equity_usd)}"
            ),
        )
    )
    return _marked(card, market)


def order_card(notice: OrderNotice, market: MarketView) -> Card:
    """An order that was refused, lost from sight, canceled or ran out."""
    tone = Tone.BAD if notice.order.state in _SERIOUS else Tone.MUTED
    lost = notice.order.state is OrderState.UNKNOWN
    card = Card(tone).lines(
        (
            f"### Order {notice.order.state.value} · {notice.order.order.instrument}",
            order_line(notice.order),
            "It may be live: it is looked up by its own id before anything else is sent."
            if lost
            else "",
        )
    )
    return _marked(card, market)


def desk_card(notice: DeskNotice, market: MarketView) -> Card:
    """Opened, restarted, halted, resumed, breaker tripped or reset."""
    by = notice.by
    who = f"-# by {plain(by.name)}" if by is not None and by.role is not Role.DESK else ""
    card = Card(Tone.GOOD if notice.good else Tone.BAD)
    told = (clip(line, 1500) for line in notice.sentence.splitlines())
    card.lines((f"### {clip(notice.title, 200)}", *told, who))
    return _marked(card, market)


def daily_card(
    slot: str,
    portfolio: PortfolioView,
    rows: tuple[ProfitRow, ...],
    status: StatusView,
    picture: Picture | None = None,
) -> Card:
    """The daily summary; the journal's head anchors the record outside the machine."""
    card = Card(Tone.CALM).lines((f"## Daily summary · {slot}", *portfolio_lines(portfolio)))
    days = [
        f"{row.day:%a %d %b}: {signed_money(row.pnl_usd)} in {row.trades} closed"
        for row in rows
        if row.trades
    ]
    card.lines(days or ["No position was closed in these days."], essential=False)
    card.picture(picture)
    card.text(f"-# Journal head #{status.journal_seq} `{status.journal_hash}`")
    return _marked(card, portfolio.market)


def plain_card(notice: AnyNotice, market: MarketView) -> Card:
    """The least that can be said of a notice, for when its own card cannot be made or sent."""
    kind = type(notice).__name__.removesuffix("Notice").lower()
    tail = f": {clip(notice.sentence, 900)}" if isinstance(notice, DeskNotice) else ""
    return _marked(
        Card(Tone.WARN).text(
            f"A {kind} notice of {date_of(notice.at)} could not be shown in full{tail}. "
            f"/audit and /status have it."
        ),
        market,
    )


def _verb(notice: FillNotice) -> str:
    return "Bought" if notice.order.side.value == "buy" else "Sold"


def _marked(card: Card, market: MarketView) -> Card:
    marked = banner(market)
    return card.text(f"-# {marked}" if marked else "")
