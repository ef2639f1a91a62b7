"""What may be owned and against what: spot forms, and dollars in cash as the other counter-value.

Refuses what it does not know: a form that is not listed may not be bought.
"""

from __future__ import annotations

from engine.model.instruments import Instrument, InstrumentForm
from engine.model.verdicts import Forbidden, Refused

ALLOWED_FORMS = frozenset(
    {
        InstrumentForm.CRYPTO_SPOT,
        InstrumentForm.ALLOCATED_METAL,
        InstrumentForm.TOKENISED_ALLOCATED_METAL,
    }
)

CASH = frozenset({"USD"})
"""Quotes that are cash. A stablecoin, a metal or a coin is not: no metal for coin swap."""

_MAY_SETTLE_LATER = frozenset({InstrumentForm.ALLOCATED_METAL})
"""Listed trusts of allocated metal; coins and tokens change hands in the same session."""


def check_form(instrument: Instrument) -> Forbidden | None:
    """Refuse what is no spot ownership, what is not paid in cash, what is delivered later.

    MATH.md section 7: the type is allow-listed; both counter-values change hands in one session.
    A listed trust of allocated metal passes its title at the trade and settles a day later; its
    lot may not be sold before that (``lots``), and a scholar must rule on it (``scholar``).
    """
    if instrument.form not in ALLOWED_FORMS:
        allowed = ", ".join(sorted(ALLOWED_FORMS))
        return Forbidden("form of ownership", str(instrument.form), allowed)
    if instrument.quote not in CASH:
        return Forbidden(
            "paid in cash",
            f"{instrument.symbol} is quoted in {instrument.quote or 'nothing'}",
            ", ".join(sorted(CASH)),
        )
    days = instrument.settles_after_days
    if days < 0 or (days > 0 and instrument.form not in _MAY_SETTLE_LATER):
        return Forbidden(
            "counter-values in one session",
            f"{instrument.symbol} is delivered {days} business days after it is paid",
            f"the same session for {instrument.form}",
        )
    return None


def check_attested(instrument: Instrument, mode: str) -> Refused | None:
    """Refuse to buy live what nobody has attested; on paper it may be bought.

    Parameters
    ----------
    mode : str
        ``paper`` or ``live``.
    """
    if mode == "paper" or instrument.attested_by:
        return None
    return Refused(
        "attested form",
        f"nobody has attested {instrument.symbol}",
        "an attested form",
        "Name who attested it in config.toml; until then it trades on paper only.",
    )
