"""From a notice to its card, pictures included.

Refuses to hold a post back for want of a picture: it goes out without, and the log says why.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from datetime import datetime

from bot.pictures import chart_of, equity_of
from bot.ui.card import Card, Picture, Tone
from bot.ui.notices import daily_card, desk_card, fill_card, order_card, plain_card, trade_card
from bot.ui.proposal import proposal_card
from bot.ui.review import review_card
from bot.ui.scan import most_interesting, scan_card
from bot.ui.scouts import opinion_card
from engine.facade import (
    AnyNotice,
    DecisionNotice,
    Desk,
    DeskNotice,
    FillNotice,
    MarketView,
    OpinionNotice,
    OrderNotice,
    ProposalNotice,
    ProposalView,
    Refused,
    ScanNotice,
    ScanView,
    TradeNotice,
)

log = logging.getLogger(__name__)


class Renderer:
    """Draws the desk's posts.

    Parameters
    ----------
    desk : Desk
        Asked for bars to draw and for what market it is.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def card(self, notice: AnyNotice) -> Card:
        """The card of any notice."""
        market = self._desk.market
        match notice:
            case ScanNotice():
                return await self.scan(notice.scan)
            case ProposalNotice() | DecisionNotice():
                return await self.proposal(notice.proposal)
            case _:
                return _simple(notice, market)

    async def plain(self, notice: AnyNotice) -> Card:
        """The least that can be said of it."""
        return plain_card(notice, self._desk.market)

    async def scan(self, scan: ScanView) -> Card:
        """A scan report with the most interesting chart."""
        row = most_interesting(scan)
        picture = None
        if row is not None:
            picture = await drawn(chart_of(self._desk, row.proposal_id or row.instrument))
        return scan_card(scan, picture)

    async def proposal(self, proposal: ProposalView) -> Card:
        """A proposal's card with its levels drawn."""
        return proposal_card(proposal, await drawn(chart_of(self._desk, proposal.terms.id)))

    async def daily(self, slot: str) -> Card:
        """The daily summary with the equity curve."""
        portfolio = self._desk.portfolio()
        picture = await drawn(equity_of(portfolio))
        return daily_card(slot, portfolio, self._desk.profit(7), self._desk.status(), picture)

    async def weekly_review(self, slot: datetime) -> Card:
        """The weekly review; its look goes on record, once a slot."""
        view = await self._desk.review.hold(slot)
        if isinstance(view, Refused):
            return Card(Tone.WARN).lines(("## Weekly review", view.sentence))
        return review_card(view)


def _simple(
    notice: FillNotice | OrderNotice | TradeNotice | OpinionNotice | DeskNotice,
    market: MarketView,
) -> Card:
    """Cards without a picture."""
    match notice:
        case FillNotice():
            return fill_card(notice, market)
        case OrderNotice():
            return order_card(notice, market)
        case TradeNotice():
            return trade_card(notice, market)
        case OpinionNotice():
            return opinion_card(notice, market)
        case DeskNotice():
            return desk_card(notice, market)


async def drawn(drawing: Awaitable[Picture | None]) -> Picture | None:
    """The picture, or None with a line in the log if it could not be drawn."""
    try:
        return await drawing
    except Exception:
        log.exception("a picture could not be drawn: posting without it")
        return None
