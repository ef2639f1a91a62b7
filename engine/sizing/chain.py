"""The bare arithmetic of the size chain on plain floats, as MATH.md section 10 names it.

Refuses what the desk's own chain in ``entry.py`` adds: exposures, cash, heat and the gates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.model.proposals import SizeStep
from engine.sizing.arguments import require
from engine.sizing.factors import drawdown_factor, volatility_factor
from engine.sizing.kelly import kelly_two_outcome
from engine.sizing.ladder import Ladder

KELLY_SHARE = 0.25
# Lets a quantity that is a whole number of lots survive its binary representation.
_LOT_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class ChainSize:
    """What the arithmetic chain answers.

    Attributes
    ----------
    fraction : float, notional over equity, >= 0
        After the caps and before the lot.
    quantity : float, base units, >= 0
        A whole number of lots; 0 below the minimum notional.
    steps : tuple of SizeStep
        Every factor of `fraction`, in order; their product is `fraction`.
    set_by : str
        Which step bound the size.
    """

    fraction: float
    quantity: float
    steps: tuple[SizeStep, ...]
    set_by: str


def size_chain(
    equity: float,
    price: float,
    p_low: float,
    target_frac: float,
    stop_frac: float,
    cost_frac: float,
    vol_target: float,
    vol_forecast: float,
    drawdown: float,
    lot: float,
    min_notional: float = 10.0,
    instrument_cap: float = 0.30,
    risk_cap: float = 0.01,
) -> ChainSize:
    """Quarter Kelly on the lower bound, cut by volatility, drawdown and caps, floored to the lot.

    Parameters
    ----------
    equity : float, US dollars, > 0
    price : float, quote currency, > 0
    p_low : float, probability in [0, 1]
        Lower bound of the chance that the target comes before the stop.
    target_frac : float, fraction of entry, > 0
    stop_frac : float, fraction of entry, in (0, 1]
    cost_frac : float, fraction of entry, >= 0
    vol_target, vol_forecast : float, per square-root year, > 0
    drawdown : float, fraction of the high-water mark, in [0, 1]
    lot : float, base units, > 0
    min_notional : float, US dollars, >= 0
    instrument_cap : float, notional over equity, in [0, 1]
    risk_cap : float, loss at the stop over equity, in [0, 1]

    Raises
    ------
    ValueError
        If an argument is out of its range.

    References
    ----------
    MATH.md section 3, table S13.

    Examples
    --------
    >>> size = size_chain(1e4, 6e4, 0.52, 0.03, 0.02, 0.003, 0.10, 0.45, 0.0, 1e-5)
    >>> round(size.fraction, 8), round(size.quantity, 8)
    (0.26838433, 0.04473)
    """
    require("equity", equity, 0.0, open_low=True)
    require("price", price, 0.0, open_low=True)
    require("lot", lot, 0.0, open_low=True)
    require("p_low", p_low, 0.0, 1.0)
    require("target_frac", target_frac, 0.0, open_low=True)
    require("stop_frac", stop_frac, 0.0, 1.0, open_low=True)
    require("cost_frac", cost_frac, 0.0)
    require("vol_target", vol_target, 0.0, open_low=True)
    require("vol_forecast", vol_forecast, 0.0, open_low=True)
    require("min_notional", min_notional, 0.0)
    require("instrument_cap", instrument_cap, 0.0, 1.0)
    require("risk_cap", risk_cap, 0.0, 1.0)
    kelly = kelly_two_outcome(p_low, target_frac, stop_frac, cost_frac)
    ladder = Ladder("lower-bound Kelly", kelly)
    ladder.scale("quarter Kelly", KELLY_SHARE)
    ladder.scale("volatility target", volatility_factor(vol_target, vol_forecast))
    ladder.scale("drawdown ramp", drawdown_factor(drawdown))
    ladder.cap("instrument cap", instrument_cap)
    ladder.cap("risk at the stop", risk_cap / (stop_frac + cost_frac))
    lots = require("equity over price and lot", ladder.fraction * equity / price / lot, 0.0)
    quantity = math.floor(lots + _LOT_SLACK) * lot
    if quantity * price < min_notional:
        set_by = "minimum notional" if ladder.fraction > 0.0 else ladder.set_by
        return ChainSize(ladder.fraction, 0.0, ladder.steps, set_by)
    return ChainSize(ladder.fraction, quantity, ladder.steps, ladder.set_by)
