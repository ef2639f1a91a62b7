"""The doctor's findings: what is configured, reachable and missing, and how to mend each.

Refuses to change anything, and to show what a secret holds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from engine.clock import SystemClock
from engine.config import Secrets, Settings, load_settings, locate_config
from engine.desk.requirements import requirements_of, unmet
from engine.errors import BrokerUnavailable, ExecutorError, JournalError
from engine.journal.ledger import Ledger
from engine.journal.reading import ledger_of
from engine.journal.verify import verify
from engine.llm import ChatClient, Unanswered, survey
from engine.metering import meter_plan_of, price_at
from engine.news import NoFeed, Unread, count_dated
from engine.opening import MarketChoice, kill_files, open_replay
from engine.opening.analyzer import analyzer_provider, why_not_asked
from engine.opening.news import bounds_of
from engine.opening.witnesses import Aids, scouts_provider


class Health(StrEnum):
    """How a thing is."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor.

    Attributes
    ----------
    mend : str
        What to do about it; empty if nothing is wrong.
    fatal : bool
        Whether the main job cannot run without it.
    """

    thing: str
    health: Health
    detail: str
    mend: str = ""
    fatal: bool = False


Findings = tuple[Finding, ...]
_PROBE_SECONDS = 5.0


async def check_up(
    config: Path | None, files: Mapping[str, Path], db: Path | None
) -> tuple[Finding, ...]:
    """Look at everything the main job needs, and at what it can do without."""
    try:
        settings = load_settings(config)
    except ExecutorError as fault:
        return (Finding("settings", Health.BAD, str(fault), "mend config.toml", fatal=True),)
    return (
        _settings(config, settings),
        _journal(db or settings.journal.path),
        *_data(settings, files),
        await _public_market(),
        *_discord(settings, Secrets()),
        _halt_messages(settings),
        _kill_file(settings, db or settings.journal.path),
        *await _venue_keys(Secrets()),
        *await _ib_gateway(settings),
        await _scouts(settings, Secrets()),
        await _analyzer(settings, Secrets()),
        *await _news(settings),
        _place(settings),
        _forms(settings),
        _live(settings, db or settings.journal.path),
    )


def _settings(config: Path | None, settings: Settings) -> Finding:
    path = locate_config(config)
    where = str(path) if path else "no config.toml: the defaults are in use"
    return Finding("settings", Health.GOOD, f"{where}; hash {settings.hash[:12]}")


def _journal(path: Path) -> Finding:
    if not path.exists():
        folder = path.absolute().parent
        if not folder.is_dir():
            mend = f"make the folder {folder}, or name another file with --db"
            return Finding("journal", Health.BAD, f"{folder} does not exist", mend, fatal=True)
        if not os.access(folder, os.W_OK):
            mend = "choose a folder you may write to with --db"
            return Finding("journal", Health.BAD, f"{folder} is read-only", mend, fatal=True)
        return Finding("journal", Health.GOOD, f"{path} will be begun")
    try:
        report = verify(path)
    except JournalError as fault:
        return Finding("journal", Health.BAD, str(fault), "see the line itself", fatal=True)
    if not report.ok:
        return Finding("journal", Health.BAD, report.sentence, "restore a backup", fatal=True)
    return Finding("journal", Health.GOOD, report.sentence)


def _data(settings: Settings, files: Mapping[str, Path]) -> tuple[Finding, ...]:
    found = []
    for name, path in files.items():
        try:
            market = open_replay(settings, MarketChoice(files={name: path}), Ledger())
        except ExecutorError as fault:
            mend = f"give a file of bars with --data {name}=FILE"
            found.append(Finding(f"data {name}", Health.BAD, str(fault), mend, fatal=True))
        else:
            found.append(Finding(f"data {name}", Health.GOOD, market.view.description))
    return tuple(found)


async def _public_market() -> Finding:
    from engine.market.venues import reachable

    if await reachable("kraken"):
        return Finding("market", Health.GOOD, "Kraken's public data can be reached")
    return Finding(
        "market",
        Health.NOTE,
        "Kraken's public data cannot be reached; the market will be simulated",
        "check the network, or replay history with --data SYMBOL=FILE",
    )


def _discord(settings: Settings, secrets: Secrets) -> tuple[Finding, ...]:
    if secrets.discord_token is None:
        note = "DISCORD_TOKEN is not set; executor opens the local sandbox"
        mend = "set DISCORD_TOKEN to run on real Discord"
        return (Finding("discord", Health.NOTE, note, mend),)
    if not settings.discord.owner_id:
        mend = "set discord.owner_id in config.toml to your Discord user id"
        return (
            Finding("discord", Health.BAD, "a token is set but nobody owns the desk", mend, True),
        )
    return (Finding("discord", Health.GOOD, "a token and an owner are set"),)


def _halt_messages(settings: Settings) -> Finding:
    halts, signals = settings.discord.read_halt_messages, settings.discord.read_signals
    if not (halts or signals):
        told = "an overseer's message that names the bot halts: @bot halt"
        return Finding("halt by message", Health.GOOD, told)
    told = "plain messages halt: halt, or !halt REASON" if halts else "only @bot halt halts"
    if signals:
        told += f"; calls are heard of accounts: {len(settings.discord.signal_ids)}"
    mend = (
        "the Message Content intent must be on in the Developer Portal, or the bot cannot log in"
    )
    return Finding("halt by message", Health.NOTE, told, mend)


async def _news(settings: Settings) -> Findings:
    """Whether each feed of headlines can be read."""
    if not settings.news.feeds:
        return (Finding("news", Health.GOOD, "off: no feed is read"),)
    return tuple([await _feed(url, settings) for url in settings.news.feeds])


async def _feed(url: str, settings: Settings) -> Finding:
    thing = f"news {url}"
    try:
        dated = await count_dated(url, SystemClock(), bounds_of(settings))
    except (Unread, NoFeed) as fault:
        mend = "mend the address under news.feeds, or take it out"
        return Finding(thing, Health.NOTE, str(fault), mend)
    if not dated:
        mend = "undated headlines are not read: name another feed"
        return Finding(thing, Health.NOTE, "it has no dated headline", mend)
    return Finding(thing, Health.GOOD, f"{dated} dated headlines")


async def _analyzer(settings: Settings, secrets: Secrets) -> Finding:
    """Whether a memo could be had; nothing is asked that costs money."""
    chosen = settings.analyzer
    if not chosen.enabled:
        return Finding("analyzer", Health.GOOD, "off: no memo is asked for")
    why = why_not_asked(settings, Aids(secrets), paced=False)
    if why:
        return Finding("analyzer", Health.NOTE, why, "set it in the environment: memos need it")
    priced = price_at(
        meter_plan_of(settings).prices, chosen.provider, chosen.model, SystemClock().now()
    )
    if priced is None:
        mend = "add a table under [meter.prices]: a model without a price is not asked"
        return Finding("analyzer", Health.NOTE, f"{chosen.model} has no price", mend)
    client = ChatClient(analyzer_provider(settings, secrets))
    try:
        listed = await client.models(_PROBE_SECONDS)
    finally:
        await client.aclose()
    if isinstance(listed, Unanswered):
        mend = "proposals on which a memo is wanted ask the owner until it answers"
        return Finding("analyzer", Health.NOTE, f"{chosen.base_url}: {listed.reason}", mend)
    if chosen.model not in listed:
        held = ", ".join(listed[:6])
        mend = f"set analyzer.model to one of: {held}"
        return Finding("analyzer", Health.NOTE, f"{chosen.model} is not listed there", mend)
    return Finding("analyzer", Health.GOOD, f"{chosen.base_url} has {chosen.model}")


def _kill_file(settings: Settings, journal: Path) -> Finding:
    try:
        switch = kill_files(settings, journal)
    except ExecutorError as fault:
        mend = "make that folder, or empty journal.kill_file"
        return Finding("kill file", Health.BAD, str(fault), mend, fatal=True)
    thrown = switch.look()
    if thrown is None:
        return Finding("kill file", Health.GOOD, f"none: {' and '.join(switch.places)}")
    told = f"it is there, the desk starts halted: {thrown.reason}"
    return Finding("kill file", Health.NOTE, told, f"{thrown.mend}, then /resume with a reason")


async def _venue_keys(secrets: Secrets, base_urls: Mapping[str, str] | None = None) -> Findings:
    """One line for each venue that has a key: what it may do, as the venue itself says."""
    venues = [
        venue
        for venue in ("kraken", "coinbase")
        if any(name.startswith(venue.upper()) for name in secrets.present)
    ]
    if not venues:
        return (Finding("venue keys", Health.NOTE, "none are set; paper needs none"),)
    from engine.brokers.exchange.keys import KeyFitness, check_key

    health = {
        KeyFitness.FIT: Health.GOOD,
        KeyFitness.UNFIT: Health.BAD,
        KeyFitness.UNKNOWN: Health.NOTE,
    }
    found = []
    for venue in venues:
        root = (base_urls or {}).get(venue, "")
        key = await check_key(venue, secrets, SystemClock(), base_url=root)
        detail = f"{key.detail}; paper only reads the fees"
        found.append(Finding(f"{venue} key", health[key.fitness], detail, key.mend))
    return tuple(found)


async def _ib_gateway(settings: Settings) -> tuple[Finding, ...]:
    """The gateway of Interactive Brokers, where an account is configured."""
    if not settings.brokers.ibkr.account:
        return ()
    from engine.brokers.ibkr.probe import probe
    from engine.opening.ibkr import gateway_of

    try:
        facts = await probe(gateway_of(settings))
    except BrokerUnavailable as fault:
        mend = "see docs/howto/ibkr.md; paper needs no gateway"
        return (Finding("IB Gateway", Health.NOTE, str(fault), mend),)
    if facts.fault:
        return (Finding("IB Gateway", Health.NOTE, facts.sentence, facts.fault),)
    return (Finding("IB Gateway", Health.GOOD, facts.sentence),)


async def _scouts(settings: Settings, secrets: Secrets) -> Finding:
    """The scouts' server and its models."""
    scouts = settings.scouts
    if not scouts.enabled:
        told = "no model server is set: Alpha, Beta and Gamma are silent"
        mend = "start one, such as LM Studio's, and set scouts.base_url: docs/howto/scouts.md"
        return Finding("scouts", Health.NOTE, told, mend)
    try:
        provider = scouts_provider(settings, secrets)
    except ExecutorError as fault:
        return Finding("scouts", Health.BAD, str(fault), "mend it", fatal=True)
    wanted = {"scouts.vision_model": scouts.vision_model, "scouts.text_model": scouts.text_model}
    found = await survey(provider, tuple(wanted.values()))
    where = f"{provider.name} at {provider.base_url}"
    if found.fault:
        mend = "start the server, or empty scouts.base_url; the desk works without"
        return Finding("scouts", Health.NOTE, f"{where}: {found.fault}", mend)
    missing = [name for name, pattern in wanted.items() if found.found[pattern] is None]
    if missing:
        others = ", ".join(found.listed[:8]) or "none at all"
        told = f"{where} lists no model like {wanted[missing[0]]}; it lists {others}"
        mend = f"download it there, or set {missing[0]} to one that is listed"
        return Finding("scouts", Health.NOTE, told, mend)
    names = [chosen.model for chosen in found.found.values() if chosen is not None]
    prices, today = meter_plan_of(settings).prices, SystemClock().now()
    dear = [name for name in names if price_at(prices, provider.name, name, today) is None]
    if dear:
        told = f"{where} has {dear[0]}, but no price is known for it: it is not asked"
        return Finding("scouts", Health.NOTE, told, "add its price under [meter.prices]")
    return Finding("scouts", Health.GOOD, f"{where} has {' and '.join(dict.fromkeys(names))}")


_STALE_RATE = timedelta(days=90)


def _place(settings: Settings) -> Finding:
    law = settings.law
    if law is None:
        told = "none is set: no venue is ruled out and no cap on net purchases is kept"
        mend = 'set compliance.jurisdiction, for example "CA-ON"'
        return Finding("jurisdiction", Health.NOTE, told, mend)
    barred = [each.symbol for each in settings.watched if each.venue not in law.venues]
    if barred:
        mend = "watch them on paper no more, or correct [jurisdictions]"
        told = f"{law.name} does not allow the venue of {', '.join(barred)}: no entries there"
        return Finding("jurisdiction", Health.BAD, told, mend)
    told = f"{law.name}, read on {law.as_of}"
    if law.net_buy_cap_cad is not None:
        told += f"; CAD {law.net_buy_cap_cad:,} net purchases a year at {law.usd_cad} CAD a dollar"
    if SystemClock().now().date() - law.usd_cad_as_of > _STALE_RATE:
        mend = "set compliance.usd_cad and its date anew"
        return Finding(
            "jurisdiction", Health.NOTE, f"{told}; the rate is of {law.usd_cad_as_of}", mend
        )
    return Finding("jurisdiction", Health.GOOD, told)


def _forms(settings: Settings) -> Finding:
    nobody = [each.symbol for each in settings.watched if not each.attested_by]
    if not nobody:
        return Finding("attested forms", Health.GOOD, "every watched instrument has a name")
    live = settings.desk.mode != "paper"
    told = f"nobody has attested {', '.join(nobody)}: paper only, never live"
    mend = "have the form of ownership attested, and write the name as attested_by"
    return Finding("attested forms", Health.BAD if live else Health.NOTE, told, mend)


def _live(settings: Settings, journal: Path) -> Finding:
    try:
        ledger = ledger_of(journal) if journal.exists() else Ledger()
    except JournalError as fault:
        return Finding("live", Health.NOTE, f"locked: {fault}", "see the journal's line")
    missing = unmet(requirements_of(settings, ledger))
    mend = "executor run --live lists them, with the keys"
    if not missing:
        told = "record and settings have everything; the keys are asked at the start"
        return Finding("live", Health.GOOD, told, "executor run --live asks them now")
    things = ", ".join(each.thing for each in missing)
    if settings.desk.mode == "paper":
        return Finding("live", Health.NOTE, f"locked, for want of {things}", mend)
    told = f"desk.mode is live, which is locked for want of {things}"
    return Finding("live", Health.BAD, told, f"{mend}; or set desk.mode to paper", fatal=True)
