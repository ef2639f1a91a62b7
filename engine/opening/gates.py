"""The gates to live: record, settings and keys, each asked before a live desk is composed.

Refuses by telling every line that is missing; a live desk that still holds something is not
turned away but comes up halted, for nobody else would guard what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.brokers.exchange.keys import KeyFitness, check_key
from engine.brokers.ibkr.probe import probe
from engine.clock import SystemClock
from engine.config import Secrets, Settings
from engine.desk.policy import policy_of
from engine.desk.reconciling import DOLLARS, books_of, differences
from engine.desk.requirements import Requirement, requirements_of, unmet
from engine.engine.execution import working_of
from engine.engine.reconciling import OVERLAP, compared
from engine.errors import BrokerError, ConfigError
from engine.journal.ledger import ZERO, Ledger
from engine.journal.reading import ledger_of
from engine.model.reconciliation import VenueStatement
from engine.opening.ibkr import VENUE as IBKR
from engine.opening.ibkr import gateway_of
from engine.opening.live import live_broker
from engine.opening.venues import Venues
from engine.ports import Clock
from engine.views import MarketView


class LiveLocked(ConfigError):
    """Live is locked; the message has one line for each thing that is missing.

    Attributes
    ----------
    missing : tuple of Requirement
    """

    def __init__(self, missing: Iterable[Requirement]) -> None:
        self.missing = tuple(missing)
        lines = "".join(f"\n  - {each.sentence}" for each in self.missing)
        super().__init__(f"live trading is locked, for want of:{lines}")


async def key_requirements(
    settings: Settings, venues: Venues, clock: Clock
) -> tuple[Requirement, ...]:
    """What the venues say of the keys and accounts with which the watched would be traded."""
    traded = dict.fromkeys(each.venue for each in settings.watched)
    return tuple([await _of_venue(settings, venue, venues, clock) for venue in traded])


async def _of_venue(settings: Settings, venue: str, venues: Venues, clock: Clock) -> Requirement:
    if venue == IBKR:
        return await _gateway(settings)
    found = await check_key(venue, venues.secrets, clock, base_url=venues.root_of(venue))
    met = {KeyFitness.FIT: True, KeyFitness.UNFIT: False, KeyFitness.UNKNOWN: None}
    return Requirement(f"{venue} key", met[found.fitness], found.detail, found.mend)


async def _gateway(settings: Settings) -> Requirement:
    thing = "IB Gateway"
    if not settings.brokers.ibkr.account:
        mend = "set brokers.ibkr.account, see docs/howto/ibkr.md"
        return Requirement(thing, False, "no account is named", mend)
    try:
        facts = await probe(gateway_of(settings))
    except BrokerError as fault:
        return Requirement(thing, None, str(fault), "see docs/howto/ibkr.md")
    return Requirement(thing, not facts.fault, facts.sentence, facts.fault)


async def account_requirement(
    settings: Settings, ledger: Ledger, venues: Venues, clock: Clock
) -> Requirement:
    """Whether the account can be traded: dollars on it, and for a live record the same books."""
    instruments = tuple(each.symbol for each in settings.watched)
    try:
        broker = live_broker(settings, instruments, venues, ledger, clock)
    except ConfigError as fault:
        return Requirement("account", None, f"it cannot be asked: {fault}", "mend the key first")
    try:
        await broker.restore(working_of(ledger))
        since = (ledger.mode_since or clock.now()) - OVERLAP
        stated = await broker.statement(since)
    except BrokerError as fault:
        return Requirement("account", None, str(fault), "find out why the venue does not tell it")
    finally:
        await broker.aclose()
    if ledger.mode == "live":
        return _same_books(settings, ledger, stated, clock)
    dollars = sum((each.balances.get(DOLLARS, ZERO) for each in stated), ZERO)
    if not dollars > ZERO:
        mend = "deposit what the desk may trade with"
        return Requirement("account", False, f"{dollars} settled US dollars are on it", mend)
    told = f"{dollars:,.2f} settled US dollars for the desk; what else is there stays yours"
    return Requirement("account", True, told)


def _same_books(
    settings: Settings, ledger: Ledger, stated: tuple[VenueStatement, ...], clock: Clock
) -> Requirement:
    policy = policy_of(settings, tuple(each.symbol for each in settings.watched))
    halting = [
        each.sentence
        for each in differences(books_of(ledger, policy, clock.now()), stated)
        if each.halts
    ]
    if not halting:
        return Requirement("account", True, f"it agrees with the record ({compared(stated)})")
    mend = "put it right: executor reconcile tells each line"
    return Requirement("account", False, "; ".join(halting), mend)


def _market(view: MarketView) -> Requirement:
    if view.simulated or view.paced:
        mend = "watch a real one with --market kraken or coinbase"
        return Requirement("market", False, f"it is {view.name}", mend)
    return Requirement("market", True, view.name)


async def live_requirements(
    settings: Settings, ledger: Ledger, venues: Venues, clock: Clock | None = None
) -> tuple[Requirement, ...]:
    """Every line that live needs, met or not."""
    now = clock or SystemClock()
    asked = await key_requirements(settings, venues, now)
    if not unmet(asked):
        asked = (*asked, await account_requirement(settings, ledger, venues, now))
    return (*requirements_of(settings, ledger), *asked)


async def what_live_needs(settings: Settings, journal: Path) -> tuple[Requirement, ...]:
    """The same for the record at `journal`, which need not exist, with the environment's keys.

    Raises
    ------
    JournalError
        If the file is no journal, or does not verify.
    """
    return await live_requirements(settings, _record_of(journal), Venues(Secrets()))


def _record_of(journal: Path) -> Ledger:
    return ledger_of(journal) if journal.exists() else Ledger()


async def pass_gates(
    settings: Settings, ledger: Ledger, venues: Venues | None, market: MarketView
) -> str:
    """Let a live desk through, or tell why a desk that still holds something must come up halted.

    Parameters
    ----------
    venues : Venues or None
        None where no keys were given; they are missing then.

    Returns
    -------
    str
        Empty where everything is met.

    Raises
    ------
    LiveLocked
        If anything is missing and nothing is held.
    """
    keys = venues or Venues(Secrets.model_construct())
    missing = unmet((*await live_requirements(settings, ledger, keys), _market(market)))
    if not missing:
        return ""
    if ledger.mode == "live" and (ledger.positions or ledger.open_orders()):
        return "; ".join(each.sentence for each in missing)
    raise LiveLocked(missing)
