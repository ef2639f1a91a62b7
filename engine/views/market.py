"""What is watched, what the layers said of it, and its chart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.bars import Bar, Timeframe
from engine.model.proposals import CardKind, ProposalTerms
from engine.model.setups import Assessment, LayerReading, LayerRole
from engine.risk.findings import DeskState
from engine.views.memos import MemoView


@dataclass(frozen=True, slots=True)
class MarketView:
    """What the desk watches and how.

    Attributes
    ----------
    description : str
        One line for people.
    simulated : bool
        True means that every post must say SIMULATED.
    paced : bool
        True when time is virtual (replay): a bar may take less than its length.
    rehearsal : bool
        True means that the venue is played too, and every post must say REHEARSAL.
    """

    name: str
    description: str
    simulated: bool
    paced: bool
    timeframe: Timeframe
    rehearsal: bool = False


@dataclass(frozen=True, slots=True)
class LayerView:
    """One of the twelve layers with what it said.

    Attributes
    ----------
    number : int, 1 to 12
    title : str
        For people, for example ``Mean reversion``.
    contribution : float, nats
        Weight times log-likelihood ratio: what it moved the log-odds by.
    """

    number: int
    name: str
    title: str
    role: LayerRole
    summary: str
    reading: LayerReading
    contribution: float


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One instrument in a scan.

    Attributes
    ----------
    card : CardKind or None
        None when the bar is no setup.
    sentence : str
        The number that decided, in plain words.
    change_day_frac : float
        Price against 24 hours before, as a fraction; 0 where history is too short.
    proposal_id : str
        What was raised from it; empty if nothing was.
    """

    instrument: str
    at: datetime
    price: Decimal
    change_day_frac: float
    card: CardKind | None
    sentence: str
    proposal_id: str
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class ScanView:
    """The newest look at every instrument, or at one.

    Attributes
    ----------
    seq : int
        Journal sequence of the assessment; 0 before the first bar.
    silent : tuple of str
        Witnesses that said nothing, for example ``Alpha (no model server)``.
    """

    seq: int
    at: datetime | None
    market: MarketView
    rows: tuple[ScanRow, ...]
    equity_usd: Decimal
    state: DeskState
    silent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BreakdownView:
    """How an assessment came to its number.

    Attributes
    ----------
    layers : tuple of LayerView, all twelve in order
    waterfall : tuple of (str, float), nats
        Prior first; the running sum ends at the posterior. Empty without a setup.
    terms : ProposalTerms or None
        When it was asked for by proposal.
    memo : MemoView or None
        What the analyzer said of that proposal.
    """

    instrument: str
    at: datetime
    price: Decimal
    assessment: Assessment
    layers: tuple[LayerView, ...]
    waterfall: tuple[tuple[str, float], ...]
    card: CardKind | None
    sentence: str
    terms: ProposalTerms | None
    market: MarketView
    memo: MemoView | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line of a chart, named."""

    name: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Mark:
    """A fill on a chart: bought or sold, when and at what price."""

    at: datetime
    price: Decimal
    bought: bool


@dataclass(frozen=True, slots=True)
class ChartView:
    """Bars with the levels and fills worth drawing on them."""

    instrument: str
    timeframe: Timeframe
    bars: tuple[Bar, ...]
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    market: MarketView
