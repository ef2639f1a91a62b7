"""Where the owner lives: which venues may serve them, and the yearly cap on net purchases.

Refuses to give legal advice: it keeps to a dated, sourced table of config.toml, and errs to the
side of counting too much.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.model.instruments import Instrument, InstrumentForm
from engine.model.orders import Side
from engine.model.verdicts import Refused

_NOTHING = Decimal(0)
_CRYPTO_ASSETS = frozenset({InstrumentForm.CRYPTO_SPOT, InstrumentForm.TOKENISED_ALLOCATED_METAL})
"""A token on gold is a crypto asset to the regulator whatever stands behind it."""


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What holds for a resident of one place.

    Attributes
    ----------
    venues : frozenset of str
        Venues that may serve them.
    net_buy_cap_cad : Decimal or None, Canadian dollars
        Most that may be bought, net of sales, of crypto assets in 12 months; None for no cap.
    uncapped_assets : frozenset of str
        Base assets that do not count.
    usd_cad : Decimal, Canadian dollars a US dollar, > 0
        Rate by which purchases are counted, read on `usd_cad_as_of`.
    as_of : date
        When the rules were read; `source` says where.
    """

    name: str
    venues: frozenset[str]
    net_buy_cap_cad: Decimal | None
    uncapped_assets: frozenset[str]
    usd_cad: Decimal
    usd_cad_as_of: date
    as_of: date
    source: str

    def counts(self, instrument: Instrument) -> bool:
        """Whether purchases of `instrument` count against the cap."""
        capped = instrument.base not in self.uncapped_assets
        return capped and instrument.form in _CRYPTO_ASSETS


@dataclass(frozen=True, slots=True)
class Dealing:
    """One execution, as far as the cap is concerned.

    Attributes
    ----------
    value_usd : Decimal, US dollars
        Paid with the fee for a purchase; received after the fee for a sale.
    """

    at: datetime
    instrument: str
    side: Side
    value_usd: Decimal


@dataclass(frozen=True, slots=True)
class NetBuys:
    """Where the cap stands.

    Attributes
    ----------
    used_cad, cap_cad : Decimal, Canadian dollars
    instruments : tuple of str
        What counts of what is watched.
    """

    jurisdiction: str
    used_cad: Decimal
    cap_cad: Decimal
    instruments: tuple[str, ...]
    usd_cad: Decimal
    usd_cad_as_of: date

    @property
    def left_cad(self) -> Decimal:
        """What may still be bought."""
        return max(self.cap_cad - self.used_cad, _NOTHING)


def year_before(now: datetime) -> datetime:
    """The same instant twelve months earlier; 29 February becomes the 28th.

    Examples
    --------
    >>> from datetime import UTC
    >>> year_before(datetime(2028, 2, 29, 12, tzinfo=UTC)).date().isoformat()
    '2027-02-28'
    """
    year = now.year - 1
    last = calendar.monthrange(year, now.month)[1]
    return now.replace(year=year, day=min(now.day, last))


def net_buys(
    dealings: Iterable[Dealing],
    instruments: Iterable[Instrument],
    law: Jurisdiction,
    now: datetime,
    *,
    pending_usd: Decimal = _NOTHING,
) -> NetBuys | None:
    """What was bought, net of sales, of what counts, in the twelve months up to `now`.

    Every dealing counts at the one configured rate. Sales give room back, of whatever age
    what they sold was, but never more than was bought in the window: it is the net that is
    capped, and the net is never below zero.

    Parameters
    ----------
    dealings : iterable of Dealing
    instruments : iterable of Instrument
        Every instrument that was ever dealt in; what is not among them counts.
    pending_usd : Decimal, US dollars, >= 0
        What working buys of what counts may still take.

    Returns
    -------
    NetBuys or None
        None where there is no cap.
    """
    if law.net_buy_cap_cad is None:
        return None
    known = {instrument.symbol: instrument for instrument in instruments}
    since = year_before(now)
    total = _NOTHING
    for dealing in dealings:
        instrument = known.get(dealing.instrument)
        if dealing.at <= since or (instrument is not None and not law.counts(instrument)):
            continue
        total += dealing.value_usd if dealing.side is Side.BUY else -dealing.value_usd
    return NetBuys(
        jurisdiction=law.name,
        used_cad=(max(total, _NOTHING) + pending_usd) * law.usd_cad,
        cap_cad=law.net_buy_cap_cad,
        instruments=tuple(name for name, each in known.items() if law.counts(each)),
        usd_cad=law.usd_cad,
        usd_cad_as_of=law.usd_cad_as_of,
    )


def check_venue(instrument: Instrument, law: Jurisdiction | None) -> Refused | None:
    """Refuse a venue that may not serve a resident of the place."""
    if law is None or instrument.venue in law.venues:
        return None
    allowed = ", ".join(sorted(law.venues)) or "none"
    return Refused(
        f"venues for {law.name}",
        f"{instrument.symbol} is traded at {instrument.venue}",
        allowed,
        f"The table was read on {law.as_of:%Y-%m-%d}; see [jurisdictions] in config.toml.",
    )


def check_net_buys(
    instrument: Instrument, outlay_usd: Decimal, law: Jurisdiction | None, used: NetBuys | None
) -> Refused | None:
    """Refuse a purchase that would pass the yearly cap.

    Parameters
    ----------
    outlay_usd : Decimal, US dollars, > 0
        Most that the order can take: notional and fees.
    used : NetBuys or None
        Working buys included; None where there is no cap.
    """
    if law is None or used is None or not law.counts(instrument):
        return None
    after = used.used_cad + outlay_usd * law.usd_cad
    if after.is_finite() and after <= used.cap_cad:
        return None
    return Refused(
        f"net purchases in 12 months, {law.name}",
        f"CAD {after:,.2f} with this order",
        f"CAD {used.cap_cad:,.2f}",
        "Room comes back as purchases grow older than a year, or with sales.",
    )
