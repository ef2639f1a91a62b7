"""How much trades in a day and how far it moves: what impact is measured against.

Refuses to guess: without volume there is no flow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.bars import Bar

_PARKINSON = 2.0 * math.sqrt(math.log(2.0))


@dataclass(frozen=True, slots=True)
class Flow:
    """How much trades in a day and how far it moves.

    Attributes
    ----------
    daily_volume : float, base units, > 0
    daily_volatility : float, per square-root day, >= 0
    """

    daily_volume: float
    daily_volatility: float


def flow_of(bar: Bar) -> Flow | None:
    """A day's flow as one bar suggests it, or None where its volume is unknown.

    References
    ----------
    Parkinson 1980: volatility is ``ln(high / low) / (2 sqrt(ln 2))``.
    """
    if not (bar.volume > 0.0 and 0.0 < bar.low <= bar.high):
        return None
    bars_a_day = 1.0 / bar.timeframe.days
    volatility = math.log(bar.high / bar.low) / _PARKINSON
    return Flow(bar.volume * bars_a_day, volatility * math.sqrt(bars_a_day))


def flow_over(flows: Sequence[Flow]) -> Flow | None:
    """The flow of several bars together: mean volume, root mean square volatility.

    Examples
    --------
    >>> flow_over([Flow(10.0, 0.03), Flow(30.0, 0.01)]).daily_volume
    20.0
    """
    if not flows:
        return None
    count = len(flows)
    squares = math.fsum(flow.daily_volatility**2 for flow in flows)
    volume = math.fsum(flow.daily_volume for flow in flows)
    return Flow(volume / count, math.sqrt(squares / count))
