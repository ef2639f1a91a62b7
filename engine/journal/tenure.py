"""What the fold counts for the review, from the day on which its plan was registered.

Refuses to judge and to forget: it counts what happened, and only a new registration begins anew.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from engine.model.instants import to_micros
from engine.model.setups import Label

_MICROSECOND = timedelta(microseconds=1)


@dataclass(slots=True)
class DayMark:
    """One UTC day of a desk, up to its newest set of bars.

    Attributes
    ----------
    at : datetime, aware UTC
        Of the newest mark.
    equity_usd : Decimal, US dollars
        Marked to market then.
    open_r : dict of str to float, R units
        What each open position of a proposal stood at then, by its id.
    marks : int
    held_fracs : dict of str to float, fraction of equity
        Sum over the marks of what was held of each instrument.
    """

    at: datetime
    equity_usd: Decimal
    open_r: dict[str, float] = field(default_factory=dict)
    marks: int = 0
    held_fracs: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Closes:
    """Recorded closes of one instrument, oldest first.

    Attributes
    ----------
    at : array of int, microseconds since 1970
    price : array of float, quote currency
    """

    at: array[int] = field(default_factory=lambda: array("q"))
    price: array[float] = field(default_factory=lambda: array("d"))

    def add(self, at: datetime, price: Decimal) -> None:
        """Take one more close in, unless it is no newer than the last."""
        micros = to_micros(at)
        if not self.at or micros > self.at[-1]:
            self.at.append(micros)
            self.price.append(float(price))


@dataclass(slots=True)
class Tenure:
    """Everything counted since a registration.

    Attributes
    ----------
    begun_usd : Decimal, US dollars
        Equity at the registration.
    high_water_usd : Decimal, US dollars
        Highest equity at a mark since.
    drawdown_frac : float, fraction of the high-water mark
        Worst at a mark since.
    violations_count : int
        Broken invariants and refused attempts at what may never happen.
    strayed : bool
        Whether a process ran with other settings.
    marks, wrong_marks : int
        Equity marks that were written, and those that a replay does not come to.
    on_time, late : array of int, microseconds since 1970
        Closes that were assessed as they came, and after an absence.
    days : dict of date to DayMark
    closes : dict of str to Closes
    labels : list of Label
        Candidates that were seen and have ended since, in the order of their end.
    """

    begun_usd: Decimal
    high_water_usd: Decimal
    drawdown_frac: float = 0.0
    violations_count: int = 0
    strayed: bool = False
    marks: int = 0
    wrong_marks: int = 0
    on_time: array[int] = field(default_factory=lambda: array("q"))
    late: array[int] = field(default_factory=lambda: array("q"))
    days: dict[date, DayMark] = field(default_factory=dict)
    closes: dict[str, Closes] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)

    def count_in(self, equity_usd: Decimal, before_usd: Decimal) -> None:
        """Go on with other money: what was counted so far is told in its measure.

        Every return and drawdown stays what it was; the change itself is neither.

        Parameters
        ----------
        equity_usd, before_usd : Decimal, US dollars, > 0
            What the desk has from here on, and what it had.
        """
        ratio = equity_usd / before_usd
        self.begun_usd *= ratio
        self.high_water_usd *= ratio
        for day in self.days.values():
            day.equity_usd *= ratio

    def look(self, at: datetime, *, caught_up: bool) -> None:
        """Count one set of bars that was assessed."""
        (self.late if caught_up else self.on_time).append(to_micros(at))

    def mark(
        self,
        at: datetime,
        equity_usd: Decimal,
        open_r: Mapping[str, float],
        held_usd: Mapping[str, Decimal],
    ) -> None:
        """Take one equity mark in, with what was held then.

        Parameters
        ----------
        open_r : mapping of position id to float, R units
        held_usd : mapping of instrument to Decimal, US dollars
        """
        self.high_water_usd = max(self.high_water_usd, equity_usd)
        if self.high_water_usd > 0:
            fallen = float(1 - equity_usd / self.high_water_usd)
            self.drawdown_frac = max(self.drawdown_frac, fallen)
        # What closes at midnight closes the day before.
        day = self.days.setdefault((at - _MICROSECOND).date(), DayMark(at, equity_usd))
        day.at, day.equity_usd, day.open_r = at, equity_usd, dict(open_r)
        day.marks += 1
        for instrument, worth in held_usd.items():
            share = float(worth / equity_usd) if equity_usd > 0 else 0.0
            day.held_fracs[instrument] = day.held_fracs.get(instrument, 0.0) + share
