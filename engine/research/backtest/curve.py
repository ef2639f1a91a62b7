"""The equity of a finished walk at every set of bars, from its fills and the closes.

Refuses to mark at what had not closed: what is held counts at the newest close, as live has it.
"""

from __future__ import annotations

import numpy as np

from engine.journal.holdings import paid_for, proceeds_of
from engine.journal.ledger import Ledger
from engine.model.orders import Side
from engine.probability.layer import FloatArray, IntArray
from engine.research.backtest.line import MICROS, Line, micros
from engine.research.backtest.result import EquityCurve


def curve_of(ledger: Ledger, line: Line, first: int, last: int) -> EquityCurve:
    """Marks from place `first` to place `last`, both included."""
    places = np.arange(first, last + 1)
    at = line.at[places]
    cash = np.full(places.shape[0], float(ledger.start_cash_usd))
    held = np.zeros(places.shape[0])
    for track in line.tracks:
        quantity, spent = _moves(ledger, track.instrument.symbol, at * MICROS)
        cash -= spent
        rows = track.rows[places]
        closes = np.where(rows >= 0, track.history.close[np.maximum(rows, 0)], 0.0)
        held += quantity * closes
    equity = cash + held
    with np.errstate(divide="ignore", invalid="ignore"):
        exposure = np.where(equity > 0.0, held / equity, 0.0)
    return EquityCurve(at, equity, cash, exposure)


def _moves(ledger: Ledger, symbol: str, at_us: IntArray) -> tuple[FloatArray, FloatArray]:
    """Units held, and dollars spent less received, of one instrument at each instant."""
    quantity, spent = np.zeros(at_us.shape[0] + 1), np.zeros(at_us.shape[0] + 1)
    for fill in ledger.fills.values():
        order = ledger.orders[fill.client_id].order
        if order.instrument != symbol:
            continue
        buys = order.side is Side.BUY
        place = int(np.searchsorted(at_us, micros(fill.at), side="left"))
        quantity[place] += float(fill.quantity if buys else -fill.quantity)
        spent[place] += float(paid_for(fill) if buys else -proceeds_of(fill))
    # What is bought and sold again in whole leaves nothing, not the last bit of a sum.
    sums = np.cumsum(quantity)[:-1]
    sums[np.abs(sums) < 1e-12] = 0.0
    return sums, np.cumsum(spent)[:-1]
