"""The composition root: settings, market, journal, desk, Discord, in the order they can fail.

Refuses to leave half of it running: whatever ends first takes the rest down in order.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from rich.markup import escape

from bot.errors import NoOwner
from bot.logs import write_logs
from bot.pictures import paint
from bot.sandbox import PEOPLE, SandboxError, SandboxPortInUse, SandboxServer
from bot.settings import BotSettings
from engine.facade import (
    ConfigError,
    Desk,
    JournalError,
    LiveLocked,
    MarketChoice,
    Secrets,
    Settings,
    SystemClock,
    load_settings,
    open_desk,
    rehearsed_desk,
    what_live_needs,
)

DEFAULT_PORT = 8787
PACED_SPEED = 600.0
_READY_WITHIN_SECONDS = 0.1
_SANDBOX_SCAN_GAP_SECONDS = 5.0

_log = structlog.get_logger(__name__)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asks for.

    Attributes
    ----------
    files : dict of str to Path
        Recorded history to replay, by instrument.
    speed : float or None, virtual seconds a real second
    port : int or None
        None takes 8787, or a free one if that is taken; 0 any free one.
    """

    config: Path | None = None
    sandbox: bool = False
    files: dict[str, Path] = field(default_factory=dict)
    books: dict[str, Path] = field(default_factory=dict)
    market: str = "auto"
    speed: float | None = None
    start: datetime | None = None
    until: datetime | None = None
    hold_seconds: float = 90.0
    port: int | None = None
    db: Path | None = None
    live: bool = False


async def run_desk(plan: Plan, say: Say) -> None:
    """Run until the process is told to stop.

    Raises
    ------
    ExecutorError, SandboxError, NoOwner
        One line naming the thing and the mend.
    """
    settings, secrets = load_settings(plan.config), Secrets()
    write_logs(
        settings.log.level,
        as_json=settings.log.format == "json",
        secrets=secrets.revealed(),
    )
    if plan.live:
        await _tell_what_live_needs(settings, journal_path(plan, settings), say)
    token = secrets.discord_token
    async with AsyncExitStack() as stack:
        if plan.sandbox or token is None:
            _require_no_visitors(settings)
            await _run_in_sandbox(plan, settings, stack, say)
        else:
            if not settings.discord.owner_id:
                raise NoOwner(
                    "DISCORD_TOKEN is set but nobody owns the desk: set discord.owner_id in "
                    "config.toml to your Discord user id, or add --sandbox"
                )
            await _run_on_discord(plan, settings, token.get_secret_value(), stack, say)


async def _tell_what_live_needs(settings: Settings, journal: Path, say: Say) -> None:
    """Tell what live needs and has, and let only a desk through that has everything.

    Raises
    ------
    LiveLocked
        If anything is missing, a line for each.
    """
    needs = await what_live_needs(settings, journal)
    missing = [each for each in needs if each.met is not True]
    for each in needs:
        if each.met is True:
            say(f"  [green]met[/] {escape(each.thing)}: {escape(each.detail)}")
    if missing:
        raise LiveLocked(missing)


def _require_no_visitors(settings: Settings) -> None:
    """On the page anybody can act as B: real money is not for there."""
    if settings.desk.mode == "live":
        raise ConfigError(
            "desk.mode is live, and on the sandbox page any visitor can act as B: set "
            "DISCORD_TOKEN and leave --sandbox out, or rehearse with executor rehearse"
        )


def _choice(plan: Plan) -> MarketChoice:
    return MarketChoice(
        source="replay" if plan.files else plan.market,
        files=plan.files,
        speed=PACED_SPEED if plan.speed is None else plan.speed,
        start=plan.start,
        until=plan.until,
        hold_seconds=plan.hold_seconds,
        books=plan.books,
    )


def journal_path(plan: Plan, settings: Settings) -> Path:
    """Where the record is: ``--db``, else config.toml.

    Raises
    ------
    ConfigError
        If its folder does not exist or cannot be written.
    """
    path = plan.db or settings.journal.path
    folder = path.absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"{folder} does not exist: make it, or name another file with --db")
    if not os.access(folder, os.W_OK):
        raise ConfigError(
            f"{path} cannot be written: {folder} is read-only; choose a folder that you may "
            "write to with --db"
        )
    return path


# -------------------------------------------------------------------------- the sandbox


async def _run_in_sandbox(plan: Plan, settings: Settings, stack: AsyncExitStack, say: Say) -> None:
    journal = journal_path(plan, settings)
    if not journal.absolute().parent.is_dir():
        raise JournalError(
            f"{journal}: no folder {journal.parent}; create it, or give another --db"
        )
    server = await _open_page(plan, journal, stack)
    say(f"\n  Executor is on paper, in the sandbox. Open [bold cyan]{server.page_url}[/]\n")
    desk = await open_desk(settings, _choice(plan), journal, Secrets(), paint)
    stack.push_async_callback(desk.close)
    say(f"  Market: {desk.market.description}")
    say(f"  Record: {journal}    Stop with Ctrl-C; the desk comes back where it was.\n")
    await _play(desk, settings, server, stack)


async def rehearse_on_page(plan: Plan, say: Say) -> None:
    """Run the live path before a played venue on the sandbox page, until told to stop.

    Raises
    ------
    ExecutorError, SandboxError
        One line naming the thing and the mend.
    """
    settings = load_settings(plan.config)
    # The environment's keys are not even read: the played venue has a key of its own.
    write_logs(settings.log.level, as_json=settings.log.format == "json")
    journal = journal_path(plan, settings)
    async with AsyncExitStack() as stack:
        # Also the shortest private answer is signed with the word then.
        server = await _open_page(plan, journal, stack, bot_name="Executor REHEARSAL")
        say("\n  REHEARSAL of the live path, in the sandbox.")
        say(f"  Open [bold cyan]{server.page_url}[/]\n")
        desk = await stack.enter_async_context(rehearsed_desk(settings, journal))
        say(f"  Market: {desk.market.description}")
        say(f"  Record: {journal}    Stop with Ctrl-C; the next rehearsal begins anew.\n")
        await _play(desk, settings, server, stack)


async def _play(
    desk: Desk, settings: Settings, server: SandboxServer, stack: AsyncExitStack
) -> None:
    """The bot on the sandbox page with `desk` behind it, until the process is told to stop."""
    from bot.app import ExecutorBot
    from bot.sandbox.connect import point_discord_at

    overseers = [p.key for p in PEOPLE if p.key == "overseer"]
    bot_settings = _bot_settings(
        settings,
        owner_id=int(server.user_id("owner")),
        overseer_ids=frozenset(int(server.user_id(key)) for key in overseers),
        guild_id=int(server.guild_id),
        scan_min_gap_seconds=min(
            settings.schedule.scan_min_gap_seconds, _SANDBOX_SCAN_GAP_SECONDS
        ),
        auto_setup=True,
    )
    with point_discord_at(server):
        bot = ExecutorBot(desk, bot_settings, guild_ready_timeout=_READY_WITHIN_SECONDS)
        stack.push_async_callback(bot.close)
        await _live(desk, bot.start(server.bot_token))


async def _open_page(
    plan: Plan, journal: Path, stack: AsyncExitStack, *, bot_name: str = "Executor"
) -> SandboxServer:
    """The local Discord, on the port asked for, or near the usual one if that is taken."""
    store = journal.with_name(f"{journal.stem}.discord.sqlite")
    clock = SystemClock()

    async def server_at(port: int) -> SandboxServer:
        server = SandboxServer(now=clock.now, port=port, store=store, bot_name=bot_name)
        try:
            return await stack.enter_async_context(server)
        except sqlite3.Error as fault:
            raise SandboxError(
                f"{store} cannot be opened: {fault}; move it away to begin with empty channels "
                "(the record is not in it)"
            ) from fault

    try:
        return await server_at(DEFAULT_PORT if plan.port is None else plan.port)
    except SandboxPortInUse:
        if plan.port is not None:
            raise
    return await server_at(0)


# -------------------------------------------------------------------------- real Discord


async def _run_on_discord(
    plan: Plan, settings: Settings, token: str, stack: AsyncExitStack, say: Say
) -> None:
    from bot.app import ExecutorBot

    journal = journal_path(plan, settings)
    desk = await open_desk(settings, _choice(plan), journal, Secrets(), paint)
    stack.push_async_callback(desk.close)
    say(f"  Executor is on {settings.desk.mode}, on Discord. Market: {desk.market.description}")
    bot = ExecutorBot(desk, _bot_settings(settings))
    stack.push_async_callback(bot.close)
    await _live(desk, bot.start(token))


def _bot_settings(
    settings: Settings,
    *,
    owner_id: int | None = None,
    overseer_ids: frozenset[int] | None = None,
    guild_id: int | None = None,
    scan_min_gap_seconds: float | None = None,
    auto_setup: bool = False,
) -> BotSettings:
    """Settings of the bot; what is given here takes the place of config.toml."""
    places = settings.discord
    return BotSettings(
        owner_id=int(places.owner_id or 0) if owner_id is None else owner_id,
        overseer_ids=(
            frozenset(int(each) for each in places.overseer_ids)
            if overseer_ids is None
            else overseer_ids
        ),
        guild_id=guild_id or _id(places.guild_id),
        category=places.category,
        research_channel=places.research_channel,
        execution_channel=places.execution_channel,
        research_channel_id=_id(places.research_channel_id),
        execution_channel_id=_id(places.execution_channel_id),
        scan_min_gap_seconds=(
            settings.schedule.scan_min_gap_seconds
            if scan_min_gap_seconds is None
            else scan_min_gap_seconds
        ),
        daily_summary_at=settings.schedule.daily_summary_at,
        weekly_review_on=settings.schedule.weekly_review_on,
        weekly_review_at=settings.schedule.weekly_review_at,
        read_halt_messages=places.read_halt_messages,
        read_signals=places.read_signals,
        signal_ids=frozenset(int(each) for each in places.signal_ids),
        auto_setup=auto_setup,
    )


def _id(text: str) -> int | None:
    return int(text) if text else None


# -------------------------------------------------------------------------- living and ending


async def _live(desk: Desk, discord_run: object) -> None:
    """The desk and the bot side by side until one fails or the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    tasks = {
        asyncio.create_task(_desk_run(desk), name="desk"),
        asyncio.create_task(discord_run, name="discord"),  # type: ignore[arg-type]
        asyncio.create_task(stop.wait(), name="stop"),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await asyncio.wait({task})
    for task in done:
        task.result()


async def _desk_run(desk: Desk) -> None:
    """The desk on its market; when a replay has ended it stays up and answers."""
    await desk.run()
    _log.info("the market has ended: the desk stays open for questions", market=desk.market.name)
    await asyncio.Event().wait()
