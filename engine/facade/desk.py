"""The desk as its guests see it: every question, every command, one method each.

Refuses to render, and to decide: it hands on to the engine and answers with views.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engine.facade.live import LiveDesk
from engine.facade.posts import PostDesk
from engine.facade.review import ReviewDesk
from engine.facade.sharia import ShariaDesk
from engine.facade.witnesses import WitnessDesk
from engine.model.actors import Actor
from engine.model.bars import Timeframe
from engine.model.positions import Trade
from engine.model.verdicts import Refused
from engine.views import (
    AuditLine,
    BreakdownView,
    ChartView,
    CostsView,
    MarketView,
    OrderView,
    PortfolioView,
    PositionView,
    ProfitRow,
    ProposalView,
    RiskView,
    ScanView,
    StatusView,
    VerifyView,
)

if TYPE_CHECKING:
    from engine.engine import Engine


class Desk:
    """The trading desk as its guests see it.

    Reading never waits for the market; acting is journaled before it takes effect. What an actor
    may not do is refused here whatever the guest has shown them.

    Parameters
    ----------
    engine : Engine
        Opened by the composition root.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # ------------------------------------------------------------------ life

    async def run(self) -> None:
        """Live on the market's events until it ends, then take up what time still asks for.

        Raises
        ------
        ExecutorError
            If the market or the record fails; the record holds everything up to then.
        """
        await self._engine.run()

    async def close(self) -> None:
        """Let go of the market and the journal; the record stays."""
        await self._engine.aclose()

    # ------------------------------------------------------------------ reading

    @property
    def market(self) -> MarketView:
        """What is watched, and whether it is real."""
        return self._engine.market

    def instruments(self) -> tuple[str, ...]:
        """Symbols that are watched, in configured order."""
        return self._engine.instruments

    def now(self) -> datetime:
        """Present instant of the desk's clock; virtual in a replay."""
        return self._engine.clock.now()

    def status(self) -> StatusView:
        """State, halts, breakers, counts and the head of the journal."""
        return self._engine.present.oversight.status()

    def risk(self) -> RiskView:
        """Limits with their use, breakers with their state, and everything that stopped it."""
        return self._engine.present.oversight.risk()

    def costs(self) -> CostsView:
        """What running the desk costs this month: models, electricity; fees of trades apart."""
        return self._engine.present.oversight.costs()

    def scan(self, instrument: str | None = None) -> ScanView | Refused:
        """Newest assessment of every instrument, or of one."""
        return self._engine.present.research.scan(instrument)

    def breakdown(self, reference: str) -> BreakdownView | Refused:
        """The twelve layers behind an instrument's newest bar, or behind a proposal."""
        return self._engine.present.research.breakdown(reference)

    async def chart(
        self, reference: str, timeframe: Timeframe | None = None, bars: int = 120
    ) -> ChartView | Refused:
        """Newest bars of an instrument, or of a proposal's with its levels drawn.

        Parameters
        ----------
        timeframe : Timeframe or None
            The market's own, or a multiple of it; only whole, closed bars are shown.
        bars : int in [20, 500]
        """
        return await self._engine.present.charts.chart(reference, timeframe, bars)

    def proposals(self, *, only_open: bool = True) -> tuple[ProposalView, ...]:
        """Proposals, newest first."""
        return self._engine.present.proposals.all(only_open=only_open)

    def proposal(self, proposal_id: str) -> ProposalView | Refused:
        """One proposal by its id."""
        return self._engine.present.proposals.one(proposal_id)

    def positions(self) -> tuple[PositionView, ...]:
        """Open positions, oldest first."""
        return self._engine.present.holdings.positions()

    def orders(self) -> tuple[OrderView, ...]:
        """Orders that are not final, oldest first."""
        return self._engine.present.holdings.orders()

    def portfolio(self) -> PortfolioView:
        """Cash, positions, profit and the use of every cap."""
        return self._engine.present.holdings.portfolio()

    def trades(self, limit: int = 10) -> tuple[Trade, ...]:
        """Closed trades, newest first."""
        return self._engine.present.holdings.trades(limit)

    def profit(self, days: int = 7) -> tuple[ProfitRow, ...]:
        """Result of each of the last `days` UTC days, oldest first."""
        return self._engine.present.holdings.profit(days)

    @property
    def live(self) -> LiveDesk:
        """The lock on live: what it needs, and the owner's word."""
        return LiveDesk(self._engine)

    @property
    def sharia(self) -> ShariaDesk:
        """The law: invariants, ledger lines, zakat and purification."""
        return ShariaDesk(self._engine)

    @property
    def witnesses(self) -> WitnessDesk:
        """Who says what of the market, and what their record makes of it."""
        return WitnessDesk(self._engine)

    @property
    def posts(self) -> PostDesk:
        """What is still to be posted, and what stands in a channel already."""
        return PostDesk(self._engine)

    @property
    def review(self) -> ReviewDesk:
        """The review: gates and verdict, performance, goal and live odds."""
        return ReviewDesk(self._engine)

    async def audit(self, limit: int = 10) -> tuple[AuditLine, ...]:
        """Newest journal entries in words, newest first."""
        return await self._engine.present.oversight.audit(limit)

    async def verify(self) -> VerifyView:
        """Recompute the whole hash chain."""
        return await self._engine.present.oversight.verify()

    # ------------------------------------------------------------------ acting

    async def approve(
        self,
        actor: Actor,
        proposal_id: str,
        short_hash: str,
        *,
        portion: float = 1.0,
        note: str = "",
    ) -> ProposalView | Refused:
        """Say yes to exactly these terms, once.

        Everything is checked again at the present price; the approval is journaled before the
        order is sent.

        Parameters
        ----------
        short_hash : str
            First twelve digits of the terms' hash, as the card showed it.
        portion : float in (0, 1]
            0.5 approves half of the quantity.
        """
        return await self._engine.deciding.approve(actor, proposal_id, short_hash, portion, note)

    async def reject(self, actor: Actor, proposal_id: str, reason: str) -> ProposalView | Refused:
        """Say no, with a reason that goes into the record."""
        return await self._engine.deciding.reject(actor, proposal_id, reason)

    async def propose(self, actor: Actor, instrument: str) -> ProposalView | Refused:
        """Raise an exploratory paper proposal at the present price because the owner asks."""
        return await self._engine.deciding.propose(actor, instrument)

    async def close_position(
        self, actor: Actor, position_id: str, reason: str = ""
    ) -> PositionView | Refused:
        """Sell a position at the market; works while entries are halted."""
        return await self._engine.overseeing.close_position(actor, position_id, reason)

    async def cancel_order(self, actor: Actor, client_id: str) -> OrderView | Refused:
        """Take a working entry order off the market."""
        return await self._engine.overseeing.cancel_order(actor, client_id)

    async def halt(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Forbid entries until the owner resumes; exits go on."""
        return await self._engine.overseeing.halt(actor, reason)

    async def resume(self, actor: Actor, reason: str) -> StatusView | Refused:
        """Allow entries again; needs the owner and a reason."""
        return await self._engine.overseeing.resume(actor, reason)

    async def flatten(self, actor: Actor, reason: str) -> tuple[PositionView, ...] | Refused:
        """Halt, withdraw every open proposal and sell every position."""
        return await self._engine.overseeing.flatten(actor, reason)

    async def reset_breaker(self, actor: Actor, name: str, reason: str) -> StatusView | Refused:
        """Arm a tripped breaker again; needs the owner and a reason."""
        return await self._engine.overseeing.reset_breaker(actor, name, reason)

    async def note_review(self, actor: Actor, text: str) -> StatusView | Refused:
        """Write a review note after a bad week; needs the owner and at least 20 characters."""
        return await self._engine.overseeing.note_review(actor, text)

    async def refuse_access(self, actor: Actor, action: str) -> None:
        """Journal that somebody asked for what is not theirs to ask."""
        await self._engine.overseeing.refuse_access(actor, action)
