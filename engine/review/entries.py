"""The record's entries against entries made at random over the same prices.

Refuses a test over prices that do not cover the trades: then it says what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.model.instants import to_micros
from engine.review.random_entries import Holdings, RandomEntryTest, random_entry_test
from engine.review.record import JudgedTrade, PriceHistory


def holdings_of(
    trades: Sequence[JudgedTrade], prices: Mapping[str, PriceHistory]
) -> list[Holdings] | str:
    """What was held of each instrument over which bars; a sentence where that is not known.

    A trade was held over every bar that closed while it was open, and over one at least. Its
    random counterparts pay the mean modelled costs of the instrument's trades.
    """
    found = []
    for instrument in sorted({each.trade.instrument for each in trades}):
        ours = [each for each in trades if each.trade.instrument == instrument]
        history = prices.get(instrument)
        if history is None or not history.close_at.size:
            return f"no price of {instrument} is recorded"
        held = tuple(_bars_held(each, history) for each in ours)
        if sum(held) > history.close_at.size:
            return f"{instrument} was held longer than its prices are recorded"
        found.append(
            Holdings(
                opens=history.opens,
                closes=history.closes,
                bars_held=held,
                net_fracs=tuple(each.net_frac for each in ours),
                cost_frac=float(np.mean([each.cost_frac for each in ours])),
            )
        )
    return found


def entries_test(
    trades: Sequence[JudgedTrade], prices: Mapping[str, PriceHistory], draws: int
) -> RandomEntryTest | str:
    """The random-entry test of a record, or why there is none, in a sentence."""
    if not trades:
        return "there is no closed trade"
    held = holdings_of(trades, prices)
    return held if isinstance(held, str) else random_entry_test(held, draws=draws)


def _bars_held(each: JudgedTrade, history: PriceHistory) -> int:
    opened, closed = to_micros(each.trade.opened_at), to_micros(each.trade.closed_at)
    first, last = np.searchsorted(history.close_at, (opened, closed), side="right")
    return max(int(last - first), 1)
