"""Views of price: bars with the levels and fills worth drawing on them.

Refuses parts of bars, and waits for nothing but the history.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from engine.desk.charting import resample
from engine.desk.present.context import Context
from engine.desk.present.research import no_bar_yet
from engine.journal.ledger import ProposalRecord
from engine.model.bars import Timeframe
from engine.model.setups import Setup
from engine.model.verdicts import Refused
from engine.views import ChartView, Level, Mark

_FINEST_CHART_BARS = 20
_LONGEST_CHART_BARS = 500


class Charts:
    """Bars, levels and fills.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    async def chart(
        self, reference: str, timeframe: Timeframe | None, bars: int
    ) -> ChartView | Refused:
        """Newest bars of an instrument, or of a proposal's, with levels and fills."""
        reference = reference.strip().upper()
        record = self._ledger.proposals.get(reference)
        instrument = record.terms.instrument if record else reference
        if instrument not in self._context.instruments:
            return self._context.unwatched(instrument)
        wanted = timeframe or self._context.market.timeframe
        ratio = wanted.length / self._context.market.timeframe.length
        if ratio != int(ratio):
            return Refused(
                "timeframe",
                f"{wanted} cannot be made of whole {self._context.market.timeframe} bars",
                "",
                f"Choose {self._context.market.timeframe} or a multiple of it.",
            )
        count = min(max(bars, _FINEST_CHART_BARS), _LONGEST_CHART_BARS)
        until = self._ledger.bars_at or self._context.clock.now()
        fine = await self._context.feed.history(instrument, until, count * int(ratio))
        shown = resample(fine, wanted)[-count:]
        if not shown:
            return no_bar_yet(instrument)
        return ChartView(
            instrument=instrument,
            timeframe=wanted,
            bars=shown,
            levels=self._levels(instrument, record),
            marks=self._marks(instrument, shown[0].open_at),
            market=self._context.market,
        )

    def _levels(self, instrument: str, record: ProposalRecord | None) -> tuple[Level, ...]:
        if record is not None:
            terms = record.terms
            named = (("target", terms.target), ("entry", terms.entry), ("stop", terms.stop))
            return tuple(Level(name, price) for name, price in named)
        held = [p for p in self._ledger.positions.values() if p.instrument == instrument]
        if held:
            named = (
                ("target", held[0].target),
                ("entry", held[0].entry_price),
                ("stop", held[0].stop),
            )
            return tuple(Level(name, price) for name, price in named)
        setup = self._newest_setup(instrument)
        if setup is None:
            return ()
        return tuple(
            Level(name, Decimal(repr(price)))
            for name, price in (
                ("target", setup.target),
                ("entry", setup.entry),
                ("stop", setup.stop),
            )
        )

    def _newest_setup(self, instrument: str) -> Setup | None:
        assessed = self._ledger.assessed.get(instrument)
        return assessed[1].setup if assessed else None

    def _marks(self, instrument: str, since: datetime) -> tuple[Mark, ...]:
        trades = [t for t in self._ledger.trades if t.instrument == instrument]
        held = [p for p in self._ledger.positions.values() if p.instrument == instrument]
        bought = [Mark(t.opened_at, t.entry_price, True) for t in trades]
        bought += [Mark(p.opened_at, p.entry_price, True) for p in held]
        sold = [Mark(t.closed_at, t.exit_price, False) for t in trades]
        return tuple(sorted((m for m in (*bought, *sold) if m.at >= since), key=lambda m: m.at))
