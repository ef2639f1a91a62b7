"""Trades, candidates and equity of a result as tables.

Refuses to write: a table is a frame, where it goes is the caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.research.backtest.line import instant
from engine.research.backtest.result import BacktestResult, Candidate, CostRun

if TYPE_CHECKING:
    import polars as pl


def tables_of(result: BacktestResult) -> dict[str, pl.DataFrame]:
    """Frames by name: ``trades`` and ``equity`` of every cost factor, ``candidates``."""
    import polars as pl

    return {
        "trades": pl.DataFrame(
            [row for run in result.runs for row in _trades(run)], schema=_TRADES()
        ),
        "candidates": pl.DataFrame([_candidate(each) for each in result.candidates])
        if result.candidates
        else pl.DataFrame(schema={"instrument": pl.String}),
        "equity": pl.concat([_equity(run) for run in result.runs]),
    }


def _TRADES() -> dict[str, pl.DataType | type[pl.DataType]]:  # noqa: N802 - a constant, made late
    import polars as pl

    when = pl.Datetime("us", "UTC")
    return {
        "cost_factor": pl.Float64, "id": pl.String, "origin": pl.String, "setup": pl.String,
        "instrument": pl.String, "opened_at": when, "closed_at": when, "closed_by": pl.String,
        "quantity": pl.String, "entry_price": pl.Float64, "exit_price": pl.Float64,
        "target": pl.Float64, "stop": pl.Float64, "fees_usd": pl.Float64, "pnl_usd": pl.Float64,
        "r_multiple": pl.Float64, "mae_frac": pl.Float64, "mfe_frac": pl.Float64,
        "p_mean": pl.Float64, "p_low": pl.Float64, "ev_low_frac": pl.Float64,
        "cost_frac": pl.Float64, "size_frac": pl.Float64, "size_set_by": pl.String,
    }  # fmt: skip


def _trades(run: CostRun) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for trade in run.trades:
        terms = run.terms[trade.id]
        rows.append(
            {
                "cost_factor": run.cost_factor,
                "id": trade.id,
                "origin": trade.origin.value,
                "setup": terms.setup_kind.value,
                "instrument": trade.instrument,
                "opened_at": trade.opened_at,
                "closed_at": trade.closed_at,
                "closed_by": trade.closed_by.value,
                "quantity": str(trade.quantity),
                "entry_price": float(trade.entry_price),
                "exit_price": float(trade.exit_price),
                "target": float(terms.target),
                "stop": float(terms.stop),
                "fees_usd": float(trade.fees_usd),
                "pnl_usd": float(trade.pnl_usd),
                "r_multiple": trade.r_multiple,
                "mae_frac": trade.mae_frac,
                "mfe_frac": trade.mfe_frac,
                "p_mean": terms.p_mean,
                "p_low": terms.p_low,
                "ev_low_frac": terms.ev_low_frac,
                "cost_frac": terms.costs.total_frac,
                "size_frac": terms.size_frac,
                "size_set_by": terms.size_set_by,
            }
        )
    return rows


def _candidate(each: Candidate) -> dict[str, object]:
    row: dict[str, object] = {
        "instrument": each.instrument,
        "at": each.at,
        "setup": each.kind.value,
        "entry": each.entry,
        "target": each.target,
        "stop": each.stop,
        "p_martingale": each.p_martingale,
        "p_prior": each.p_prior,
        "p": each.p_mean,
        "p_low": each.p_low,
        "break_even": each.break_even,
        "ev_mean_frac": each.ev_mean_frac,
        "ev_low_frac": each.ev_low_frac,
        "cost_frac": each.cost_frac,
        "outcome": each.outcome.value if each.outcome else None,
        "closed_at": each.closed_at,
        "gross_frac": each.gross_frac,
        "net_frac": each.net_frac,
        "uniqueness": each.uniqueness,
        "card": each.decision.card,
        "stopped_by": each.decision.stopped_by,
        "sentence": each.decision.sentence,
    }
    return row | {f"llr_{name}": each.llrs.get(name, 0.0) for name in _LAYERS}


_LAYERS = (
    "regime", "mean_reversion", "exhaustion", "alignment", "liquidity", "cross_asset", "scouts",
)  # fmt: skip


def _equity(run: CostRun) -> pl.DataFrame:
    import polars as pl

    curve = run.equity
    return pl.DataFrame(
        {
            "cost_factor": [run.cost_factor] * curve.at.shape[0],
            "at": pl.Series(
                [instant(s) for s in curve.at.tolist()], dtype=pl.Datetime("us", "UTC")
            ),
            "equity_usd": curve.equity_usd,
            "cash_usd": curve.cash_usd,
            "exposure_frac": curve.exposure_frac,
        }
    )
