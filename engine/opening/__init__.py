"""Opening a desk: journal first, then the market, the broker and the engine around them.

Refuses to start half of it: whatever cannot be opened is named in one line, and what was opened
before it is let go of.
"""

from __future__ import annotations

from collections import ChainMap
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from engine.brokers.paper import PaperBroker
from engine.brokers.settlement import Unsettled
from engine.config import Settings
from engine.costs import Conditions
from engine.desk.policy import Policy, policy_of
from engine.engine import Engine, EngineParts
from engine.engine.recorder import Recorder
from engine.errors import ConfigError, JournalError
from engine.journal.ledger import Ledger
from engine.journal.sqlite import SqliteJournal
from engine.killswitch import KillFile, kill_path
from engine.model.bars import Timeframe
from engine.model.instruments import Calendar
from engine.model.orders import Side
from engine.model.positions import LotState
from engine.opening.account import learn_fees
from engine.opening.choice import MarketChoice
from engine.opening.markets import OpenMarket, open_market, open_replay, replay_of
from engine.opening.witnesses import NO_AIDS, Aids, scouts_of, silent_witnesses
from engine.ports import Broker, Journal, KillSwitch
from engine.probability.layer import InstrumentScale
from engine.probability.pipeline import Pipeline
from engine.risk import HeldBack, bounds_in_force
from engine.views import MarketView

__all__ = [
    "NO_AIDS",
    "Aids",
    "MarketChoice",
    "OpenMarket",
    "in_force",
    "kill_files",
    "open_engine",
    "open_market",
    "open_on",
    "open_replay",
    "parts_on",
    "pipeline_of",
    "replay_of",
    "require_live_allowed",
]

_PACED_EXPIRY_BARS = 2


async def open_engine(
    settings: Settings, choice: MarketChoice, journal_path: Path, aids: Aids = NO_AIDS
) -> Engine:
    """Open the engine whose record is at `journal_path`.

    Parameters
    ----------
    aids : Aids
        Keys, with which a venue is asked for the account's fees and models are asked at all,
        and who draws charts.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; nothing is left open.
    """
    switch = kill_files(settings, journal_path)
    journal = await SqliteJournal.open(journal_path, settings.hash)
    engine = await open_on(journal, settings, choice, str(journal_path), switch, aids)
    if aids.secrets is not None and not engine.market.paced and not engine.market.simulated:
        await learn_fees(engine, settings, aids.secrets)
    return engine


def kill_files(settings: Settings, journal_path: Path) -> KillFile:
    """The kill files of a desk: the one beside its record, and the configured one if there is.

    Raises
    ------
    ConfigError
        If the configured one's folder does not exist, so that nobody could put it there.
    """
    paths = [kill_path(journal_path)]
    if settings.journal.kill_file:
        more = Path(settings.journal.kill_file).absolute()
        if not more.parent.is_dir():
            raise ConfigError(
                f"journal.kill_file is {more}, but there is no folder {more.parent}: make it, or "
                "empty that key"
            )
        paths.append(more)
    return KillFile(*paths)


async def open_on(
    journal: Journal,
    settings: Settings,
    choice: MarketChoice,
    name: str = "the record",
    kill_switch: KillSwitch | None = None,
    aids: Aids = NO_AIDS,
) -> Engine:
    """Open the engine on `journal`, which it closes with itself, also when it cannot open.

    Raises
    ------
    ExecutorError
        One line naming the thing, the record by `name`, and the mend; nothing is left open.
    """
    async with AsyncExitStack() as opened:
        opened.push_async_callback(journal.aclose)
        parts = await parts_on(journal, settings, choice, name, aids)
        opened.push_async_callback(parts.feed.aclose)
        opened.push_async_callback(parts.witnesses.aclose)
        engine = Engine(replace(parts, kill_switch=kill_switch))
        await engine.open()
        opened.pop_all()
        return engine


async def parts_on(
    journal: Journal,
    settings: Settings,
    choice: MarketChoice,
    name: str = "the record",
    aids: Aids = NO_AIDS,
) -> EngineParts:
    """Everything an engine on `journal` is made of, with the journal replayed.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; only `journal` is still open then.
    """
    recorder = Recorder(journal)
    await recorder.replay()
    market = await open_market(settings, choice, recorder.ledger)
    try:
        _require_same_market(recorder.ledger, market.view, name)
        _require_held_watched(recorder.ledger, market.instruments, name)
        return _assemble(settings, choice, market, journal, recorder, aids)
    except BaseException:
        await market.aclose()
        raise


def _assemble(
    settings: Settings,
    choice: MarketChoice,
    market: OpenMarket,
    journal: Journal,
    recorder: Recorder,
    aids: Aids,
) -> EngineParts:
    policy = policy_of(settings, market.instruments)
    if market.view.paced:
        # A bar may pass while the owner reads: a question outlives it.
        shortest = _PACED_EXPIRY_BARS * market.view.timeframe.length
        policy = replace(policy, expires_for=max(policy.expires_for, shortest))
    policy, held_back = in_force(policy, recorder.ledger)
    # A live view: what the journal learns of the account's fees counts from then on.
    tiers = ChainMap(recorder.ledger.fee_tiers, dict(policy.costs.tiers))
    policy = replace(policy, costs=replace(policy.costs, tiers=tiers))
    conditions = Conditions(timedelta(seconds=settings.costs.quote_seconds))
    recorder.clock = market.clock
    return EngineParts(
        settings=settings,
        policy=policy,
        market=market.view,
        instruments=market.instruments,
        journal=journal,
        recorder=recorder,
        feed=market.feed,
        broker=_paper_broker(settings, policy, recorder.ledger, conditions),
        conditions=conditions,
        pipeline=pipeline_of(settings, policy, market.view.timeframe),
        clock=market.clock,
        software=version("executor"),
        silent=silent_witnesses(settings),
        scouts=scouts_of(settings, aids, market.clock),
        witnesses=market.witnesses,
        held_back=held_back,
        hold_seconds=choice.hold_seconds,
        seed=market.seed,
        epoch_at=market.epoch_at,
    )


def in_force(policy: Policy, ledger: Ledger) -> tuple[Policy, tuple[HeldBack, ...]]:
    """The policy with no limit looser than on record while a position or an order is open."""
    flat = not ledger.positions and not ledger.open_orders()
    bounds, held_back = bounds_in_force(policy.bounds, ledger.limits, flat=flat)
    return policy.within(bounds), held_back


def require_live_allowed(ledger: Ledger) -> None:
    """Refuse a live desk on a record whose drawdown kill has sent it back to paper.

    Raises
    ------
    ConfigError
        Naming when that was; resetting the breaker does not lift it.
    """
    if ledger.paper_only_since is not None:
        raise ConfigError(
            "desk.mode is live, but a drawdown kill sent this desk back to paper on "
            f"{ledger.paper_only_since:%Y-%m-%d %H:%M} UTC: set desk.mode to paper"
        )


def _paper_broker(
    settings: Settings, policy: Policy, ledger: Ledger, conditions: Conditions
) -> Broker:
    if settings.desk.mode != "paper":
        require_live_allowed(ledger)
        raise ConfigError(
            "desk.mode is live, but no live broker is unlocked: live needs the review's gates "
            "and /golive; set desk.mode to paper"
        )
    held: dict[str, Decimal] = {}
    for position in ledger.positions.values():
        base = policy.instruments[position.instrument].base
        held[base] = held.get(base, Decimal(0)) + position.quantity
    cash = ledger.cash_usd if ledger.opened_at else settings.desk.cash_usd
    return PaperBroker(
        tuple(policy.instruments.values()),
        policy.costs,
        cash_usd=cash,
        holdings=held,
        conditions=conditions,
        unsettled=_unsettled(policy, ledger),
    )


def _unsettled(policy: Policy, ledger: Ledger) -> list[Unsettled]:
    """What the record says is still on its way: lots that are not ours, proceeds likewise."""
    lots = [
        Unsettled(
            client_id=ledger.orders_of(held.id, Side.BUY)[0].order.client_id,
            asset=policy.instruments[held.instrument].base,
            amount=held.quantity,
            settles_at=held.settles_at,
        )
        for held in ledger.positions.values()
        if held.lot is LotState.BOUGHT and held.settles_at is not None
    ]
    cash = [
        Unsettled("", "USD", amount, at)
        for at, amount in ledger.unsettled
        if ledger.at and at > ledger.at
    ]
    return lots + cash


def pipeline_of(settings: Settings, policy: Policy, timeframe: Timeframe) -> Pipeline:
    """The twelve layers for the instruments of `policy`."""
    scales = [
        InstrumentScale(
            symbol=symbol,
            tick=float(instrument.tick),
            continuous=instrument.calendar is Calendar.CONTINUOUS,
        )
        for symbol, instrument in policy.instruments.items()
    ]
    return Pipeline(settings.pipeline, scales, timeframe.days)


def _require_same_market(ledger: Ledger, market: MarketView, name: str) -> None:
    if ledger.opened_at is None or ledger.market == market.name:
        return
    raise JournalError(
        f"{name} is the record of a desk on {ledger.market}, not on {market.name}: "
        "choose another file with --db, or the same market"
    )


def _require_held_watched(ledger: Ledger, watched: tuple[str, ...], name: str) -> None:
    """What is held or on order must be seen, or nobody guards it."""
    held = [position.instrument for position in ledger.positions.values()]
    held += [record.order.instrument for record in ledger.open_orders()]
    unseen = [symbol for symbol in held if symbol not in watched]
    if unseen:
        raise JournalError(
            f"{name} holds {unseen[0]}, which would not be watched now: add it to desk.watch, "
            f"or give its file with --data {unseen[0]}=FILE"
        )
