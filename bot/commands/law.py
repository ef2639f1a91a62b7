"""``executor zakat``, ``purification`` and ``ledger import``: the law, on a journal file."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from bot.commands.frame import (
    ConfigOption,
    DbOption,
    JsonOption,
    app,
    err,
    print_json,
    screen,
    told,
)

if TYPE_CHECKING:
    from engine.facade.records import ZakatReport

ledger_app = typer.Typer(help="What a venue booked on the account.")
app.add_typer(ledger_app, name="ledger")

_SCHOLAR = "A report, not a ruling: a qualified scholar decides. Nothing was moved."


@app.command()
def zakat(
    db: DbOption,
    nisab: Annotated[
        Literal["gold", "silver"] | None, typer.Option(help="85 g of gold or 595 g of silver.")
    ] = None,
    year: Annotated[
        Literal["lunar", "solar"] | None, typer.Option(help="2.5 % lunar or 2.5767 % solar.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Hawl date, YYYY-MM-DD; default: the record's end.")
    ] = None,
    ounce_usd: Annotated[
        str | None, typer.Option(help="Price of the nisab's metal, USD a troy ounce.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Report what zakat on the desk's goods would come to; moves nothing."""
    from engine.facade import (
        Refused,
        load_settings,
    )
    from engine.facade.records import (
        Nisab,
        ZakatChoice,
        ZakatYear,
        zakat_of_journal,
    )

    choice = ZakatChoice(
        nisab=Nisab(nisab) if nisab else None,
        year=ZakatYear(year) if year else None,
        day=_day(at),
        ounce_usd=_price(ounce_usd),
    )

    def action() -> int:
        report = zakat_of_journal(db, load_settings(config), choice)
        if isinstance(report, Refused):
            err.print(f"[bold red]executor:[/] {escape(report.sentence)}")
            return 1
        if as_json:
            extra = {"nisab_grams": report.nisab.grams, "formula": report.formula}
            print_json(asdict(report) | extra | {"decides": _SCHOLAR})
        else:
            _print_zakat(report)
        return 0

    told(action)


def _print_zakat(report: ZakatReport) -> None:
    screen.print(f"[bold]Zakat on {report.day:%Y-%m-%d}[/] ({escape(report.hijri)})")
    if report.simulated:
        screen.print("[yellow]SIMULATED: no price is real[/]")
    for good in report.goods:
        screen.print(
            f"  {good.quantity} {escape(good.instrument)} at {good.price_usd:,.2f} = "
            f"{good.value_usd:,.2f} USD"
        )
    screen.print(
        f"  an ounce of {report.nisab}: {report.price.usd:,.2f} USD, "
        f"{escape(report.price.source)}, {report.price.as_of:%Y-%m-%d}"
    )
    screen.print(f"  {escape(report.formula)}")
    if report.next_hawl:
        screen.print(f"  the next hawl ends on {report.next_hawl} ({report.next_hawl_hijri})")
    screen.print(f"[dim]{_SCHOLAR}[/]")


@app.command()
def purification(db: DbOption, as_json: JsonOption = False) -> None:
    """Report incidental interest and what was given away; moves nothing."""
    from engine.facade.records import purification_of_journal

    def action() -> None:
        account = purification_of_journal(db)
        if as_json:
            print_json(asdict(account) | {"left_usd": account.left_usd, "decides": _SCHOLAR})
            return
        screen.print(
            f"received {account.received_usd:,.2f} USD in {len(account.lines)} lines · given "
            f"{account.given_usd:,.2f} · left to give {account.left_usd:,.2f}"
        )
        for line in account.unvalued:
            screen.print(f"  not valued: {line.amount} {escape(line.asset)} on {line.at:%Y-%m-%d}")
        screen.print(f"[dim]{_SCHOLAR}[/]")

    told(action)


@ledger_app.command("import")
def ledger_import(
    db: DbOption,
    statement: Annotated[Path, typer.Option("--csv", help="Statement with a header row.")],
    venue: Annotated[str, typer.Option(help="Whose statement it is.")] = "kraken",
    through: Annotated[
        str | None,
        typer.Option(help="Last day it covers, YYYY-MM-DD; default: that of its newest line."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a venue's statement into the journal; exit code 3 if a line of it halts the desk."""
    from engine.facade import load_settings
    from engine.facade.records import import_statement

    def action() -> int:
        settings, last = load_settings(config), _day(through, "--through")
        found = asyncio.run(import_statement(db, statement, venue, settings, last))
        if as_json:
            print_json(asdict(found))
        else:
            kinds = ", ".join(f"{n} {meaning}" for meaning, n in found.meanings.items()) or "none"
            screen.print(f"{found.read} lines read, {found.new} new: {kinds}")
            if found.halted:
                screen.print("[bold red]Interest or financing: the desk stands halted.[/]")
        return 3 if found.halted else 0

    told(action)


def _day(text: str | None, option: str = "--at") -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no date, write 2026-03-01", param_hint=option
        ) from None


def _price(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not (price.is_finite() and price > 0):
        raise typer.BadParameter(f"{text!r} is no price above 0", param_hint="--ounce-usd")
    return price
