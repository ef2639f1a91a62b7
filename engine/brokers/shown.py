"""The book that the paper venue shows, less what paper has taken of it already.

Refuses to sell one offer twice: what was taken of a level stays taken until the level's size
changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from engine.model.bars import Depth, Level
from engine.model.money import exact
from engine.model.orders import Side

_NOTHING = Decimal(0)


@dataclass(slots=True)
class ShownBook:
    """The newest book of one instrument.

    Attributes
    ----------
    book : Depth
    """

    book: Depth
    _taken: dict[tuple[Side, Level], Decimal] = field(default_factory=dict)

    def show(self, book: Depth) -> None:
        """Take up a newer book; levels of another size than before are whole again."""
        self.book = book
        there = {(side, level) for side in Side for level in self._side(side)}
        self._taken = {key: part for key, part in self._taken.items() if key in there}

    def offers(self, taker: Side) -> Iterator[tuple[Decimal, Decimal]]:
        """Price and quantity that a taker still finds, best first, quote currency, base units."""
        for level in self._side(taker):
            left = exact(level[1]) - self._taken.get((taker, level), _NOTHING)
            if left > _NOTHING:
                yield exact(level[0]), left

    def take(self, taker: Side, price: Decimal, quantity: Decimal) -> None:
        """Remember that `quantity` of the level at `price` is gone."""
        for level in self._side(taker):
            if exact(level[0]) == price:
                key = (taker, level)
                self._taken[key] = self._taken.get(key, _NOTHING) + quantity

    def resting_at(self, side: Side, price: Decimal) -> Decimal | None:
        """Base units that others have resting on `side` at `price`; None beyond what is shown."""
        rests = self.book.bids if side is Side.BUY else self.book.asks
        for level in rests:
            if exact(level[0]) == price:
                return exact(level[1])
        deepest = exact(rests[-1][0])
        within = price > deepest if side is Side.BUY else price < deepest
        return _NOTHING if within else None

    def _side(self, taker: Side) -> tuple[Level, ...]:
        return self.book.asks if taker is Side.BUY else self.book.bids
