"""What a venue's ledger lines mean: trade and fee, or interest and financing.

Refuses to take an unknown kind for a harmless one: it stays unknown until the owner says, with a
reason, what it is; and what is known to be forbidden nobody can call ordinary.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from engine.model.venue_lines import Meaning, VenueLine
from engine.model.verdicts import Refused

_KINDS: dict[Meaning, frozenset[str]] = {
    Meaning.ORDINARY: frozenset(
        {
            *("trade", "fee", "commission", "deposit", "withdrawal", "transaction"),
            *("spend", "receive", "sale", "settlement", "conversion", "custodytransfer"),
            *("match", "rebate", "advanced_trade_fill", "fiat_deposit", "fiat_withdrawal"),
            *("tradespot", "buy", "sell", "send", "exchange_deposit", "exchange_withdrawal"),
            *("pro_deposit", "pro_withdrawal", "subscription"),
        }
    ),
    Meaning.INTEREST: frozenset(
        {
            *("interest", "credit interest", "broker interest received", "lending", "earn"),
            *("staking", "staking reward", "staking_reward", "reward", "rewards", "income"),
            *("dividend", "cashback", "inflation_reward", "bond interest received"),
            *("spottostaking", "stakingfromspot", "stakingtospot", "spotfromstaking"),
            *("staking_transfer", "unstaking_transfer", "earn_payout", "reward_income"),
            *("incentives_rewards_payout", "credit_card_reward"),
        }
    ),
    Meaning.FINANCING: frozenset(
        {
            *("margin", "rollover", "settled", "financing", "borrow", "loan", "credit"),
            *("debit interest", "broker interest paid", "margin fee", "funding", "liquidation"),
            *("leverage", "bond interest paid", "short stock borrow fee", "marginconversion"),
            *("margin conversion", "spottofutures", "derivatives_settlement", "intx_deposit"),
            *("intx_withdrawal", "fcm_futures_usdc_sell"),
            "fcm_futures_usdc_sell_additional_encumberment_rollup",
        }
    ),
}
_TABLE = {kind: meaning for meaning, kinds in _KINDS.items() for kind in kinds}

WITHOUT_LEDGER = frozenset({"ibkr"})
"""Venues whose adapter can be told no ledger: there, no lines prove nothing."""

READ_ON = "2026-11"
"""When the kinds were read: Kraken's Ledgers, Coinbase's transactions, ccxt's types, IBKR's."""


def key_of(line: VenueLine) -> tuple[str, str]:
    """What a classification holds for: one kind at one venue, whatever its spelling."""
    return (line.venue.strip().lower(), line.kind.strip().lower().replace("-", " "))


def meaning_of(line: VenueLine, said: Mapping[tuple[str, str], Meaning] | None = None) -> Meaning:
    """What `line` means.

    Parameters
    ----------
    said : mapping of (venue, kind) to Meaning
        What the owner has said of kinds that this table does not know.

    Notes
    -----
    Kraken's ``settled`` is the settlement of a *margin* position and so is financing. Assets in
    yield-bearing wallets (``.S``, ``.M``, ``.B``, ``.F``) make any line interest: such rewards
    must be off. A kind of two words, ``transfer/spottostaking``, is forbidden if either is, and
    ordinary only if both are.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> str(meaning_of(VenueLine("1", "kraken", at, "rollover", "USD", Decimal(-1))))
    'financing'
    >>> str(meaning_of(VenueLine("2", "kraken", at, "trade", "USD.F", Decimal(1))))
    'interest'
    """
    venue, kind = key_of(line)
    if line.asset.upper().endswith((".S", ".M", ".B", ".F")):
        return Meaning.INTEREST
    known = _known(kind)
    if known is not None:
        return known
    return (said or {}).get((venue, kind), Meaning.UNKNOWN)


def _known(kind: str) -> Meaning | None:
    meanings = {_TABLE.get(w) or _TABLE.get(w.replace("_", " ")) for w in kind.split("/")}
    for meaning in (Meaning.FINANCING, Meaning.INTEREST):
        if meaning in meanings:
            return meaning
    return Meaning.ORDINARY if meanings == {Meaning.ORDINARY} else None


def check_classification(venue: str, kind: str, meaning: Meaning) -> Refused | None:
    """Whether the owner may say that `kind` means `meaning`: only of what is not known."""
    known = _known(kind.strip().lower().replace("-", " "))
    if known is not None:
        return Refused(
            "ledger lines",
            f"{kind} at {venue} is known to be {known}",
            "a kind that is not known",
            "What is known cannot be talked into something else.",
        )
    if meaning is Meaning.UNKNOWN:
        return Refused("ledger lines", "unknown is no meaning", "ordinary, interest or financing")
    return None


def check_lines_known(unknown: Mapping[tuple[str, str], int]) -> Refused | None:
    """Refuse entries while the venue's ledger has lines that nobody can name.

    Parameters
    ----------
    unknown : mapping of (venue, kind) to int
        How many lines there are of each unknown kind.
    """
    if not unknown:
        return None
    (venue, kind), count = next(iter(unknown.items()))
    return Refused(
        "ledger lines",
        f"{count} unknown {'line' if count == 1 else 'lines'} of kind {kind!r} at {venue}",
        "lines of known kinds",
        "Say what it is with /ledger classify and a reason.",
    )


def check_statement(
    venue: str, through_at: datetime | None, now: datetime, longest: timedelta
) -> Refused | None:
    """Refuse entries at a venue that tells no ledger while its statement is missing or old.

    Parameters
    ----------
    through_at : datetime or None, aware UTC
        End of the newest statement that was read; None if none ever was.
    longest : timedelta, > 0
        How old that end may be.

    Examples
    --------
    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 28, tzinfo=UTC)
    >>> check_statement("kraken", None, now, timedelta(days=35)) is None
    True
    >>> check_statement("ibkr", None, now, timedelta(days=35)).value
    'no statement of ibkr was ever read, and its gateway tells no ledger'
    """
    if venue.lower() not in WITHOUT_LEDGER:
        return None
    if through_at is None:
        told = f"no statement of {venue} was ever read, and its gateway tells no ledger"
    elif now - through_at > longest:
        told = f"the newest statement of {venue} ends on {through_at:%Y-%m-%d}"
    else:
        return None
    return Refused(
        "ledger lines",
        told,
        f"one that ends at most {longest.days} days ago",
        f"Download it and run executor ledger import --venue {venue} --csv FILE.",
    )
