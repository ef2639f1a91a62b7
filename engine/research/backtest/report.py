"""Everything that is said of a result: one value from which JSON and the page are made.

Refuses to be kind: no trade is told as no trade, with the rule and the number that stopped each
candidate.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from engine.config import Settings
from engine.model.positions import Origin
from engine.research.backtest import measures
from engine.research.backtest.against import Alternative, alternatives, random_entries
from engine.research.backtest.desk import policy_for
from engine.research.backtest.measures import Numbers
from engine.research.backtest.result import BacktestResult, CostRun
from engine.review.random_entries import RandomEntryTest

AMBIGUOUS_BOUND = 0.05
"""Share of trades that ended in a bar with both barriers, above which finer bars are needed."""


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """A result with its numbers.

    Attributes
    ----------
    returns, trades : Numbers, and Numbers by origin
        Of the run at the first cost factor.
    monthly : dict of str to float
        Return of each month.
    sentences : tuple of str
        What a reader must know first, in plain words.
    opened : str
        What the trial log says of the opened last fifth; empty while it is locked.
    """

    result: BacktestResult
    returns: Numbers
    trades: dict[str, Numbers]
    odds: Numbers
    layers: dict[str, Numbers]
    monthly: dict[str, float]
    against: tuple[Alternative, ...]
    luck: RandomEntryTest | None
    sensitivity: tuple[Numbers, ...]
    sentences: tuple[str, ...]
    opened: str = ""


def report_of(settings: Settings, result: BacktestResult, opened: str = "") -> BacktestReport:
    """Work out everything that is said of a result."""
    plan, run = result.plan, result.base
    instruments = {name: settings.instrument(name) for name in result.instruments}
    costs = policy_for(settings, instruments, plan, run.cost_factor).cost_fracs()
    luck = random_entries(result, run, plan.seed)
    odds = measures.odds_numbers(result.candidates)
    return BacktestReport(
        result=result,
        returns=measures.return_numbers(run),
        trades=measures.numbers_by_origin(run, plan.seed),
        odds=odds,
        layers=measures.layer_numbers(result.candidates),
        monthly=measures.monthly_returns(run),
        against=alternatives(result, costs),
        luck=luck,
        sensitivity=tuple(_sensitivity(each, plan.seed) for each in result.runs),
        sentences=_sentences(result, luck, opened),
        opened=opened,
    )


def _sensitivity(run: CostRun, seed: int) -> Numbers:
    found = measures.trade_numbers(run.trades, None, seed)
    returns = measures.return_numbers(run)
    return {
        "cost_factor": run.cost_factor,
        "trades": len(run.trades),
        "expectancy_r": found.get("expectancy_r"),
        "expectancy_r_interval": found.get("expectancy_r_interval"),
        "total_return_frac": returns["total_return_frac"],
        "max_drawdown_frac": returns["max_drawdown_frac"],
        "cards": sum(run.raised.values()),
    }


def _sentences(
    result: BacktestResult, luck: RandomEntryTest | None, opened: str
) -> tuple[str, ...]:
    run, said = result.base, []
    if not result.complete:
        said.append(
            f"Interrupted: this is what was done until {result.last_at:%Y-%m-%d %H:%M} UTC."
        )
    if opened:
        said.append(opened)
    said.append(_what_came(result))
    if run.trades:
        share = run.ambiguous / len(run.trades)
        said.append(
            f"{run.ambiguous} of {len(run.trades)} trades ({share:.1%}) ended in a bar that held "
            "both stop and target; each counts as stopped."
        )
        if share > AMBIGUOUS_BOUND:
            said.append("That is more than 5 %: give finer bars with --fine.")
    if luck is not None:
        said.append(
            f"Entries at random with the same holding times do at least as well in "
            f"{luck.p:.1%} of {luck.draws} draws (mean {luck.mean_frac:+.3%} a trade against "
            f"{luck.random_mean_frac:+.3%})."
        )
    waited = [h for h in run.happenings if h.kind == "reset" and h.what.endswith("rule")]
    if waited:
        names = Counter(h.what.removesuffix(" by the owner's rule") for h in waited)
        told = ", ".join(f"{name} {count}x" for name, count in names.most_common())
        said.append(f"The owner's rule had to reset breakers: {told}.")
    if run.open_positions:
        said.append(f"{len(run.open_positions)} position(s) were still open at the end.")
    return (*said, *result.notes)


def _what_came(result: BacktestResult) -> str:
    run, count = result.base, len(result.candidates)
    if count == 0:
        return "No candidate was seen in this stretch, so there was nothing to trade."
    if not run.trades:
        stops = ", ".join(f"{n} by {rule}" for rule, n in _ordered(run))
        cards = sum(run.raised.values())
        return (
            f"No trade was closed: of {count} candidates {cards} became a card with terms; "
            f"stopped were {stops or 'none'}. An honest gate lets nothing through "
            "whose lower bound does not pay for its costs."
        )
    kinds = Counter(trade.origin for trade in run.trades)
    told = ", ".join(f"{kinds[o]} {o.value}" for o in Origin if kinds[o])
    return f"{len(run.trades)} trades were closed ({told}) out of {count} candidates."


def _ordered(run: CostRun) -> list[tuple[str, int]]:
    return sorted(run.stopped.items(), key=lambda item: (-item[1], item[0]))


def report_as_json(report: BacktestReport) -> dict[str, Any]:
    """Plain values: what ``metrics.json`` holds.

    ``expectancy_r_interval`` is of proposals alone, the only kind that counts for the review;
    null where none was traded.
    """
    result, plan, run = report.result, report.result.plan, report.result.base
    return {
        "expectancy_r_interval": report.trades[Origin.PROPOSAL.value].get("expectancy_r_interval"),
        "sentences": list(report.sentences),
        "config_hash": result.config_hash,
        "plan": {
            "cost_factors": list(plan.cost_factors),
            "approval": plan.approval.value,
            "latency_minutes": plan.latency.total_seconds() / 60.0,
            "owner_resets_after_hours": None
            if plan.resets_after is None
            else plan.resets_after.total_seconds() / 3600.0,
            "exploratory": plan.exploratory,
            "open_locked": plan.open_locked,
            "seed": plan.seed,
            "words": list(plan.words),
        },
        "timeframe": str(result.timeframe),
        "instruments": list(result.instruments),
        "bars": dict(result.bars),
        "bars_taken_whole": run.bars_taken,
        "first_at": result.first_at.isoformat(),
        "last_at": result.last_at.isoformat(),
        "locked_from": result.locked_from.isoformat() if result.locked_from else None,
        "complete": result.complete,
        "start_cash_usd": str(run.start_cash_usd),
        "end_equity_usd": str(run.end_equity_usd),
        "returns": report.returns,
        "trades": report.trades,
        "ambiguous_trades": run.ambiguous,
        "odds": report.odds,
        "layers": report.layers,
        "monthly_return_frac": report.monthly,
        "cards": dict(run.raised),
        "stopped": dict(_ordered(run)),
        "happenings": dict(Counter(h.kind for h in run.happenings)),
        "tripped": dict(
            Counter(h.what.partition(":")[0] for h in run.happenings if h.kind == "tripped")
        ),
        "against": {
            each.name: float(each.equity_usd[-1]) / float(run.start_cash_usd) - 1.0
            for each in report.against
        },
        "random_entries": None
        if report.luck is None
        else {
            "p": report.luck.p,
            "mean_frac": report.luck.mean_frac,
            "random_mean_frac": report.luck.random_mean_frac,
            "random_best_frac": report.luck.random_best_frac,
            "draws": report.luck.draws,
        },
        "cost_sensitivity": list(report.sensitivity),
    }
