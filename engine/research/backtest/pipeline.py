"""The pipeline of a backtest: what the compiled layers said, told bar by bar as live hears it.

Refuses to judge: candidates carry the odds that were worked out in the order of live, and what is
asked between bars is answered by what was known then.
"""

from __future__ import annotations

from datetime import datetime

from engine.model.bars import Bar, BarsClosed
from engine.model.setups import Assessment, Label, LayerReading, Setup
from engine.probability import fusion, volatility
from engine.probability.batch import Case, odds_after
from engine.probability.knowledge import Judgement, Knowledge
from engine.probability.layer import InstrumentScale, LayerSpec, neutral
from engine.probability.layers import LAYERS
from engine.probability.pipeline import FAILED, Costs, Pipeline, cost_of, said_of
from engine.probability.readings import read_fusion, read_volatility
from engine.probability.settings import PipelineSettings
from engine.research.backtest.book import CaseBook
from engine.research.backtest.line import Line, Track

NO_SCALE = "no volatility forecast yet"
_UNKEPT = "a backtest keeps no words"


class WrittenPipeline(Pipeline):
    """Twelve layers that have looked at everything already, and tell it bar by bar.

    Parameters
    ----------
    line : Line
    book : CaseBook
    knowledge : Knowledge
        Learns outside, in the order of live.
    """

    def __init__(
        self, settings: PipelineSettings, line: Line, book: CaseBook, knowledge: Knowledge
    ) -> None:
        scales: list[InstrumentScale] = [track.history.scale for track in line.tracks]
        super().__init__(settings, scales, line.timeframe.days)
        self._line, self._book, self._knowledge = line, book, knowledge
        self._tracks = {track.instrument.symbol: track for track in line.tracks}
        self._seconds = 0

    def observe(self, bars: BarsClosed, cost_frac: Costs) -> tuple[Assessment, ...]:
        """What the layers said of the bars that closed at one instant."""
        self._seconds = seconds = int(bars.at.timestamp())
        self._closed: tuple[Label, ...] = self._book.labels(seconds)
        return tuple(self._told(bar, seconds, cost_frac) for bar in bars.bars)

    def correlations(self) -> dict[tuple[str, str], float]:
        """Correlation of returns of every pair of instruments with common bars, in [-1, 1]."""
        return self._line.correlations(self._seconds)

    def plain(self, symbol: str, row: int) -> Assessment:
        """A bar as the desk remembers it when nothing came of it."""
        track = self._tracks[symbol]
        scale = track.scale_at(row)
        reading = read_volatility(volatility.SPEC, scale, row + 1)
        bar_at, close = track.closed_at(row), float(track.history.close[row])
        blocked = "" if scale.valid else NO_SCALE
        return Assessment(symbol, bar_at, close, (reading,), None, None, (), {}, "", blocked)

    def _told(self, bar: Bar, seconds: int, cost_frac: Costs) -> Assessment:
        track = self._tracks[bar.instrument]
        row = track.row_of(seconds)
        case = self._book.opened(bar.instrument, seconds)
        if case is None or case.judged is None:
            return self.plain(bar.instrument, row)
        return self._candidate(track, row, case, case.judged, cost_of(cost_frac, bar))

    def _candidate(
        self, track: Track, row: int, case: Case, judged: Judgement, cost_frac: float
    ) -> Assessment:
        odds = odds_after(case, judged, cost_frac)
        return Assessment(
            instrument=case.instrument,
            at=track.closed_at(row),
            price=case.entry,
            readings=self._readings_of(track, row, judged),
            setup=setup_of(case, track.closed_at(row), self._settings.horizon_days),
            odds=odds,
            log_odds=judged.steps,
            scores=case.scores | said_of(judged),
            entries_blocked="" if "gap_frac" in case.scores else FAILED,
        )

    def _readings_of(self, track: Track, row: int, judged: Judgement) -> tuple[LayerReading, ...]:
        """All twelve, as far as a trade depends on them: layers 5 and 11, and the evidence."""
        told = {
            volatility.SPEC.name: read_volatility(volatility.SPEC, track.scale_at(row), row + 1),
            fusion.SPEC.name: read_fusion(fusion.SPEC, self._knowledge, judged),
        }
        return tuple(told.get(spec.name) or _said(spec, judged) for spec in LAYERS)


def setup_of(case: Case, at: datetime, horizon_days: float) -> Setup:
    """The setup of a candidate, as live would have put it."""
    return Setup(
        instrument=case.instrument,
        kind=case.kind,
        at=at,
        entry=case.entry,
        target=case.target,
        stop=case.stop,
        target_frac=case.target / case.entry - 1.0,
        stop_frac=1.0 - case.stop / case.entry,
        horizon_days=horizon_days,
        volatility=case.volatility,
        anchor=case.anchor,
    )


def _said(spec: LayerSpec, judged: Judgement) -> LayerReading:
    evidence = judged.evidence.get(spec.name)
    if evidence is None:
        return neutral(spec, _UNKEPT)
    return LayerReading(
        name=spec.name,
        role=spec.role,
        llr=evidence.llr,
        variance=evidence.variance,
        n_eff=evidence.n_eff,
        weight=judged.weights[spec.name],
        valid=True,
        reason=_UNKEPT,
    )
