"""The pipeline: closed bars in, one assessment a bar out, and candidates followed to their labels.

Refuses to look ahead, to learn from a label before it closed, and to answer anything but a finite
probability; a bad bar is a ValueError that names it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engine.model.bars import Bar, BarsClosed, Quote
from engine.model.setups import Assessment, Label, LayerReading, Odds, Setup, SetupKind
from engine.probability import liquidity, scouts
from engine.probability.answers import read_again, read_all
from engine.probability.barrier import martingale_odds
from engine.probability.desk import Desk, finite_scores
from engine.probability.features import Features, Scores
from engine.probability.knowledge import FUSED, Judgement, Knowledge
from engine.probability.layer import InstrumentScale
from engine.probability.layers import LAYERS
from engine.probability.pairs import PairBook
from engine.probability.repricing import doubt, reprice
from engine.probability.settings import PipelineSettings
from engine.probability.worth import expected_miss, gate_refusal, value_odds

__all__ = ["LAYERS", "InstrumentScale", "Pipeline", "PipelineSettings"]

Costs = Mapping[str, float] | Callable[[str, float], float]
FAILED = "layers broke down on this bar"


class Pipeline:
    """Twelve layers over the closed bars of several instruments.

    Parameters
    ----------
    settings : PipelineSettings
    instruments : sequence of InstrumentScale
    timeframe_days : float, days, > 0
        Length of one bar.
    families : mapping of scout to model family, optional
        Scouts of one family do not count as independent.

    Notes
    -----
    A restart is the same calls again: observe the history, and learn each journaled label when
    it closed. Labels that the history itself produces again are known by their key and skipped.
    """

    def __init__(
        self,
        settings: PipelineSettings,
        instruments: Sequence[InstrumentScale],
        timeframe_days: float,
        families: Mapping[str, str] | None = None,
    ) -> None:
        if not 0.0 < timeframe_days < math.inf:
            raise ValueError(f"timeframe_days must be > 0, was {timeframe_days:g}")
        if not instruments:
            raise ValueError("instruments must hold at least 1, held 0")
        names = [instrument.symbol for instrument in instruments]
        if len(set(names)) < len(names):
            raise ValueError(f"instruments must differ, were {', '.join(names)}")
        self._settings = settings
        self._families = dict(families or {})
        self._desks = {i.symbol: Desk(settings, i, timeframe_days) for i in instruments}
        self._pairs = PairBook(names, timeframe_days)
        self._knowledge = Knowledge(settings)
        self._closed: tuple[Label, ...] = ()
        self._at: datetime | None = None

    @property
    def label_count(self) -> int:
        """Labels learnt so far."""
        return self._knowledge.label_count

    @property
    def witnesses(self) -> scouts.ScoutBook:
        """Closed records of all who vote, for reading."""
        return self._knowledge.scouts

    def observe(self, bars: BarsClosed, cost_frac: Costs) -> tuple[Assessment, ...]:
        """Advance by all bars that closed at one instant.

        Parameters
        ----------
        cost_frac : mapping of symbol to float, or function of symbol and price; fraction, > 0
            Round-trip cost of each instrument: fees, half spreads and slippage.

        Returns
        -------
        tuple of Assessment
            One a bar, in the order given.

        Raises
        ------
        ValueError
            If a bar is of an unknown instrument, out of order, repeated, or contradicts itself,
            or a cost is not positive. Nothing has been taken in then.
        """
        costs = self._check(bars, cost_frac)
        if not bars.bars:
            self._closed = ()
            return ()
        self._at = bars.at
        seen = [(bar, self._desks[bar.instrument].advance(bar)) for bar in bars.bars]
        seconds = int(bars.at.timestamp())
        self._pairs.advance(seconds, {bar.instrument: bar.close for bar in bars.bars})
        self._closed = tuple(
            label
            for bar in bars.bars
            for label in self._desks[bar.instrument].tracker.advance(
                bar, self._desks[bar.instrument].bars - 1
            )
        )
        return tuple(self._assess(bar, found, costs[bar.instrument]) for bar, found in seen)

    def closed_labels(self) -> tuple[Label, ...]:
        """Labels that the last `observe` closed; to be journaled, then learnt."""
        return self._closed

    def learn(self, label: Label) -> None:
        """Take in one closed label; a label known already changes nothing."""
        self._knowledge.learn(label)

    def open_candidates(self) -> tuple[Setup, ...]:
        """Setups whose barriers have not closed, by instrument, oldest first."""
        return tuple(s for desk in self._desks.values() for s in desk.tracker.candidates)

    def watch(self, quote: Quote) -> bool:
        """Take one live quote in for layer 8; False when it was crossed, locked or empty."""
        book = liquidity.Book(quote.bid, quote.ask, quote.bid_size, quote.ask_size)
        return liquidity.quote_step(self._desk(quote.instrument).state.liquidity, book)

    def correlations(self) -> dict[tuple[str, str], float]:
        """Correlation of returns of every pair of instruments with common bars, in [-1, 1]."""
        return self._pairs.correlations()

    def hear(self, instrument: str, votes: Mapping[str, bool | str]) -> Assessment:
        """Judge the instrument's newest candidate again with the votes of scouts.

        Parameters
        ----------
        votes : mapping of scout to bool or {"yes", "no", "abstain"}

        Raises
        ------
        ValueError
            If the last bar began no candidate: a later vote could have seen the outcome.
        """
        desk = self._desk(instrument)
        fresh = desk.tracker.newest(desk.bars - 1)
        if fresh is None:
            raise ValueError(f"votes on {instrument} must be on a candidate of its last bar")
        fresh.assessment = self._heard(fresh.assessment, fresh.setup, fresh.cost_frac, votes)
        return fresh.assessment

    def odds_at(self, assessment: Assessment, price: float, cost_frac: float) -> Odds:
        """Re-price the setup of an assessment at a moved price.

        Target and stop stay where they are; their distances and with them the martingale odds
        change; what the layers said stays.

        Raises
        ------
        ValueError
            If there is no setup, or the price is not between stop and target.
        """
        setup = assessment.setup
        if setup is None:
            raise ValueError("assessment must have a setup, had none")
        return reprice(self._knowledge, assessment, setup, price, cost_frac)

    def doubted(self, assessment: Assessment, nats: float) -> Assessment:
        """The same assessment with its log-odds lowered before calibration, or as it is.

        Parameters
        ----------
        nats : float, nats, <= 0
            Weight of a witness that may only lower.

        Returns
        -------
        Assessment
            With a step ``analyzer`` in its waterfall, so that a later price keeps the doubt. The
            one given, where what was learnt since would make either chance higher.

        Raises
        ------
        ValueError
            If `nats` is above 0 or no number, or there is no setup.
        """
        setup, odds = assessment.setup, assessment.odds
        if not -math.inf < nats <= 0.0:
            raise ValueError(f"nats must be <= 0, was {nats:g}")
        if setup is None or odds is None:
            raise ValueError("assessment must have a setup, had none")
        return doubt(self._knowledge, assessment, setup, odds, nats)

    def refusal(self, assessment: Assessment) -> str:
        """Why an assessment's setup does not pay for an entry; empty when it does."""
        setup, odds = assessment.setup, assessment.odds
        if setup is None or odds is None:
            return assessment.note or "no setup"
        if assessment.entries_blocked:
            return assessment.entries_blocked
        shares = self._settings.gate_risk_share, self._settings.gate_cost_share
        return gate_refusal(odds, setup.target_frac, setup.stop_frac, *shares)

    def gate(self, assessment: Assessment, odds: Odds, price: float) -> str:
        """Why re-priced odds do not pay for an entry at `price`; empty when they do.

        Raises
        ------
        ValueError
            If the assessment has no setup.
        """
        setup = assessment.setup
        if setup is None:
            raise ValueError("assessment must have a setup, had none")
        shares = self._settings.gate_risk_share, self._settings.gate_cost_share
        shape = setup.target / price - 1.0, 1.0 - setup.stop / price
        return gate_refusal(odds, *shape, *shares)

    def setup_on_request(self, instrument: str, cost_frac: float) -> Assessment | None:
        """A setup at the newest close although no trigger fired; it is no candidate.

        It teaches nothing: labels come from candidates alone.

        Returns
        -------
        Assessment or None
            None while there is no scale for barriers, or before the first bar.
        """
        desk = self._desk(instrument)
        bar, found = desk.last, desk.found
        setup = desk.setup_at(bar, found, SetupKind.REVERSION) if bar and found else None
        if bar is None or found is None or setup is None:
            return None
        return self._judged(bar, found, setup, cost_frac)

    def _desk(self, instrument: str) -> Desk:
        desk = self._desks.get(instrument)
        if desk is None:
            known = ", ".join(self._desks)
            raise ValueError(f"instrument must be one of {known}, was {instrument}")
        return desk

    def _check(self, bars: BarsClosed, cost_frac: Costs) -> dict[str, float]:
        """Costs of all bars, once every bar has been found fit."""
        costs: dict[str, float] = {}
        for bar in bars.bars:
            self._desk(bar.instrument).check(bar, bars.at)
            if bar.instrument in costs:
                raise ValueError(f"bars must differ, {bar.instrument} came twice at {bars.at}")
            cost = cost_of(cost_frac, bar)
            if not 0.0 < cost < math.inf:
                raise ValueError(f"cost_frac of {bar.instrument} must be > 0, was {cost:g}")
            costs[bar.instrument] = cost
        if self._at is not None and bars.bars and bars.at <= self._at:
            raise ValueError(f"bars must come in order: {bars.at} after {self._at}")
        return costs

    def _assess(self, bar: Bar, found: Features, cost_frac: float) -> Assessment:
        desk = self._desks[bar.instrument]
        setup = desk.setup(bar, found)
        if setup is None:
            return self._without_setup(bar, found, desk)
        assessment = self._judged(bar, found, setup, cost_frac)
        desk.tracker.start(assessment, setup, cost_frac, desk.bars - 1)
        return assessment

    def _judged(self, bar: Bar, found: Features, setup: Setup, cost_frac: float) -> Assessment:
        desk = self._desks[bar.instrument]
        raw = desk.scores(setup, found)
        scores = finite_scores(raw, found, self._pairs.score(bar.instrument))
        judged, odds = self._judge(setup, raw, scores, cost_frac)
        return Assessment(
            instrument=bar.instrument,
            at=bar.close_at,
            price=bar.close,
            readings=self._readings(found, desk, judged, scores),
            setup=setup,
            odds=odds,
            log_odds=judged.steps,
            scores=scores | said_of(judged),
            entries_blocked="" if "gap_frac" in scores else FAILED,
        )

    def _judge(
        self, setup: Setup, raw: Scores, scores: Mapping[str, float], cost_frac: float
    ) -> tuple[Judgement, Odds]:
        judged = self._knowledge.judge(
            setup.instrument, setup.kind, raw.target_odds, scores, self._families
        )
        shape = setup.target_frac, setup.stop_frac
        miss = expected_miss(raw.target_odds, raw.stop_odds, *shape, judged.shares)
        gap = scores.get("gap_frac", 0.0) * self._knowledge.gap_chance(setup.instrument)
        chances = judged.p_prior, judged.p_mean, judged.p_low
        return judged, value_odds(*chances, *shape, miss, cost_frac, gap)

    def _heard(
        self,
        assessment: Assessment,
        setup: Setup,
        cost_frac: float,
        votes: Mapping[str, bool | str],
    ) -> Assessment:
        """The same assessment with votes among its scores, judged again."""
        scores = dict(assessment.scores) | scouts.as_scores(votes)
        chance = martingale_odds(
            setup.target_frac, setup.stop_frac, setup.volatility, setup.horizon_days
        )
        nan = math.nan
        raw = Scores(chance.target, chance.stop, nan, nan, nan, nan, nan, nan)
        judged, odds = self._judge(setup, raw, scores, cost_frac)
        readings = read_again(assessment.readings, self._knowledge, self._settings, judged, scores)
        return replace(
            assessment,
            readings=readings,
            odds=odds,
            log_odds=judged.steps,
            scores=scores | said_of(judged),
        )

    def _without_setup(self, bar: Bar, found: Features, desk: Desk) -> Assessment:
        return Assessment(
            instrument=bar.instrument,
            at=bar.close_at,
            price=bar.close,
            readings=self._readings(found, desk, None, {}),
            setup=None,
            odds=None,
            log_odds=(),
            scores={},
            note=_why_no_setup(found, self._settings),
            entries_blocked="" if found.scale.valid else "no volatility forecast yet",
        )

    def _readings(
        self, found: Features, desk: Desk, judged: Judgement | None, scores: Mapping[str, float]
    ) -> tuple[LayerReading, ...]:
        return read_all(found, desk, self._pairs, self._knowledge, self._settings, judged, scores)


def cost_of(cost_frac: Costs, bar: Bar) -> float:
    """Round-trip cost of an instrument at the close of its bar, fraction of entry."""
    if callable(cost_frac):
        return cost_frac(bar.instrument, bar.close)
    if bar.instrument not in cost_frac:
        raise ValueError(f"cost_frac must name {bar.instrument}, named {', '.join(cost_frac)}")
    return cost_frac[bar.instrument]


def said_of(judged: Judgement) -> dict[str, float]:
    """What layers 1 and 11 said, kept so that the closed label can teach 11 and 12."""
    return {"base_rate": judged.steps[0][1] + judged.steps[1][1], FUSED: judged.fused}


def _why_no_setup(found: Features, settings: PipelineSettings) -> str:
    if not found.scale.valid:
        return "too few closed bars for a volatility forecast"
    if found.kinds:
        return "barriers do not fit the price step"
    if not found.reversion.valid:
        return "too few closed bars for a mean"
    stretch, begins = found.reversion.stretch, -settings.stretch_sigmas
    told = f"price is {stretch:+.1f} sigma from its mean; a setup begins "
    told += f"on falling through {begins:.1f}" if stretch <= begins else f"at {begins:.1f}"
    return told.replace("-", "−")
