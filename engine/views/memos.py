"""A memo as it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.memos import Fact, MemoEffect, MemoVerdict


@dataclass(frozen=True, slots=True)
class MemoView:
    """What was asked of the analyzer about a proposal, and what it said.

    Attributes
    ----------
    why : str
        Why it was asked, one clause.
    verdict : MemoVerdict or None
        None while it is awaited, and where there is no memo.
    missed : str
        Why there is no memo, one clause; empty if there is one or it is awaited.
    nats : float, nats, <= 0
        What it moved the log-odds by.
    """

    why: str
    verdict: MemoVerdict | None
    summary: str
    risks: tuple[str, ...]
    facts: tuple[Fact, ...]
    missed: str
    effect: MemoEffect
    nats: float

    @property
    def pending(self) -> bool:
        """Whether its answer is still awaited."""
        return self.verdict is None and not self.missed
