"""The record of a size chain: each factor by name, in order, and which one bound.

Refuses to grow: a step can only leave the fraction or cut it.
"""

from __future__ import annotations

from engine.model.proposals import SizeStep


class Ladder:
    """A fraction of equity on its way down.

    Parameters
    ----------
    name : str
        The first step, which sets the fraction.
    fraction : float, notional over equity
        Taken as 0 if it is negative: no bet.

    Attributes
    ----------
    fraction : float, notional over equity, >= 0
    set_by : str
        The last step that bound the size; the first one until another does.

    Examples
    --------
    >>> ladder = Ladder("lower-bound Kelly", 4.0)
    >>> ladder.scale("quarter Kelly", 0.25)
    >>> ladder.cap("instrument cap", 0.3)
    >>> ladder.fraction, ladder.set_by
    (0.3, 'instrument cap')
    """

    def __init__(self, name: str, fraction: float) -> None:
        self.fraction = max(0.0, fraction)
        self.set_by = name
        self._steps = [SizeStep(name, self.fraction, self.fraction)]

    @property
    def steps(self) -> tuple[SizeStep, ...]:
        """Every step so far, in order."""
        return tuple(self._steps)

    def scale(self, name: str, factor: float) -> None:
        """Multiply by a factor in [0, 1]; a factor of 0 is what sets the size."""
        self._note(name, self.fraction * min(1.0, max(0.0, factor)), names_size=factor <= 0.0)

    def cap(self, name: str, bound: float) -> None:
        """Cut to `bound`, exactly, where the fraction is above it."""
        self._note(name, min(self.fraction, max(0.0, bound)), names_size=True)

    def floor(self, name: str, bound: float) -> None:
        """Cut to a whole number of steps; it sets the size only where nothing is left."""
        self._note(name, min(self.fraction, max(0.0, bound)), names_size=bound <= 0.0)

    def _note(self, name: str, fraction: float, *, names_size: bool) -> None:
        factor = fraction / self.fraction if self.fraction > 0.0 else 1.0
        if names_size and fraction < self.fraction:
            self.set_by = name
        self.fraction = fraction
        self._steps.append(SizeStep(name, factor, fraction))
