"""The candidates of a backtest: who begins and who ends at an instant.

Refuses to give a label before it has closed.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.model.setups import Label
from engine.probability.batch import Case, label_of, occasions
from engine.probability.settings import PipelineSettings


class CaseBook:
    """Candidates by the instants at which they open and close.

    Parameters
    ----------
    cases : sequence of Case
        By time, then by instrument.
    symbols : sequence of str
        In the order of the desk.

    Attributes
    ----------
    occasions : list of (int, bool, Case)
        Instant in seconds, whether the case closes then, the case; in the order of live.
    """

    def __init__(
        self, settings: PipelineSettings, cases: Sequence[Case], symbols: Sequence[str]
    ) -> None:
        self._settings = settings
        self.occasions = occasions(cases, {symbol: k for k, symbol in enumerate(symbols)})
        self._opened: dict[tuple[str, int], Case] = {}
        self._closing: dict[int, list[Case]] = {}
        self._labels: dict[int, tuple[Label, ...]] = {}
        for at, closes, case in self.occasions:
            if closes:
                self._closing.setdefault(at, []).append(case)
            else:
                self._opened[case.instrument, at] = case

    def opened(self, symbol: str, seconds: int) -> Case | None:
        """The candidate that an instrument's bar of that instant begins."""
        return self._opened.get((symbol, seconds))

    def labels(self, seconds: int) -> tuple[Label, ...]:
        """Labels that close at an instant; those before it are judged by then."""
        if seconds not in self._closing:
            return ()
        if seconds not in self._labels:
            self._labels[seconds] = tuple(
                label_of(self._settings, case) for case in self._closing[seconds]
            )
        return self._labels[seconds]

    def forget(self, seconds: int) -> None:
        """Let go of the labels of an instant that everybody has passed."""
        self._labels.pop(seconds, None)
