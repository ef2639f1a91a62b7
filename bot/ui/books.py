"""The books: positions, portfolio, orders, proposals, trades and profit.

Refuses to add anything up: every number comes from the view.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner, date_of, relative
from bot.ui.text import (
    arrow,
    clip,
    count,
    money,
    price,
    quantity,
    risk_multiple,
    share,
    signed_money,
    table,
)
from engine.facade import (
    KindResult,
    MarketView,
    OrderView,
    PortfolioView,
    PositionView,
    ProfitRow,
    ProposalStatus,
    ProposalView,
    Trade,
)


def positions_card(positions: Sequence[PositionView], market: MarketView) -> Card:
    """Every open position at the present price."""
    card = _titled(f"## {count(len(positions), 'open position')}", market)
    if not positions:
        return card.text("Nothing is held. /scan shows what is being watched.")
    for view in positions:
        card.rule().lines(position_lines(view, market), essential=False)
    return card


def position_lines(view: PositionView, market: MarketView) -> tuple[str, ...]:
    """One position: what is held, how it stands and who guards it."""
    held = view.position
    return (
        f"**{held.id}** · {held.instrument} · `{held.kind.value.upper()}`",
        (
            f"{quantity(held.quantity, held.instrument)} bought at {price(held.entry_price)}, now "
            f"{price(view.price_now)} · worth {money(view.value_usd)}"
        ),
        (
            f"{arrow(view.unrealised_usd)} **{signed_money(view.unrealised_usd)}** · "
            f"{risk_multiple(view.r_now)} before exit costs"
        ),
        (
            f"Target {price(held.target)} · stop {price(held.stop)} · time limit "
            f"{relative(held.time_limit_at, market)}"
        ),
        f"-# {clip(view.guard, 200)}",
    )


def portfolio_card(portfolio: PortfolioView, picture: Picture | None = None) -> Card:
    """Cash, profit, caps and the equity curve."""
    card = _titled(f"## Portfolio · {portfolio.mode}", portfolio.market)
    card.lines(portfolio_lines(portfolio))
    for view in portfolio.positions:
        card.text(_held(view), essential=False)
    card.rule().lines(_by_kind(portfolio.results))
    if portfolio.limits:
        rows = [
            (clip(cap.name, 26), share(cap.used_frac), share(cap.bound_frac))
            for cap in portfolio.limits
        ]
        card.rule().text(table(("cap", "used", "bound"), rows), essential=False)
    return card.picture(picture)


def portfolio_lines(portfolio: PortfolioView) -> tuple[str, ...]:
    """Equity, cash and profit in three lines."""
    return (
        (
            f"**Equity {money(portfolio.equity_usd)}** · cash {money(portfolio.cash_usd)} "
            f"(settled {money(portfolio.settled_cash_usd)})"
        ),
        (
            f"Today {signed_money(portfolio.day_usd)} · this week "
            f"{signed_money(portfolio.week_usd)} · since the start "
            f"{signed_money(portfolio.total_usd)}"
        ),
        f"Below the high-water mark {share(portfolio.drawdown_frac)}",
    )


def orders_card(orders: Sequence[OrderView], market: MarketView) -> Card:
    """Orders that may still change."""
    card = _titled(f"## {count(len(orders), 'open order')}", market)
    if not orders:
        return card.text("No order is at the market.")
    return card.rule().lines([order_line(order) for order in orders], essential=False)


def order_line(view: OrderView) -> str:
    """One order and where it stands."""
    order = view.order
    at = order.limit_price or order.stop_price
    level = f" at {price(at)}" if at is not None else ""
    filled = f", {quantity(view.filled, order.instrument)} filled" if view.filled else ""
    why = f" · {clip(view.reason, 160)}" if view.reason else ""
    return (
        f"`{order.client_id}` {order.side.value} {quantity(order.quantity, order.instrument)} · "
        f"{order.type.value}{level} · {order.purpose.value.replace('_', ' ')} · "
        f"**{view.state.value.replace('_', ' ')}**{filled}{why}"
    )


def proposals_card(proposals: Sequence[ProposalView], market: MarketView) -> Card:
    """Proposals that can still be decided, and where their cards stand."""
    card = _titled(f"## {count(len(proposals), 'open proposal')}", market)
    if not proposals:
        return card.text("Nothing waits for a decision. /propose raises one on paper.")
    return card.rule().lines([_proposal(each) for each in proposals], essential=False)


def trades_card(trades: Sequence[Trade], market: MarketView) -> Card:
    """Closed trades, newest first."""
    card = _titled(f"## {count(len(trades), 'closed trade')}", market)
    if not trades:
        return card.text("No position has been closed yet.")
    return card.rule().lines([_trade(trade) for trade in trades], essential=False)


def profit_card(rows: Sequence[ProfitRow], market: MarketView) -> Card:
    """Result of each UTC day."""
    card = _titled(f"## Profit of {count(len(rows), 'day')}", market)
    if not rows:
        return card.text("No day has closed yet.")
    cells = [cell for row in rows for cell in _day(row)]
    return card.rule().text(table(("day (UTC)", "trades", "result"), cells), essential=False)


def _titled(title: str, market: MarketView) -> Card:
    marked = banner(market)
    return Card(Tone.CALM).lines((title, f"-# {marked}" if marked else ""))


def _by_kind(results: Sequence[KindResult]) -> tuple[str, ...]:
    """Closed trades by kind of card: only proposals speak for the desk."""
    if not results:
        return ()
    rows = [
        (each.origin.value, f"{each.wins}/{each.trades}", signed_money(each.pnl_usd))
        for each in results
    ]
    return (table(("closed trades", "won", "result"), rows),)


def _day(row: ProfitRow) -> list[tuple[str, str, str]]:
    """A day, and below it what each kind of card brought."""
    whole = (f"{row.day:%a %d %b}", str(row.trades), signed_money(row.pnl_usd))
    kinds = [
        (f"  {each.origin.value}", str(each.trades), signed_money(each.pnl_usd))
        for each in row.kinds
    ]
    return [whole, *kinds]


def _held(view: PositionView) -> str:
    held = view.position
    return (
        f"**{held.id}** {quantity(held.quantity, held.instrument)} · {money(view.value_usd)} · "
        f"{signed_money(view.unrealised_usd)} ({risk_multiple(view.r_now)})"
    )


def _proposal(view: ProposalView) -> str:
    terms = view.terms
    state = (
        f"expires {relative(terms.expires_at, view.market)}"
        if view.status is ProposalStatus.OPEN
        else view.status.value
    )
    return (
        f"**{terms.id}** · {terms.instrument} · `{terms.kind.value.upper()}` · "
        f"{money(terms.notional_usd)} · P {share(terms.p_mean)} · risk {money(terms.risk_usd)} "
        f"· {state}"
    )


def _trade(trade: Trade) -> str:
    return (
        f"**{trade.id}** · {trade.instrument} · `{trade.origin.value.upper()}` · "
        f"{arrow(trade.pnl_usd)} "
        f"**{signed_money(trade.pnl_usd)}** ({risk_multiple(trade.r_multiple)}) · "
        f"{price(trade.entry_price)} to {price(trade.exit_price)} · "
        f"{trade.closed_by.value.replace('_', ' ')} · {date_of(trade.closed_at)}"
    )
