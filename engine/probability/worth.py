"""What odds are worth in money: expected value after costs, break-even, and the entry gate.

Refuses to flatter: whatever is not a target is split into stops and timeouts as a driftless price
and the cell's own record say, and at the lower bound a timeout never earns.

Without labels the split is the martingale's, so that by optional stopping the gross expected
value at the martingale odds is exactly zero and the net one is minus the cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.model.setups import Odds


@dataclass(frozen=True, slots=True)
class Shares:
    """Record of how setups that missed the target ended, and the weight of its prior.

    Attributes
    ----------
    prior_labels : float, labels, > 0
        Labels that the martingale's split is worth.
    stops, timeouts : float, uniqueness-weighted labels, >= 0
    timeout_sum : float, stop distances
        Sum over timeouts of weight times gross return, in units of the setup's stop distance.
    """

    prior_labels: float
    stops: float = 0.0
    timeouts: float = 0.0
    timeout_sum: float = 0.0


@dataclass(frozen=True, slots=True)
class Miss:
    """What a setup that misses its target costs on average.

    Attributes
    ----------
    stop_share : float in [0, 1]
        Share of stops among misses; the rest are timeouts.
    timeout_frac : float
        Mean gross return of a timeout, fraction of entry.
    """

    stop_share: float
    timeout_frac: float


def expected_miss(
    target_odds: float, stop_odds: float, target_frac: float, stop_frac: float, shares: Shares
) -> Miss:
    """Posterior split of the misses, centred on the martingale's.

    Parameters
    ----------
    target_odds, stop_odds : float in [0, 1]
        Martingale odds of the setup.
    """
    open_odds = max(1.0 - target_odds - stop_odds, 0.0)
    # Optional stopping: gains at the target pay exactly for stops and timeouts.
    carried = stop_odds * stop_frac - target_odds * target_frac
    kappa = shares.prior_labels
    timeouts = kappa * open_odds + shares.timeouts
    stops = kappa * stop_odds + shares.stops
    if timeouts <= 1e-12 * stops or stops + timeouts <= 0.0:
        return Miss(1.0, 0.0)
    mean = (kappa * carried + shares.timeout_sum * stop_frac) / timeouts
    # A timeout lies between the barriers, whatever round-off says.
    return Miss(stops / (stops + timeouts), min(max(mean, -stop_frac), target_frac))


def value_odds(
    p_prior: float,
    p_mean: float,
    p_low: float,
    target_frac: float,
    stop_frac: float,
    miss: Miss,
    cost_frac: float,
    gap_frac: float = 0.0,
) -> Odds:
    """Odds with their break-even and expected values.

    Parameters
    ----------
    target_frac, stop_frac : float, fractions of entry, > 0
    cost_frac : float, fraction of entry, > 0
        Round trip.
    gap_frac : float, fraction of entry, >= 0
        Expected loss beyond the stop, given a stop (layer 6).

    Raises
    ------
    ValueError
        If the cost is not positive and finite.
    """
    if not 0.0 < cost_frac < float("inf"):
        raise ValueError(f"cost_frac must be > 0, was {cost_frac:g}")
    loss = miss.stop_share * (stop_frac + gap_frac) - (1 - miss.stop_share) * miss.timeout_frac
    worst = miss.stop_share * (stop_frac + gap_frac) - (1 - miss.stop_share) * min(
        0.0, miss.timeout_frac
    )
    even = (loss + cost_frac) / (target_frac + loss) if target_frac + loss > 0.0 else 1.0
    return Odds(
        p_prior=p_prior,
        p_mean=p_mean,
        p_low=p_low,
        break_even=min(max(even, 0.0), 1.0),
        ev_mean_frac=p_mean * target_frac - (1.0 - p_mean) * loss - cost_frac,
        ev_low_frac=p_low * target_frac - (1.0 - p_low) * worst - cost_frac,
        cost_frac=cost_frac,
        gap_frac=(1.0 - p_mean) * miss.stop_share * gap_frac,
    )


def at_cost(odds: Odds, target_frac: float, cost_frac: float) -> Odds:
    """The same odds after another cost: expected values shift by it, break-even by its share.

    Parameters
    ----------
    target_frac : float, fraction of entry, > 0
    cost_frac : float, fraction of entry, > 0

    Raises
    ------
    ValueError
        If the cost is not positive and finite.

    Examples
    --------
    >>> odds = value_odds(0.4, 0.5, 0.4, 0.03, 0.02, Miss(1.0, 0.0), 0.003)
    >>> round(at_cost(odds, 0.03, 0.004).break_even, 12)
    0.48
    """
    if not 0.0 < cost_frac < float("inf"):
        raise ValueError(f"cost_frac must be > 0, was {cost_frac:g}")
    more = cost_frac - odds.cost_frac
    if more == 0.0 or odds.p_mean >= 1.0:
        return odds
    gross = odds.p_mean * target_frac - odds.ev_mean_frac - odds.cost_frac
    loss = gross / (1.0 - odds.p_mean)
    even = (loss + cost_frac) / (target_frac + loss) if target_frac + loss > 0.0 else 1.0
    return replace(
        odds,
        break_even=min(max(even, 0.0), 1.0),
        ev_mean_frac=odds.ev_mean_frac - more,
        ev_low_frac=odds.ev_low_frac - more,
        cost_frac=cost_frac,
    )


def two_outcome_break_even(target_frac: float, stop_frac: float, cost_frac: float) -> float:
    """Break-even odds when every miss is a full stop.

    Examples
    --------
    >>> round(two_outcome_break_even(0.03, 0.02, 0.003), 12)
    0.46
    """
    return (stop_frac + cost_frac) / (target_frac + stop_frac)


def gate_refusal(
    odds: Odds, target_frac: float, stop_frac: float, risk_share: float, cost_share: float
) -> str:
    """Why the lower bound does not pay for an entry; empty when it does.

    Parameters
    ----------
    risk_share, cost_share : float, >= 0
        Least expected value as shares of the net loss at the stop and of the cost.
    """
    least = max(risk_share * (stop_frac + odds.cost_frac), cost_share * odds.cost_frac)
    if odds.ev_low_frac < least:
        return (
            f"expected value {odds.ev_low_frac:+.2%} at the lower bound, "
            f"after {odds.cost_frac:.2%} costs; needs {least:+.2%}"
        )
    even = two_outcome_break_even(target_frac, stop_frac, odds.cost_frac)
    if odds.p_low <= even:
        return f"lower bound {odds.p_low:.1%} does not clear the break-even of {even:.1%}"
    return ""
