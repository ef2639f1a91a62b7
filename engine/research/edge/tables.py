"""The study's results as the pages under docs/research/edge show them, and as JSON.

Refuses to leave out the losers: every trial is in the log, and every page counts all of its own.
"""

from __future__ import annotations

from typing import Any

from engine.research.edge.hypotheses import TITLES
from engine.research.edge.run import LEAST_TRADES, EdgeStudy, Found, last_seen
from engine.review.statistics.resampling import Interval

SHOWN = 8
"""Trials in a page's table: the best by net mean, of those with enough trades."""
_OTHER_COSTS = {
    "BTC": (("no cost", 0.0), ("Kraken maker", 50.0), ("Coinbase maker", 120.0),
            ("Coinbase taker", 242.0)),
    "gold": (("no cost", 0.0),),
    "silver": (("no cost", 0.0),),
}  # fmt: skip


def page_of(study: EdgeStudy, hypothesis: str) -> str:
    """Results of one hypothesis as Markdown, without its heading."""
    found = study.of(hypothesis)
    enough = [each for each in found if each.judged.trades >= LEAST_TRADES]
    best = sorted(enough, key=lambda each: each.judged.net.value, reverse=True)
    lines = [
        f"## Result: {study.verdict(hypothesis)}",
        "",
        (
            f"{len(found)} trials, {len(enough)} of them with at least {LEAST_TRADES} trades; "
            f"data to {last_seen(study):%Y-%m-%d %H:%M} UTC. {_survivors(found)}"
        ),
        "",
        *_by_instrument(enough),
        "",
        f"The {min(SHOWN, len(best))} best by net mean, bp a trade with 95 % intervals:",
        "",
        "| on | point | trades | gross | net | timing | p | Holm | deflated Sharpe | fails |",
        "|---|---|---:|---|---|---|---:|---:|---:|---|",
        *(_row(each) for each in best[:SHOWN]),
    ]
    if hypothesis == "maker":
        lines += ["", *_maker_lines(study)]
    return "\n".join(lines) + "\n"


def summary_of(study: EdgeStudy) -> str:
    """Results of the whole study as Markdown, without its heading."""
    lines = [
        "| hypothesis | trials | net mean above 0 | p below 0.05 | Holm below 0.05 | verdict |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, title in TITLES.items():
        found = study.of(name)
        lines.append(
            f"| {title} | {len(found)} | {sum(each.judged.net.value > 0 for each in found)} | "
            f"{sum(each.judged.p < 0.05 for each in found)} | "
            f"{sum(each.holm < 0.05 for each in found)} | {study.verdict(name)} |"
        )
    lowest = min(study.found, key=lambda each: each.judged.p)
    discovered = sum(each.false_discovery < 0.10 for each in study.found)
    lines += [
        "",
        (
            f"{len(study.found)} trials. Smallest p {lowest.judged.p:.3f} "
            f"({lowest.point.hypothesis} on {lowest.point.market.name}, {_knobs(lowest)}), "
            f"{lowest.holm:.3f} after Holm; "
            f"{discovered} with a false-discovery rate below 10 %. "
            f"By the log: {study.search.sentence}."
        ),
    ]
    return "\n".join(lines) + "\n"


def study_as_json(study: EdgeStudy) -> dict[str, Any]:
    """Every trial as plain data."""
    return {
        "draws": study.draws,
        "last_seen": last_seen(study).isoformat(),
        "verdicts": {name: study.verdict(name) for name in TITLES},
        "search": study.search.sentence,
        "trials": [
            {
                "hypothesis": each.point.hypothesis,
                "instrument": each.point.market.name,
                **each.point.axes,
                "trades": each.judged.trades,
                "gross_bps": each.judged.gross._asdict(),
                "net_bps": each.judged.net._asdict(),
                "timing_bps": each.judged.timing._asdict(),
                "p": each.judged.p,
                "holm": each.holm,
                "false_discovery": each.false_discovery,
                "deflated_sharpe": each.deflated_sharpe,
                "net_twice_bps": each.net_twice_bps,
                "failed": list(each.failed),
            }
            for each in study.found
        ],
    }


def _survivors(found: tuple[Found, ...]) -> str:
    survivors = [each for each in found if each.survives]
    if not survivors:
        return "**None survives.**"
    told = "; ".join(f"{each.point.market.name}, {_knobs(each)}" for each in survivors)
    return f"**{len(survivors)} survive(s):** {told}."


def _by_instrument(found: list[Found]) -> list[str]:
    """Mean of the trials' gross and net means, and what other costs would leave."""
    lines = [
        "| on | trials | mean gross | mean net | net above 0 | net above 0 at other costs |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, costs in _OTHER_COSTS.items():
        own = [each for each in found if each.point.market.name == name]
        if not own:
            continue
        gross = [each.judged.gross.value for each in own]
        net = [each.judged.net.value for each in own]
        others = ", ".join(
            f"{label} {sum(value > cost for value in gross)}" for label, cost in costs
        )
        lines.append(
            f"| {name} | {len(own)} | {sum(gross) / len(own):+.1f} | {sum(net) / len(own):+.1f} | "
            f"{sum(value > 0 for value in net)} | {others} |"
        )
    return lines


def _maker_lines(study: EdgeStudy) -> list[str]:
    lines = [
        "Maker less taker, bp a signal (above 0: the maker is better):",
        "",
        "| on | d, n | difference, 95 % |",
        "|---|---|---|",
    ]
    for each in study.of("maker"):
        gap = study.maker_less_taker[each.point.market.name, each.point.steps]
        lines.append(f"| {each.point.market.name} | {_knobs(each)} | {_interval(gap)} |")
    return lines


def _row(each: Found) -> str:
    said = each.judged
    deflated = "" if each.deflated_sharpe is None else f"{each.deflated_sharpe:.3f}"
    return (
        f"| {each.point.market.name} | {_knobs(each)} | {said.trades} | {_interval(said.gross)} | "
        f"{_interval(said.net)} | {_interval(said.timing)} | {said.p:.4f} | {each.holm:.3f} | "
        f"{deflated} | {' '.join(each.failed)} |"
    )


def _knobs(each: Found) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:g}"
        if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in each.point.axes.items()
    )


def _interval(found: Interval) -> str:
    return f"{found.value:+.1f} [{found.low:+.1f}, {found.high:+.1f}]"
