"""A look at recorded history without a desk: what the twelve layers say of its last bars.

Refuses to trade and to write: nothing is journaled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.clock import VirtualClock
from engine.config import Settings
from engine.costs import Conditions
from engine.desk.casework import Card
from engine.desk.costing import Costing
from engine.desk.picture import Moment, picture_of
from engine.desk.policy import Policy, policy_of
from engine.desk.present import layer_views
from engine.desk.proposing import card_of
from engine.desk.standing import shares_of
from engine.engine.judging import gate_of
from engine.engine.study import study
from engine.journal.ledger import Ledger
from engine.market.sessions import is_open
from engine.model.canonical import plain
from engine.model.money import exact
from engine.model.proposals import CardKind
from engine.model.setups import Assessment
from engine.opening import MarketChoice, pipeline_of, replay_of
from engine.probability.pipeline import Pipeline
from engine.views import LayerView, MarketView


@dataclass(frozen=True, slots=True)
class FileScan:
    """What the layers say of the last closed bar of one file.

    Attributes
    ----------
    labels : int
        Closed candidates from which the layers learnt on the way.
    """

    instrument: str
    assessment: Assessment
    layers: tuple[LayerView, ...]
    card: Card
    labels: int
    market: MarketView


async def scan_files(
    settings: Settings,
    files: Mapping[str, Path],
    bars: int,
    tell: Callable[[int, int], None] | None = None,
) -> tuple[FileScan, ...]:
    """Run the pipeline over the last `bars` bars of each file and assess the last one.

    Raises
    ------
    MarketDataError
        If a file cannot be used; one line with its mend.
    """
    clock = VirtualClock()
    feed = replay_of(settings, MarketChoice(files=files), clock)
    clock.jump_to(feed.until)
    market = MarketView("replay", feed.description, False, True, feed.timeframe)
    policy = policy_of(settings, tuple(files))
    pipeline = pipeline_of(settings, policy, feed.timeframe)
    empty = Ledger(mode="paper", cash_usd=settings.desk.cash_usd)
    empty.equity_usd = empty.high_water_usd = empty.halt_high_water_usd = empty.cash_usd
    empty.day_open_usd = empty.week_open_usd = empty.cash_usd
    costing = Costing(policy.costs, policy.instruments, Conditions(), empty)
    studied = await study(
        pipeline,
        feed,
        empty,
        costing.of_history,
        instruments=tuple(files),
        until=feed.until,
        bars=bars,
        tell=tell,
    )
    assessments = {name: seen for name, (_, seen) in studied.newest.items()}
    labels = {event.instrument: len(event.labels) for event in studied.events}
    return tuple(
        FileScan(
            instrument=name,
            assessment=assessment,
            layers=layer_views(assessment),
            card=_card(assessment, pipeline, policy, empty, assessments, market, costing),
            labels=labels[name],
            market=market,
        )
        for name, assessment in assessments.items()
    )


def _card(
    assessment: Assessment,
    pipeline: Pipeline,
    policy: Policy,
    ledger: Ledger,
    assessed: Mapping[str, Assessment],
    view: MarketView,
    costing: Costing,
) -> Card:
    moment = Moment(
        now=assessment.at,
        prices={name: exact(seen.price) for name, seen in assessed.items()},
        assessed=assessed,
        timeframe=view.timeframe,
        is_open=is_open,
    )
    picture = picture_of(ledger, policy, moment)
    gate = gate_of(pipeline, assessment)
    passed = [
        seen
        for seen in assessed.values()
        if seen.at == assessment.at and not pipeline.refusal(seen)
    ]
    ties = pipeline.correlations()
    shares = shares_of(passed, ledger, policy, picture, costing, assessed, ties)
    return card_of(assessment, gate, ledger, policy, picture, costing, shares)


def scan_as_json(scan: FileScan) -> dict[str, Any]:
    """One scan as plain JSON data: layers, odds, setup, size chain and verdict."""
    assessment, card = scan.assessment, scan.card
    data = plain(assessment)
    return {
        "instrument": scan.instrument,
        "at": data["at"],
        "price": assessment.price,
        "labels": scan.labels,
        "layers": [_layer_as_json(layer) for layer in scan.layers],
        "setup": data["setup"],
        "odds": data["odds"],
        "log_odds": [{"step": name, "nats": value} for name, value in assessment.log_odds],
        "size": _size_as_json(card),
        "verdict": {
            "card": card.kind.value if card.kind else None,
            "sentence": card.sentence,
            "would_trade": card.kind is CardKind.PROPOSAL,
        },
    }


def _layer_as_json(layer: LayerView) -> dict[str, Any]:
    reading = layer.reading
    return {
        "number": layer.number,
        "name": layer.name,
        "title": layer.title,
        "role": layer.role.value,
        "llr": reading.llr,
        "weight": reading.weight,
        "contribution": layer.contribution,
        "variance": reading.variance,
        "n_eff": reading.n_eff,
        "valid": reading.valid,
        "reason": reading.reason,
        "diagnostics": reading.diagnostics,
    }


def _size_as_json(card: Card) -> dict[str, Any] | None:
    terms = card.terms
    if terms is None:
        return None
    steps = [
        {"name": step.name, "factor": step.factor, "fraction": step.fraction}
        for step in terms.size_steps
    ]
    return {
        "quantity": str(terms.quantity),
        "notional_usd": str(round(terms.notional_usd, 2)),
        "risk_usd": str(round(terms.risk_usd, 2)),
        "fraction": terms.size_frac,
        "set_by": terms.size_set_by,
        "steps": steps,
    }
