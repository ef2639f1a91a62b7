"""What a venue charges this account: read through ccxt with the account's own key.

Refuses to guess: a fault leaves the configured tier.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from engine.brokers.exchange.client import TITLES, VenueKey, open_client
from engine.errors import BrokerError, BrokerUnavailable
from engine.model.events import FeeTierRead
from engine.model.fees import MOST_FRAC

_TIMEOUT = timedelta(seconds=10)
_SPACING = timedelta(milliseconds=1)  # a handful of requests, once a start
_NOT_SIGNED = "EAPI:Invalid"
_KEY_FAULTS = ("AuthenticationError", "PermissionDenied", "AccountSuspended")


async def read_fee_tier(
    venue: str,
    symbols: Sequence[str],
    key: VenueKey,
    *,
    base_url: str = "",
    timeout: timedelta = _TIMEOUT,  # noqa: ASYNC109 - ccxt does the timing
) -> FeeTierRead:
    """The tier of the account behind `key`, as an event to be journaled.

    Parameters
    ----------
    venue : str
        ``kraken`` or ``coinbase``.
    symbols : sequence of str, at least 1
        ccxt's names, such as ``BTC/USD``; the dearest of them counts for all.
    key : VenueKey
    base_url : str
        Another root, for tests.
    timeout : timedelta, > 0
        For one request.

    Raises
    ------
    BrokerUnavailable
        If the venue does not answer; nothing was sent that changes anything.
    BrokerError
        If it refuses the keys, or its answer holds no fees.
    """
    import ccxt

    client: Any = open_client(venue, key, base_url=base_url, timeout=timeout, spacing=_SPACING)
    try:
        fees = [await _fee(client, venue, symbol) for symbol in _asked(venue, symbols)]
    except ccxt.NetworkError as fault:
        raise BrokerUnavailable(
            f"{TITLES[venue]} did not say what this account pays ({type(fault).__name__}): "
            "the configured fees stand"
        ) from fault
    except (ccxt.BaseError, ValueError, TypeError, AttributeError) as fault:
        # ccxt trips over answers of another shape, and over a mistyped key.
        raise BrokerError(_refused(venue, fault)) from None
    finally:
        await client.close()
    return FeeTierRead(
        venue=venue,
        maker_frac=max(_clamped(venue, maker) for maker, _, _ in fees),
        taker_frac=max(_clamped(venue, taker) for _, taker, _ in fees),
        name=fees[0][2],
    )


def _asked(venue: str, symbols: Sequence[str]) -> Sequence[str]:
    """Coinbase has one tier for all of spot; Kraken one for each pair."""
    return symbols[:1] if venue == "coinbase" else symbols


async def _fee(client: Any, venue: str, symbol: str) -> tuple[float | None, float | None, str]:
    """Maker and taker as the venue says, and the tier's name."""
    if venue == "coinbase":
        told = (await client.fetch_trading_fees()).get(symbol, {})
        tier = (told.get("info") or {}).get("fee_tier") or {}
        return (
            told.get("maker"),
            told.get("taker"),
            f"Coinbase {tier.get('pricing_tier') or 'tier'}",
        )
    told = await client.fetch_trading_fee(symbol)
    volume = (told.get("info") or {}).get("volume")
    name = "Kraken account tier" + (f" at {float(volume):,.0f} USD in 30 days" if volume else "")
    return told.get("maker"), told.get("taker"), name


def _clamped(venue: str, fee: float | None) -> float:
    """A fee that can be counted with: a rebate is none."""
    if fee is None or not fee <= MOST_FRAC:
        raise BrokerError(
            f"{TITLES[venue]} named no fee for this account ({fee}): the configured fees stand"
        )
    return max(0.0, float(fee))


def _refused(venue: str, fault: Exception) -> str:
    title = TITLES[venue]
    if type(fault).__name__ in _KEY_FAULTS or _NOT_SIGNED in str(fault):
        return (
            f"{title} refused the keys: check {venue.upper()}_API_KEY and _SECRET, and that the "
            "key may read the account; the configured fees stand"
        )
    # The venue's own words may hold what was sent to it: only their kind is passed on.
    return (
        f"{title} did not tell this account's fees ({type(fault).__name__}): the configured fees "
        "stand; see its status page"
    )
