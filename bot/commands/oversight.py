"""``executor halt``, ``risk`` and ``reconcile``: a desk stopped or looked at from outside."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.commands.frame import ConfigOption, JsonOption, app, err, print_json, screen, told
from bot.logs import write_logs

if TYPE_CHECKING:
    from engine.facade import Settings

OptionalDbOption = Annotated[
    Path | None, typer.Option("--db", help="File of the journal; default from config.toml.")
]


@app.command()
def halt(
    db: OptionalDbOption = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Goes into the record.")
    ] = "executor halt",
    off: Annotated[
        bool, typer.Option("--off", help="Take the kill file away; /resume is still needed.")
    ] = False,
    wait: Annotated[
        float,
        typer.Option(min=0, max=600, help="Real seconds that a running desk has to show it."),
    ] = 10.0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forbid entries by the kill file, with or without Discord, or a running desk; exits go on."""

    def action() -> int:
        from engine.facade.records import (
            halt_from_outside,
            release_from_outside,
        )

        write_logs("error", as_json=False)
        settings = _settings_if_sound(config)
        journal = db or _path_in(settings)
        if off:
            released = release_from_outside(journal, settings)
            fields = asdict(released) | {"path": str(released.path)}
            _say(released.sentence, fields, as_json=as_json, good=not released.still)
            return 0
        halted = asyncio.run(halt_from_outside(journal, reason, timedelta(seconds=wait)))
        fields = asdict(halted) | {"path": str(halted.path), "done": halted.done}
        _say(halted.sentence, fields, as_json=as_json, good=halted.done)
        return 0 if halted.done else 1

    told(action)


@app.command()
def risk(
    db: OptionalDbOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Limits and their use, breakers, halts and their history, from the record alone."""

    def action() -> None:
        from bot.risk import print_risk
        from engine.facade import load_settings
        from engine.facade.records import (
            read_risk,
            risk_as_json,
        )

        write_logs("error", as_json=False)
        settings = load_settings(config)
        view = read_risk(settings, db or settings.journal.path)
        if as_json:
            print_json(risk_as_json(view))
        else:
            print_risk(view, screen)

    told(action)


@app.command()
def reconcile(
    db: OptionalDbOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Compare the record with its account: balances, open orders and fills; 1 if they differ."""

    def action() -> int:
        from engine.facade import load_settings
        from engine.facade.records import (
            reconcile_outside,
            reconciled_as_json,
        )

        write_logs("error", as_json=False)
        settings = load_settings(config)
        outcome = asyncio.run(reconcile_outside(settings, db or settings.journal.path))
        if as_json:
            print_json(reconciled_as_json(outcome))
        else:
            sign = "[green]✓[/]" if outcome.agrees else "[red]✗[/]"
            screen.print(f"{sign} {escape(outcome.sentence)}")
            for each in outcome.differences:
                mark = "[red]stops entries[/]" if each.halts else "[dim]the owner's[/]"
                screen.print(f"  {mark} {escape(each.sentence)}")
        return 0 if outcome.agrees else 1

    told(action)


def _settings_if_sound(config: Path | None) -> Settings | None:
    """The settings; None with a warning where they cannot be read, which must not stop a halt."""
    from engine.facade import ConfigError, load_settings

    try:
        return load_settings(config)
    except ConfigError as fault:
        err.print(f"[yellow]executor:[/] {escape(str(fault))}; going on without settings")
        return None


def _path_in(settings: Settings | None) -> Path:
    from engine.facade import ConfigError

    if settings is None:
        raise ConfigError("which desk? the settings cannot be read: give its journal with --db")
    return settings.journal.path


def _say(sentence: str, fields: dict[str, object], *, as_json: bool, good: bool) -> None:
    if as_json:
        print_json(fields | {"sentence": sentence})
    else:
        sign = "[green]✓[/]" if good else "[red]✗[/]"
        screen.print(f"{sign} {escape(sentence)}")
