"""What a trade costs, as one rule for whoever asks: fees, half spread, slippage, impact, drift.

Refuses to flatter: an estimate never goes below the schedule, a spread never below one tick, and
what is bought or sold is priced to the tick against us.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.costs.conditions import Seen
from engine.costs.flow import Flow
from engine.errors import ConfigError
from engine.model.bars import Quote
from engine.model.fees import MOST_FRAC, FeeTier
from engine.model.instruments import Instrument
from engine.model.money import ceil_to, exact, floor_to
from engine.model.orders import OrderType
from engine.model.proposals import CostLines


@dataclass(frozen=True, slots=True)
class HalfSpread:
    """Half the spread, and where it was read.

    Attributes
    ----------
    frac : float, fraction of price
    source : str
        ``from the book``, ``from 240 pairs of bars`` or ``as configured``.
    """

    frac: float
    source: str


@dataclass(frozen=True, slots=True)
class Drift:
    """How far prices moved against us between raising and filling an approved proposal.

    Attributes
    ----------
    mean_frac : float, fraction of entry, >= 0
    source : str
        ``mean of 34 approvals`` or ``as configured``.
    """

    mean_frac: float
    source: str


NO_WAIT = Drift(0.0, "")
"""Nobody is waited for any more."""


@dataclass(frozen=True, slots=True)
class CostModel:
    """What a trade costs, as one rule for everybody who asks.

    Attributes
    ----------
    tiers : mapping of venue to FeeTier
        May be a live view: what an account's tier is learnt to be counts from then on.
    half_spreads : mapping of symbol to float, fraction of price
        Schedule for instruments without a book or an estimate.
    default_half_spread_frac : float, fraction of price
        For symbols that the schedule leaves out.
    slippages : mapping of symbol to float, fraction of price, a taker leg
        Latency between decision and fill.
    slippage_frac : float, fraction of price, a taker leg
        For symbols that `slippages` leaves out.
    impact_coefficient : float, >= 0
        Y of the square-root law.
    drift_frac : float, fraction of price, once a round trip
        Move against us while the owner decides, until enough approvals have measured it.
    seen_spread_factor : float, > 0
        What a spread that was seen counts for; other than 1 only in a study of how much a result
        depends on its costs.
    """

    tiers: Mapping[str, FeeTier]
    half_spreads: Mapping[str, float] = field(default_factory=dict)
    default_half_spread_frac: float = 0.0010
    slippages: Mapping[str, float] = field(default_factory=dict)
    slippage_frac: float = 0.0005
    impact_coefficient: float = 1.0
    drift_frac: float = 0.0
    seen_spread_factor: float = 1.0

    def __post_init__(self) -> None:
        for symbol, half_spread in self.half_spreads.items():
            _check_frac(f"half_spreads[{symbol!r}]", half_spread)
        _check_frac("default_half_spread_frac", self.default_half_spread_frac)
        for symbol, slippage in self.slippages.items():
            _check_frac(f"slippages[{symbol!r}]", slippage)
        _check_frac("slippage_frac", self.slippage_frac)
        _check_frac("drift_frac", self.drift_frac)
        if not 0.0 < self.seen_spread_factor < math.inf:
            raise ValueError(f"seen_spread_factor must be > 0, was {self.seen_spread_factor!r}")
        if not 0.0 <= self.impact_coefficient < math.inf:
            raise ValueError(
                f"impact_coefficient must be in [0, inf), was {self.impact_coefficient!r}"
            )

    def times(self, factor: float) -> CostModel:
        """Every cost multiplied: fees, spreads, slippage, impact and drift.

        Parameters
        ----------
        factor : float, > 0

        Examples
        --------
        >>> CostModel({}, slippages={"BTC-USD": 0.0002}).times(2.0).slippages["BTC-USD"]
        0.0004
        """
        if factor == 1.0:
            return self
        return replace(
            self,
            tiers={venue: tier.times(factor) for venue, tier in self.tiers.items()},
            half_spreads={name: factor * frac for name, frac in self.half_spreads.items()},
            default_half_spread_frac=factor * self.default_half_spread_frac,
            slippages={name: factor * frac for name, frac in self.slippages.items()},
            slippage_frac=factor * self.slippage_frac,
            impact_coefficient=factor * self.impact_coefficient,
            drift_frac=factor * self.drift_frac,
            seen_spread_factor=factor * self.seen_spread_factor,
        )

    def tier(self, instrument: Instrument) -> FeeTier:
        """Fee tier at the instrument's venue.

        Raises
        ------
        ConfigError
            If no tier is known there: a trade of unknown cost is not proposed.
        """
        try:
            return self.tiers[instrument.venue]
        except KeyError:
            raise ConfigError(
                f"no fee tier for venue {instrument.venue!r} of {instrument.symbol}: "
                f"add one to the costs in config.toml (known: {', '.join(self.tiers) or 'none'})"
            ) from None

    def half_spread_frac(
        self, instrument: Instrument, quote: Quote | None = None, estimate_frac: float = 0.0
    ) -> float:
        """Half spread from the book, else the larger of an estimate and the schedule.

        Parameters
        ----------
        quote : Quote or None
            Present book; one that is crossed or empty is not believed.
        estimate_frac : float, fraction of price
            For example of `SpreadEstimate.sure_frac`; not above 0 means there is none.
        """
        if quote is not None and _is_believed(quote):
            seen = self.seen_spread_factor * (quote.ask - quote.bid) / (2.0 * quote.mid)
            return min(seen, MOST_FRAC)
        scheduled = self.half_spreads.get(instrument.symbol, self.default_half_spread_frac)
        if scheduled < estimate_frac < math.inf:
            return min(estimate_frac, MOST_FRAC)
        return scheduled

    def half_spread(self, instrument: Instrument, price: float, seen: Seen) -> HalfSpread:
        """Half spread by what was seen, never below half a tick, with its source in words.

        Parameters
        ----------
        price : float, quote currency, > 0
        """
        sure = self.seen_spread_factor * seen.estimate.sure_frac if seen.estimate else 0.0
        frac = self.half_spread_frac(instrument, seen.quote, sure)
        least = min(float(instrument.tick) / (2.0 * price), MOST_FRAC)
        if seen.quote is not None and _is_believed(seen.quote):
            source = "from the book"
        elif seen.estimate is not None and frac == sure:
            source = f"from {seen.estimate.pairs} pairs of bars"
        else:
            source = "as configured"
        return HalfSpread(frac, source) if frac >= least else HalfSpread(least, "half a tick")

    def lines(
        self,
        instrument: Instrument,
        price: float,
        seen: Seen,
        quantity: float = 0.0,
        drift: Drift | None = None,
    ) -> CostLines:
        """Costs of buying `quantity` at `price` and selling it there again, both as a taker.

        Parameters
        ----------
        price : float, quote currency, > 0
            Middle of the market.
        seen : Seen
            What is known of the market.
        quantity : float, base units, >= 0
            Order size, for its impact; 0 leaves impact out.
        drift : Drift or None
            Move while the owner decides; None is the configured one.
        """
        half = self.half_spread(instrument, price, seen)
        impact = min(self.impact_frac(quantity, seen.flow), MOST_FRAC)
        waited = Drift(self.drift_frac, "as configured") if drift is None else drift
        tier = self.tier(instrument)
        return CostLines(
            fee_frac=2.0 * tier.taker_frac,
            spread_frac=2.0 * half.frac,
            slippage_frac=2.0 * self._slippage(instrument)
            + self._off_tick(instrument, exact(price), half.frac, impact),
            fee_tier=tier.words(),
            impact_frac=2.0 * impact,
            drift_frac=waited.mean_frac,
            spread_source=half.source,
            drift_source=waited.source,
        )

    def impact_frac(self, quantity: float, flow: Flow | None) -> float:
        """Square-root impact of one leg, fraction of price; 0 where the flow is unknown.

        References
        ----------
        Almgren et al. 2005 and Bouchaud 2010: ``Y * sigma_d * sqrt(Q / V_d)``.

        Examples
        --------
        >>> round(CostModel({}).impact_frac(1.0, Flow(1e4, 0.03)), 12)
        0.0003
        """
        if flow is None or not (flow.daily_volume > 0.0 and flow.daily_volatility >= 0.0):
            return 0.0
        if not 0.0 <= quantity < math.inf:
            raise ValueError(f"quantity must be in [0, inf), was {quantity!r}")
        share = math.sqrt(quantity / flow.daily_volume)
        return self.impact_coefficient * flow.daily_volatility * share

    def round_trip(
        self,
        instrument: Instrument,
        half_spread_frac: float,
        entry: OrderType = OrderType.MARKET,
        exit: OrderType = OrderType.MARKET,  # noqa: A002  the word of the trade
        impact_frac: float = 0.0,
    ) -> CostLines:
        """Costs of buying and selling again, as fractions of entry.

        Parameters
        ----------
        half_spread_frac : float, fraction of price, a taker leg
        entry, exit : OrderType
            ``LIMIT`` legs pay the maker fee and neither spread nor slippage.
        impact_frac : float, fraction of price, a taker leg
        """
        _check_frac("half_spread_frac", half_spread_frac)
        _check_frac("impact_frac", impact_frac)
        tier = self.tier(instrument)
        takers = sum(leg is not OrderType.LIMIT for leg in (entry, exit))
        return CostLines(
            fee_frac=takers * tier.taker_frac + (2 - takers) * tier.maker_frac,
            spread_frac=takers * half_spread_frac,
            slippage_frac=takers * self._slippage(instrument),
            fee_tier=tier.words(entry, exit),
            impact_frac=takers * impact_frac,
        )

    def buy_price(
        self,
        instrument: Instrument,
        reference: Decimal,
        half_spread_frac: float = 0.0,
        impact_frac: float = 0.0,
    ) -> Decimal:
        """Price at which a taker buys: above `reference`, on the tick."""
        worse = 1 + self._adverse(instrument, half_spread_frac, impact_frac)
        return ceil_to(reference * worse, instrument.tick)

    def sell_price(
        self,
        instrument: Instrument,
        reference: Decimal,
        half_spread_frac: float = 0.0,
        impact_frac: float = 0.0,
    ) -> Decimal:
        """Price at which a taker sells: below `reference`, on the tick, and at least one tick."""
        worse = 1 - self._adverse(instrument, half_spread_frac, impact_frac)
        return max(instrument.tick, floor_to(reference * worse, instrument.tick))

    def fee_usd(
        self, instrument: Instrument, notional_usd: Decimal, *, maker: bool = False
    ) -> Decimal:
        """Fee of one leg, US dollars, exact: a taker's unless it made liquidity for certain."""
        tier = self.tier(instrument)
        return notional_usd * exact(tier.maker_frac if maker else tier.taker_frac)

    def _slippage(self, instrument: Instrument) -> float:
        return self.slippages.get(instrument.symbol, self.slippage_frac)

    def _off_tick(
        self, instrument: Instrument, price: Decimal, half_spread_frac: float, impact_frac: float
    ) -> float:
        """What both legs lose to the price step beyond spread, slippage and impact."""
        worse = (half_spread_frac, impact_frac)
        bought = self.buy_price(instrument, price, *worse)
        sold = self.sell_price(instrument, price, *worse)
        return max(0.0, float((bought - sold) / price - 2 * self._adverse(instrument, *worse)))

    def _adverse(
        self, instrument: Instrument, half_spread_frac: float, impact_frac: float
    ) -> Decimal:
        _check_frac("half_spread_frac", half_spread_frac)
        # No upper end: who buys more than a thin market holds pays for it.
        if not 0.0 <= impact_frac < math.inf:
            raise ValueError(f"impact_frac must be in [0, inf), was {impact_frac!r}")
        return exact(half_spread_frac) + exact(self._slippage(instrument)) + exact(impact_frac)


def _is_believed(quote: Quote) -> bool:
    return 0.0 < quote.bid < quote.ask < math.inf


def _check_frac(name: str, value: float) -> None:
    if not 0.0 <= value <= MOST_FRAC:
        raise ValueError(f"{name} must be in [0, {MOST_FRAC}], was {value!r}")
