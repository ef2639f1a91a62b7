"""What a backtest found: trades, equity, candidates and what stopped them, at each cost.

Refuses to mix: exploratory trades carry their origin, and every cost factor has its own desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.model.bars import Timeframe
from engine.model.positions import Position, Trade
from engine.model.proposals import ProposalTerms
from engine.model.setups import Outcome, SetupKind
from engine.probability.layer import FloatArray, IntArray
from engine.research.backtest.plan import BacktestPlan


@dataclass(frozen=True, slots=True)
class Decision:
    """What the desk made of one candidate.

    Attributes
    ----------
    card : str
        ``proposal``, ``exploratory`` or ``watch``; empty where nothing was judged.
    stopped_by : str
        Rule that stopped it; empty for a card with terms.
    sentence : str
        The number that decided, in plain words.
    """

    card: str
    stopped_by: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate, its odds when it was seen and its end.

    Attributes
    ----------
    row : int
        Its bar, counted from the first of its instrument's history.
    p_martingale, p_prior, p_mean, p_low : float in (0, 1)
    break_even : float in [0, 1]
    ev_mean_frac, ev_low_frac, cost_frac : float, fraction of entry
        At the scheduled costs, before any that only an order has.
    outcome : Outcome or None
        None while its barriers were open at the end of the data.
    gross_frac, net_frac : float or None, fraction of entry
        Counterfactual, from the next bar's open.
    llrs, weights : mapping of str to float
        What each layer said, nats, and the weight that fusion gave it.
    decision : Decision
        Of the desk at the first cost factor.
    """

    instrument: str
    kind: SetupKind
    at: datetime
    row: int
    entry: float
    target: float
    stop: float
    volatility: float
    p_martingale: float
    p_prior: float
    p_mean: float
    p_low: float
    break_even: float
    ev_mean_frac: float
    ev_low_frac: float
    cost_frac: float
    outcome: Outcome | None
    closed_at: datetime | None
    gross_frac: float | None
    net_frac: float | None
    uniqueness: float
    llrs: Mapping[str, float]
    weights: Mapping[str, float]
    decision: Decision


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """Marks of the desk, one a set of bars.

    Attributes
    ----------
    at : ndarray of shape (n,), int64, seconds since 1970
    equity_usd, cash_usd : ndarrays of shape (n,), float64, US dollars
    exposure_frac : ndarray of shape (n,), float64
        Value of what is held over equity.
    """

    at: IntArray
    equity_usd: FloatArray
    cash_usd: FloatArray
    exposure_frac: FloatArray


@dataclass(frozen=True, slots=True)
class PricePath:
    """Bars of one instrument that could be traded.

    Attributes
    ----------
    closed_at : ndarray of shape (n,), int64, seconds since 1970
    open, close : ndarrays of shape (n,), float64, quote currency
    """

    closed_at: IntArray
    open: FloatArray
    close: FloatArray


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a reader of the result asks after: a trip, a reset, a refusal, an expiry."""

    at: datetime
    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class CostRun:
    """The desk at one multiple of every cost.

    Attributes
    ----------
    trades : tuple of Trade
        Closed ones, oldest first.
    terms : mapping of str to ProposalTerms
        Of every trade and open position, by its id.
    open_positions : tuple of Position
        Still held at the end.
    stopped : mapping of str to int
        How many candidates each rule stopped.
    raised : mapping of str to int
        Cards with terms by kind.
    happenings : tuple of Happening
    ambiguous : int
        Trades whose last bar held both their stop and their target: counted as stopped.
    bars_taken : int
        Sets of bars that went through the whole desk.
    """

    cost_factor: float
    start_cash_usd: Decimal
    end_equity_usd: Decimal
    trades: tuple[Trade, ...]
    terms: Mapping[str, ProposalTerms]
    open_positions: tuple[Position, ...]
    equity: EquityCurve
    stopped: Mapping[str, int]
    raised: Mapping[str, int]
    happenings: tuple[Happening, ...]
    ambiguous: int
    bars_taken: int


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """Everything that one backtest found.

    Attributes
    ----------
    config_hash : str
        Of the settings.
    first_at, last_at : datetime, aware UTC
        Closes of the first and last set of bars that could be traded.
    bars : mapping of str to int
        Bars of each instrument that were seen, those that only taught included.
    runs : tuple of CostRun
        One a cost factor; the first is the result.
    complete : bool
        False if it was interrupted; it then ends at `last_at`.
    locked_from : datetime or None
        Where the unseen last fifth begins; None where it was opened.
    prices : mapping of str to PricePath
        What could be traded, for comparisons.
    notes : tuple of str
        What a reader must know of the data, one sentence each.
    """

    plan: BacktestPlan
    config_hash: str
    timeframe: Timeframe
    instruments: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    bars: Mapping[str, int]
    candidates: tuple[Candidate, ...]
    runs: tuple[CostRun, ...]
    complete: bool
    locked_from: datetime | None
    prices: Mapping[str, PricePath]
    notes: tuple[str, ...]

    @property
    def base(self) -> CostRun:
        """The run at the first cost factor."""
        return self.runs[0]
