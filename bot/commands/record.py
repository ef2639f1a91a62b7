"""``executor journal``: check and export the record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bot.commands.frame import (
    AnchorOption,
    DbOption,
    JsonOption,
    anchor_of,
    app,
    print_json,
    screen,
    told,
)

journal_app = typer.Typer(help="Check and export the record.")
app.add_typer(journal_app, name="journal")


@journal_app.command("verify")
def journal_verify(
    db: DbOption,
    anchor: AnchorOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain; exit code 1 if anything was changed."""
    from engine.facade.records import verify_journal

    def action() -> int:
        report = verify_journal(db, anchor_of(anchor))
        if as_json:
            findings = [{"seq": f.seq, "what": f.what} for f in report.findings]
            print_json(
                {
                    "path": str(report.path),
                    "ok": report.ok,
                    "events": report.events,
                    "head_seq": report.head_seq,
                    "head_hash": report.head_hash,
                    "findings": findings,
                }
            )
        else:
            screen.print(("[green]✓[/] " if report.ok else "[red]✗[/] ") + escape(report.sentence))
        return 0 if report.ok else 1

    told(action)


@journal_app.command("export")
def journal_export(
    db: DbOption,
    out: Annotated[Path, typer.Option("--out", help="JSON lines file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write every event as one line of JSON."""
    from engine.facade.records import export_journal

    def action() -> None:
        count = export_journal(db, out)
        if as_json:
            print_json({"events": count, "out": str(out)})
        else:
            screen.print(f"[green]✓[/] {count} events written to {out}")

    told(action)
