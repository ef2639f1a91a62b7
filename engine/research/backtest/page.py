"""The report as one page that needs nothing but a browser.

Refuses to load anything from anywhere: style and pictures stand in the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from engine.model.positions import Origin
from engine.research.backtest import drawing
from engine.research.backtest.drawing import Series
from engine.research.backtest.line import instant
from engine.research.backtest.measures import Numbers, odds_of
from engine.research.backtest.report import BacktestReport
from engine.research.backtest.style import STYLE
from engine.review.statistics.reliability import reliability_bins

_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_KINDS = {"buy and hold": "hold", "hold, at the same exposure": "less", "a part each day": "part"}


def page_of(report: BacktestReport) -> str:
    """The whole page, HTML."""
    result = report.result
    title = f"Backtest of {', '.join(result.instruments)}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(_subtitle(report))}</p>',
        _section("In words", "".join(f"<p>{escape(s)}</p>" for s in report.sentences)),
        _section("In numbers", _tiles(report)),
        _pair(_equity(report), _drawdown(report)),
        _pair(_exposure(report), _reliability(report)),
        _pair(_stopped(report), _layers(report)),
        _pair(_excursions(report), _sensitivity(report)),
        _monthly(report),
        _against(report),
        _section("How it was run", _terms(report)),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def _subtitle(report: BacktestReport) -> str:
    result = report.result
    locked = (
        f"; the last fifth, from {result.locked_from:%Y-%m-%d}, stays locked"
        if result.locked_from
        else "; the last fifth is OPENED"
    )
    span = f"{result.first_at:%Y-%m-%d} to {result.last_at:%Y-%m-%d}"
    return f"{result.timeframe} bars, traded from {span} UTC{locked}"


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{inside}</section>"


def _pair(*sections: str) -> str:
    return f'<div class="pair">{"".join(sections)}</div>'


def _tiles(report: BacktestReport) -> str:
    returns, odds = report.returns, report.odds
    gate, tried = report.trades[Origin.PROPOSAL.value], report.trades[Origin.EXPLORATORY.value]
    tiles = [
        ("total return", _percent(returns["total_return_frac"])),
        ("largest fall", _share(returns["max_drawdown_frac"])),
        ("Sharpe ratio a year", _plain(returns["sharpe_a_year"])),
        ("under water, longest", f"{returns['longest_under_water_days']} days"),
        ("mean exposure", _share(returns["mean_exposure_frac"])),
        ("proposals traded", f"{gate['trades']}"),
        ("expectancy of proposals", _r(gate.get("expectancy_r"))),
        ("exploratory trades", f"{tried['trades']}"),
        ("expectancy, exploratory", _r(tried.get("expectancy_r"))),
        ("candidates", f"{odds['candidates']}"),
        ("met their target", _share(odds.get("target_rate"))),
        ("odds given, mean", _share(odds.get("mean_odds"))),
    ]
    inside = "".join(
        f'<div class="tile"><b>{escape(value)}</b><span>{escape(name)}</span></div>'
        for name, value in tiles
    )
    return f'<div class="tiles">{inside}</div>'


def _equity(report: BacktestReport) -> str:
    run = report.result.base
    series = [Series(each.name, _KINDS[each.name], each.equity_usd) for each in report.against] + [
        Series("the desk", "desk", run.equity.equity_usd)
    ]
    picture = drawing.lines(series, _dates(report), "{:,.0f}", "equity in US dollars over time")
    return _section("Equity, US dollars", picture + _key(series))


def _drawdown(report: BacktestReport) -> str:
    equity = report.result.base.equity.equity_usd
    fall = equity / np.maximum.accumulate(equity) - 1.0
    picture = drawing.lines(
        [Series("fall", "bad", fall)], _dates(report), "{:.1%}", "fall from the highest equity"
    )
    return _section("Fall from the highest equity", picture)


def _exposure(report: BacktestReport) -> str:
    exposure = report.result.base.equity.exposure_frac
    picture = drawing.lines(
        [Series("exposure", "desk", exposure)], _dates(report), "{:.0%}", "share of equity held"
    )
    return _section("Share of equity held", picture)


def _reliability(report: BacktestReport) -> str:
    closed = [each for each in report.result.candidates if each.outcome is not None]
    if len(closed) < 20:
        return _section("Do the odds keep their word?", "<p>Too few closed candidates.</p>")
    p, y = odds_of(closed)
    points = [(each.odds, each.rate, "desk") for each in reliability_bins(p, y)]
    picture = drawing.dots(
        points, "odds given", "share that met the target", "reliability of the odds",
        diagonal=True,
    )  # fmt: skip
    words = (
        f"Brier score {report.odds['brier_score']:.4f}, skill over driftless odds "
        f"{_percent(report.odds['brier_skill_frac'])}, Spiegelhalter z "
        f"{report.odds['spiegelhalter_sd']:+.2f}."
    )
    return _section("Do the odds keep their word?", picture + f'<p class="soft">{words}</p>')


def _stopped(report: BacktestReport) -> str:
    stopped = sorted(report.result.base.stopped.items(), key=lambda row: -row[1])
    if not stopped:
        return _section("What stopped candidates", "<p>Nothing was stopped.</p>")
    rows = [(_short(name), float(count), str(count)) for name, count in stopped[:10]]
    return _section("What stopped candidates", drawing.bars(rows, "candidates stopped by rule"))


def _layers(report: BacktestReport) -> str:
    rows = [
        (name.replace("_", " "), _gap(found), f"{_gap(found):+.4f}")
        for name, found in report.layers.items()
    ]
    title = "What layers tell apart, nats"
    if not rows:
        return _section(title, "<p>No layer has evidence yet.</p>")
    words = "Mean move of the log-odds where the target came first, less where it did not."
    picture = drawing.bars(rows, "contribution of each layer")
    return _section(title, picture + f'<p class="soft">{words}</p>')


def _gap(found: Numbers) -> float:
    hit, missed = found["mean_when_target_nats"], found["mean_when_not_nats"]
    if not isinstance(hit, float) or not isinstance(missed, float):
        return 0.0
    return hit - missed


def _excursions(report: BacktestReport) -> str:
    title = "Worst and best point of each trade"
    trades = report.result.base.trades
    if not trades:
        return _section(title, "<p>No trade was closed.</p>")
    points = [(t.mae_frac, t.mfe_frac, "good" if t.pnl_usd > 0 else "bad") for t in trades]
    picture = drawing.dots(
        points, "worst (MAE)", "best (MFE), of entry", "excursions of trades", unit="{:.1%}"
    )
    return _section(title, picture + '<p class="soft">Green won, red lost, after costs.</p>')


def _sensitivity(report: BacktestReport) -> str:
    rows = [
        [
            f"{_plain(each['cost_factor'])} x",
            str(each["cards"]),
            str(each["trades"]),
            _r(each["expectancy_r"]),
            _percent(each["total_return_frac"]),
            _share(each["max_drawdown_frac"]),
        ]
        for each in report.sensitivity
    ]
    head = ["costs", "cards", "trades", "expectancy", "return", "fall"]
    words = '<p class="soft">An edge that dies at twice the costs is none.</p>'
    return _section("How much depends on costs", _table(head, rows) + words)


def _monthly(report: BacktestReport) -> str:
    years = sorted({month[:4] for month in report.monthly})
    rows = []
    for year in years:
        values = [report.monthly.get(f"{year}-{m:02}") for m in range(1, 13)]
        whole = float(np.prod([1.0 + v for v in values if v is not None])) - 1.0
        rows.append([year, *(_percent(v) for v in values), _percent(whole)])
    head = [
        "",
        *["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        "year",
    ]
    return _section("Months", _table(head, rows, coloured=True))


def _against(report: BacktestReport) -> str:
    start = float(report.result.base.start_cash_usd)
    rows = [["the desk", _percent(report.returns["total_return_frac"]), "after costs"]]
    rows += [
        [each.name, _percent(float(each.equity_usd[-1]) / start - 1.0), each.words]
        for each in report.against
    ]
    table = f'<div class="words">{_table(["", "return", "how"], rows)}</div>'
    return _section("Against doing something simpler", table)


def _terms(report: BacktestReport) -> str:
    plan, result = report.result.plan, report.result
    told = [
        *plan.words,
        "Exploratory trades are made and booked apart."
        if plan.exploratory
        else "Exploratory trades are off.",
        f"Settings {result.config_hash[:12]}, seed {plan.seed}.",
        f"{sum(result.bars.values())} bars; {result.base.bars_taken} sets needed the whole desk.",
        "Fills come from the next bar; the stop comes before the target within a bar.",
    ]
    return "".join(f'<p class="soft">{escape(each)}</p>' for each in told)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, coloured: bool = False) -> str:
    top = "".join(f"<th>{escape(h)}</th>" for h in head)
    body = "".join(
        "<tr>" + "".join(_cell(cell, coloured=coloured and k > 0) for k, cell in enumerate(row))
        + "</tr>"
        for row in rows
    )  # fmt: skip
    return f'<div class="scroll"><table><tr>{top}</tr>{body}</table></div>'


def _cell(text: str, *, coloured: bool) -> str:
    kind = ""
    if coloured and text[:1] in "+−":
        kind = ' class="up"' if text.startswith("+") else ' class="down"'
    return f"<td{kind}>{escape(text)}</td>"


def _key(series: Sequence[Series]) -> str:
    inside = "".join(
        f'<span><i style="background:var(--{each.kind})"></i>{escape(each.name)}</span>'
        for each in series
    )
    return f'<p class="key">{inside}</p>'


def _dates(report: BacktestReport) -> list[tuple[float, str]]:
    at = report.result.base.equity.at
    return [
        (share, f"{instant(int(at[int(share * (at.shape[0] - 1))])):%Y-%m-%d}")
        for share in (0.0, 0.5, 1.0)
    ]


def _short(name: str) -> str:
    return name if len(name) <= 26 else f"{name[:25]}…"


def _percent(value: object) -> str:
    if not isinstance(value, int | float):
        return "–"
    return f"{100.0 * value:+.2f} %".replace("-", "−") if value else "0 %"


def _share(value: object) -> str:
    return f"{100.0 * value:.2f} %" if isinstance(value, int | float) else "–"


def _r(value: object) -> str:
    return f"{value:+.2f} R".replace("-", "−") if isinstance(value, int | float) else "–"


def _plain(value: object) -> str:
    return f"{value:.3g}".replace("-", "−") if isinstance(value, int | float) else "–"
