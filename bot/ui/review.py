"""The review in cards: gates and verdict, performance, the goal, the live odds.

Refuses to encourage: a gate shows its number and its bound, and what is unknown says so.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

from bot.ui.card import Card, Picture, Tone
from bot.ui.market import banner
from bot.ui.text import (
    clip,
    count,
    duration,
    money,
    risk_multiple,
    share,
    signed_money,
    signed_share,
    table,
)
from engine.facade import (
    Gate,
    GoalReportView,
    MarketView,
    OddsView,
    PerformanceView,
    ReviewView,
    Verdict,
)

TONES = {
    Verdict.GO_FULL: Tone.GOOD,
    Verdict.GO_PILOT: Tone.GOOD,
    Verdict.KEEP_PAPER: Tone.CALM,
    Verdict.NO_GO: Tone.BAD,
}
_MARKS = {True: "✓", False: "✗", None: "○"}
_NEEDS_SHOWN = 6
_HASH_DIGITS = 12


def review_card(view: ReviewView) -> Card:
    """Every gate with its number, the verdict, and what it would take."""
    review = view.review
    decision, evidence = review.decision, review.measured.evidence
    card = Card(TONES[decision.verdict])
    card.lines(
        (
            f"## Review · {decision.verdict}",
            decision.reason,
            (
                f"Clock since {review.since:%d %b %Y} · {evidence.weeks:.1f} weeks · "
                f"{count(evidence.trades, 'closed trade')}"
            ),
            _marked(view.market),
        )
    )
    card.rule().lines(_on_record(view))
    wanting = decision.needs[:_NEEDS_SHOWN]
    if wanting:
        more = len(decision.needs) - len(wanting)
        left = f"-# and {more} more" if more else ""
        needs = [f"- {clip(need, 160)}" for need in wanting]
        card.rule().lines(["**What it would take**", *needs, left])
    for group, gates in groupby(decision.gates, key=lambda gate: gate.group):
        told = [gate_line(gate) for gate in gates]
        card.rule().lines([f"**{group.value.capitalize()}**", *told], essential=False)
    card.lines(_unmeasured(view), essential=False)
    return card.footer(
        f"Settings {view.parameters_hash[:_HASH_DIGITS]} · ✓ passed ✗ failed ○ not known, "
        "which is neither"
    )


def gate_line(gate: Gate) -> str:
    """One gate in one line."""
    return f"{_MARKS[gate.passed]} {gate.name}: **{gate.value}** ({gate.bound})"


def performance_card(view: PerformanceView, picture: Picture | None) -> Card:
    """Money, results in R, risk, execution and choices of a stretch of time."""
    found = view.performance
    gained = found.end_usd - found.begin_usd
    card = Card(Tone.GOOD if gained > 0 else Tone.BAD if gained < 0 else Tone.CALM)
    card.lines(
        (
            f"## Performance · {signed_money(gained)} ({signed_share(found.return_frac)})",
            f"{found.since:%d %b %Y} to {found.until:%d %b %Y}, the whole desk",
            _marked(view.market),
        )
    )
    card.picture(picture)
    card.rule().text(table(("what", "value"), _risk_rows(view)))
    rows = [
        (
            each.origin.value,
            str(each.statistics.count),
            risk_multiple(each.statistics.expectancy),
            f"{each.statistics.win_rate:.0%}",
            _ratio(each.statistics.profit_factor),
        )
        for each in found.origins
        if each.statistics is not None
    ]
    if rows:
        card.rule().text(table(("trades", "n", "mean", "won", "PF"), rows))
        card.lines([_interval_line(view)], essential=False)
    card.rule().lines(_execution_lines(view), essential=False)
    card.lines(_choice_lines(view), essential=False)
    return card.footer(
        "PF is what was won over what was lost; R is the loss at the stop"
        if rows
        else "Turnover and fees count closed trades; drawdown counts the ends of days"
    )


def goal_card(view: GoalReportView) -> Card:
    """The stated goal: tracked, not targeted."""
    report = view.report
    low, high = report.low, report.high
    card = Card(Tone.CALM).lines(
        (
            f"## Stated goal {_span(low.daily_frac, high.daily_frac)} a day",
            "Tracked, not targeted: it changes no order, size, limit or probability.",
            _marked(view.market),
        )
    )
    card.rule().text(
        table(
            ("what it implies", share(low.daily_frac), share(high.daily_frac)),
            (
                ("× in 252 days", f"{low.factor_252_days:,.1f}", f"{high.factor_252_days:,.1f}"),
                ("× in 365 days", f"{low.factor_365_days:,.1f}", f"{high.factor_365_days:,.1f}"),
                (
                    "Sharpe, ¼ Kelly",
                    f"{low.sharpe_quarter_kelly:.1f}",
                    f"{high.sharpe_quarter_kelly:.1f}",
                ),
                (
                    "at volatility",
                    f"{low.volatility_quarter_kelly:.0%}",
                    f"{high.volatility_quarter_kelly:.0%}",
                ),
            ),
        )
    )
    card.rule().lines(_goal_lines(view))
    return card.footer("Reported long-run best of the trade: some 0.1 % a day, Sharpe about 2")


def odds_card(view: OddsView, picture: Picture | None) -> Card:
    """Whether the live odds keep their word."""
    odds = view.odds
    worse = odds.skill is not None and odds.skill <= 0.0
    card = Card(Tone.WARN if worse else Tone.CALM).lines(
        (
            f"## Calibration · {count(odds.count, 'candidate')} since {view.since:%d %b %Y}",
            "Odds given live, each before its outcome was known",
            _marked(view.market),
        )
    )
    card.picture(picture)
    card.rule().text(table(("what", "value"), _odds_rows(view)))
    return card.footer(
        "Skill is against a price without drift; z is Spiegelhalter's, fair between −2 and 2"
    )


def _on_record(view: ReviewView) -> list[str]:
    standing = view.standing
    lines = []
    if standing.verdict is None:
        lines.append(f"On record: none. {standing.reason}")
    else:
        when = f" of {standing.looked_at:%d %b %Y}" if standing.looked_at else ""
        lines.append(f"On record: **{standing.verdict}**{when}. {standing.reason}")
    lines.append(
        f"Looks go on record from {view.first_look_at:%d %b %Y}; before "
        f"{view.full_look_at:%d %b %Y} they can only stop."
    )
    lines.append(
        "The one look that can grant a pilot has been held."
        if view.scheduled_spent
        else "The first weekly look after that with enough trades is the one that can grant a "
        "pilot."
    )
    if view.registrations_count > 1:
        told = ", ".join(view.changed[:3]) or "see /audit"
        lines.append(
            f"-# The clock has been started {view.registrations_count} times; last for: "
            f"{clip(told, 200)}"
        )
    return lines


def _unmeasured(view: ReviewView) -> list[str]:
    reasons = dict.fromkeys(view.review.measured.missing.values())
    return [f"-# not measured: {clip(reason, 140)}" for reason in reasons]


def _risk_rows(view: PerformanceView) -> list[tuple[str, str]]:
    found = view.performance
    rows = [
        ("drawdown, day ends", share(found.drawdown_frac)),
        ("days under water", share(found.under_water_frac, 0)),
        ("longest, days", str(found.longest_under_water_days)),
        ("mean exposure", share(found.mean_exposure_frac)),
    ]
    if found.passive_frac is not None:
        rows.append(("held, not traded", signed_share(found.passive_frac)))
    rows.append(("turnover, closed", money(found.turnover_usd)))
    if found.cost_share_frac is not None:
        rows.append(("fees of turnover", share(found.cost_share_frac, 2)))
    return rows


def _interval_line(view: PerformanceView) -> str:
    found = view.performance
    for each in found.origins:
        if each.expectancy_r is not None:
            low, high = each.expectancy_r.low, each.expectancy_r.high
            return (
                f"-# the mean of {each.origin.value} trades lies between {risk_multiple(low)} and "
                f"{risk_multiple(high)}, 95 % bootstrap"
            )
    return "-# too few trades for an interval of the mean"


def _execution_lines(view: PerformanceView) -> list[str]:
    found = view.performance
    lines = []
    if found.slippage and found.modelled_slippage:
        modelled = share(found.modelled_slippage.mean, 3)
        paid = found.slippage
        lines.append(
            f"Slippage mean {share(paid.mean, 3)}, median {share(paid.median, 3)}, worst "
            f"{share(paid.most, 3)}; modelled {modelled}"
        )
    if found.approval_seconds:
        waited = found.approval_seconds
        lines.append(
            f"From card to decision: half within {_seconds(waited.median)}, nine in ten within "
            f"{_seconds(waited.ninth_decile)}"
        )
    if found.mae_r and found.mfe_r:
        lines.append(
            f"Median excursion against {risk_multiple(-found.mae_r.median)}, in favour "
            f"{risk_multiple(found.mfe_r.median)}"
        )
    return lines


def _choice_lines(view: PerformanceView) -> list[str]:
    found = view.performance
    if not found.choices:
        return []
    rows = [
        (
            f"{each.origin.value}, {each.status.value}",
            str(each.cards),
            risk_multiple(each.mean_r) if each.mean_r is not None else "not known",
        )
        for each in found.choices
    ]
    return ["**How the setups ended, taken or not**", table(("cards", "n", "mean"), rows)]


def _goal_lines(view: GoalReportView) -> list[str]:
    report = view.report
    daily = report.daily_frac
    if daily is None:
        return [
            f"Record: {count(report.days, 'whole day')}, too few to say anything (8 at least)."
        ]
    lines = [
        (
            f"Realised: **{signed_share(daily.value, 3)} a day** "
            f"({signed_share(daily.low, 3)} to {signed_share(daily.high, 3)}, 95 %), "
            f"{count(report.days, 'day')}"
        )
    ]
    if report.volatility is not None and report.sharpe is not None:
        lines.append(
            f"Realised volatility {share(report.volatility)} a year, Sharpe {report.sharpe:.1f}"
        )
    if report.sharpe_low_goal is not None and report.sharpe_high_goal is not None:
        lines.append(
            f"At that volatility the goal takes a Sharpe ratio of {report.sharpe_low_goal:,.0f} "
            f"to {report.sharpe_high_goal:,.0f}"
        )
    if report.odds:
        rows = [
            (f"next {each.days} days", _chance(each.low_goal), _chance(each.high_goal))
            for each in report.odds
        ]
        low, high = share(report.low.daily_frac), share(report.high.daily_frac)
        lines.append(table(("chance of it", low, high), rows))
    return lines


def _odds_rows(view: OddsView) -> list[tuple[str, str]]:
    odds = view.odds
    return [
        ("Brier", _known(odds.brier, "{:.4f}")),
        ("Brier, no drift", _known(odds.brier_driftless, "{:.4f}")),
        ("skill", _known(odds.skill, "{:+.2%}")),
        ("z", _known(odds.z, "{:+.2f}")),
        ("candidates apart", str(odds.apart)),
        ("overconfidence", f"{view.overconfidence:.2f} of {view.overconfidence_bound:.0f}"),
    ]


def _known(value: float | None, form: str) -> str:
    return "unknown" if value is None else form.format(value).replace("%", " %")


def _chance(value: float) -> str:
    return f"{value:.1%}".replace("%", " %") if value >= 0.001 else "< 0.1 %"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value < float("inf") else "no loss"


def _span(low: float, high: float) -> str:
    return share(low) if low == high else f"{low * 100:g}–{high * 100:g} %"


def _seconds(value: float) -> str:
    return duration(timedelta(seconds=value))


def _marked(market: MarketView | None) -> str:
    marked = banner(market) if market is not None else ""
    return f"-# {marked}" if marked else ""
