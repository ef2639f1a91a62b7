"""Whether the account behind the gateway is the one, and of the kind, that may trade here.

Refuses a margin account for live, an account nobody can prove to be a cash account, a paper
account for live and a live account for paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from engine.brokers.ibkr.facts import AccountValue

PORTS = {
    4001: "IB Gateway, live",
    4002: "IB Gateway, paper",
    7496: "TWS, live",
    7497: "TWS, paper",
}
"""Ports that IB's programs offer at first; B may have changed them."""

_PAPER_PREFIXES = ("DU", "DF")
_NO_LEVERAGE = Decimal("1.02")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Account:
    """What one account's values say.

    Attributes
    ----------
    id : str
    kind : str
        IB's ``AccountType``, such as ``INDIVIDUAL``; it does not tell cash from margin.
    cash_usd : Decimal or None, US dollars
        The dollars themselves, settled or not; negative is a loan.
    settled_usd : Decimal or None, US dollars
        None where IB tells the settled cash in another currency only.
    available, buying_power : Decimal or None, base currency of the account
        What may be spent with own money, and with all that IB would lend.
    """

    id: str
    kind: str
    cash_usd: Decimal | None
    settled_usd: Decimal | None
    available: Decimal | None
    buying_power: Decimal | None

    @property
    def is_paper(self) -> bool:
        """Whether its number is one of IB's paper accounts."""
        return self.id.startswith(_PAPER_PREFIXES)

    @property
    def leverage(self) -> str:
        """``cash``, ``margin`` or ``unknown``: whether IB would lend to it."""
        if "MARGIN" in self.kind.upper():
            return "margin"
        if self.available is None or self.buying_power is None or self.buying_power <= _NOTHING:
            return "unknown"
        lends = self.buying_power > max(self.available, _NOTHING) * _NO_LEVERAGE
        return "margin" if lends else "cash"


def account_of(account_id: str, values: Iterable[AccountValue]) -> Account:
    """Read one account out of the summary's lines; what is missing or no number is None."""
    told = {(v.tag, v.currency): v.value for v in values if v.account == account_id}
    tags = {tag: value for (tag, _), value in told.items()}
    return Account(
        id=account_id,
        kind=tags.get("AccountType", ""),
        cash_usd=_number(told.get(("CashBalance", "USD"))),
        settled_usd=_number(told.get(("SettledCash", "USD"))),
        available=_number(tags.get("AvailableFunds")),
        buying_power=_number(tags.get("BuyingPower")),
    )


def account_fault(account: Account, managed: Sequence[str], *, live: bool) -> str:
    """Why the desk may not trade on `account`; empty if it may.

    Parameters
    ----------
    managed : sequence of str
        Accounts that the gateway is logged in to.
    live : bool
        Whether real money is meant; a paper desk asks no more than that the account is paper.
    """
    if not account.id:
        return (
            "no account is named: set brokers.ibkr.account in config.toml to one of "
            f"{', '.join(managed)}"
        )
    if account.id not in managed:
        return (
            f"the gateway is logged in to {', '.join(managed)}, not to {account.id}: "
            "mend brokers.ibkr.account or log in again"
        )
    if live == account.is_paper:
        return (
            f"{account.id} is a {'paper' if account.is_paper else 'live'} account and the desk is "
            f"{'live' if live else 'on paper'}: log the gateway in to the other one"
        )
    if account.cash_usd is not None and account.cash_usd < _NOTHING:
        return f"{account.id} owes {-account.cash_usd} USD: a loan; buy the dollars back first"
    return _margin_fault(account) if live else ""


def _margin_fault(account: Account) -> str:
    mend = "change the account type to Cash in Client Portal (Settings, Account Type)"
    if account.leverage == "margin":
        return f"{account.id} is a margin account, and nothing here is bought on credit: {mend}"
    if account.leverage == "unknown":
        return f"{account.id} does not show that it is a cash account: fund it, or {mend}"
    return ""


def port_fault(port: int, *, live: bool) -> str:
    """A hint if `port` is the usual one of the other kind of account; empty if it is not."""
    usual = PORTS.get(port, "")
    if not usual or usual.endswith("live") == live:
        return ""
    return f"port {port} is usually {usual}, and the desk is {'live' if live else 'on paper'}"


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
