"""``executor journal``: check and export the record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bot.commands.frame import DbOption, JsonOption, app, print_json, screen, told

if TYPE_CHECKING:
    from engine.facade import Anchor

journal_app = typer.Typer(help="Check and export the record.")
app.add_typer(journal_app, name="journal")


@journal_app.command("verify")
def journal_verify(
    db: DbOption,
    anchor: Annotated[
        str | None,
        typer.Option(metavar="SEQ:HASH", help="A head that was noted down elsewhere."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute the hash chain; exit code 1 if anything was changed."""
    from engine.facade import verify_journal

    def action() -> int:
        report = verify_journal(db, _anchor(anchor))
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


def _anchor(text: str | None) -> Anchor | None:
    from engine.facade import Anchor

    if text is None:
        return None
    seq, _, head = text.partition(":")
    if not (seq.isdigit() and head):
        raise typer.BadParameter(f"{text!r} is not SEQ:HASH", param_hint="--anchor")
    return Anchor(int(seq), head)


@journal_app.command("export")
def journal_export(
    db: DbOption,
    out: Annotated[Path, typer.Option("--out", help="JSON lines file to write.")],
    as_json: JsonOption = False,
) -> None:
    """Write every event as one line of JSON."""
    from engine.facade import export_journal

    def action() -> None:
        count = export_journal(db, out)
        if as_json:
            print_json({"events": count, "out": str(out)})
        else:
            screen.print(f"[green]✓[/] {count} events written to {out}")

    told(action)
