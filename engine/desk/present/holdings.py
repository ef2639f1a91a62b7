"""Views of money: positions, orders, cash, limits and results.

Refuses to change anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from engine.desk.exits import guarded
from engine.desk.law import net_buys_of
from engine.desk.limits import limit_views
from engine.desk.picture import opens_at
from engine.desk.present.context import Context
from engine.desk.proposing import sellable_at_stop
from engine.desk.words import begun
from engine.journal.ledger import ZERO, OrderRecord
from engine.model.positions import LotState, Origin, Position, Trade
from engine.views import KindResult, OrderView, PortfolioView, PositionView, ProfitRow

_DAY = timedelta(days=1)


class Holdings:
    """What is owned and what it earned.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def positions(self) -> tuple[PositionView, ...]:
        """Open positions, oldest first."""
        return tuple(self.position_view(held) for held in self._ledger.positions.values())

    def position_view(self, held: Position) -> PositionView:
        """A position at the newest known price."""
        price = self._ledger.prices.get(held.instrument, held.entry_price)
        gained = (price - held.entry_price) * held.quantity
        risked = (held.entry_price - held.stop) * held.quantity
        return PositionView(
            position=held,
            price_now=price,
            value_usd=price * held.quantity,
            unrealised_usd=gained,
            r_now=float(gained / risked) if risked > 0 else 0.0,
            guard=self._guard(held),
        )

    def _guard(self, held: Position) -> str:
        if held.lot is not LotState.SELLABLE:
            return _waits(held, leaving=held.id in self._ledger.exits_requested)
        if held.id in self._ledger.exits_requested:
            return "It is being sold at the market."
        if guarded(self._ledger, held):
            return begun(f"{self._context.guards.get(held.instrument, 'its stop rests')}.")
        instrument = self._context.policy.instruments[held.instrument]
        if not sellable_at_stop(held.quantity, held.stop, instrument):
            return (
                f"The venue takes no order below {instrument.min_notional_usd} USD: no stop can "
                "rest until more of it is bought."
            )
        return "No stop rests: the desk places one as soon as the venue takes it."

    def orders(self) -> tuple[OrderView, ...]:
        """Orders that are not final, oldest first."""
        return tuple(order_view(record) for record in self._ledger.open_orders())

    def portfolio(self) -> PortfolioView:
        """Cash, positions, profit and the use of every cap."""
        ledger = self._context.ledger
        equity = ledger.marked_equity_usd()
        peak = max(ledger.high_water_usd, equity)
        now = self._context.clock.now()
        day_open, week_open = opens_at(ledger, now)
        return PortfolioView(
            mode=ledger.mode,
            equity_usd=equity,
            cash_usd=ledger.cash_usd,
            settled_cash_usd=ledger.cash_usd - ledger.reserved_usd() - ledger.unsettled_usd(now),
            day_usd=equity - day_open,
            week_usd=equity - week_open,
            total_usd=equity - ledger.start_cash_usd,
            drawdown_frac=float(1 - equity / peak) if peak > 0 else 0.0,
            positions=self.positions(),
            limits=limit_views(self._context.picture(), self._context.policy.limits),
            equity_curve=tuple(ledger.equity_curve),
            market=self._context.market,
            results=results_of(ledger.trades),
            net_buys=net_buys_of(ledger, self._context.policy, now),
        )

    def trades(self, limit: int) -> tuple[Trade, ...]:
        """Closed trades, newest first."""
        return tuple(reversed(self._ledger.trades[-limit:])) if limit > 0 else ()

    def profit(self, days: int) -> tuple[ProfitRow, ...]:
        """Result of each of the last `days` UTC days, oldest first."""
        today = self._context.clock.now().date()
        by_day: dict[date, list[Trade]] = defaultdict(list)
        for trade in self._ledger.trades:
            by_day[trade.closed_at.date()].append(trade)
        wanted = (today - n * _DAY for n in range(days - 1, -1, -1))
        return tuple(_row(day, by_day[day]) for day in wanted)


def _row(day: date, trades: Sequence[Trade]) -> ProfitRow:
    earned = sum((trade.pnl_usd for trade in trades), ZERO)
    return ProfitRow(day, len(trades), earned, results_of(trades))


def results_of(trades: Sequence[Trade]) -> tuple[KindResult, ...]:
    """Results by kind of card; kinds without a trade are left out."""
    kinds = []
    for origin in Origin:
        own = [trade for trade in trades if trade.origin is origin]
        if own:
            wins = sum(trade.pnl_usd > 0 for trade in own)
            earned = sum((trade.pnl_usd for trade in own), ZERO)
            kinds.append(KindResult(origin, len(own), wins, earned))
    return tuple(kinds)


def _waits(held: Position, *, leaving: bool) -> str:
    """What guards a lot that is not ours yet: nothing at the venue, and why."""
    until = f" until {held.settles_at:%a %d %b %H:%M} UTC" if held.settles_at else ""
    then = "it is sold at the market then" if leaving else "its stop and target are placed then"
    return (
        f"Its lot is {held.lot}, not settled{until}: it may not be sold before, so no stop rests; "
        f"{then}, and a price below the stop is sold at the first price after."
    )


def order_view(record: OrderRecord) -> OrderView:
    """An order and where it stands."""
    return OrderView(record.order, record.state, record.filled, record.reason)
