"""``executor costs``: what running the desk costs this month."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.commands.frame import ConfigOption, DbOption, JsonOption, app, print_json, screen, told

if TYPE_CHECKING:
    from engine.facade import Bill


@app.command()
def costs(db: DbOption, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Models, electricity and fees of the month of the record's newest entry."""

    def action() -> None:
        from engine.facade import load_settings
        from engine.facade.records import (
            bill_as_json,
            bill_from_journal,
        )

        bill = bill_from_journal(db, load_settings(config))
        if as_json:
            print_json(bill_as_json(bill))
        else:
            for line in _lines(bill):
                screen.print(line)

    told(action)


def _lines(bill: Bill) -> list[str]:
    energy = bill.energy
    used = [line for line in bill.models if line.calls]
    models = [
        f"  {line.provider}: {line.calls} calls, {line.tokens_in:,} tokens in, "
        f"{line.tokens_out:,} out, ${line.spent_usd:.2f} of ${line.budget_usd:.2f}"
        for line in used
    ] or ["  models: no model was used this month"]
    return [
        (
            f"[bold]{bill.month}[/]: ${bill.running_usd:.2f} so far, heading for "
            f"${bill.projected_usd:.2f} of ${bill.plan_usd:.2f} planned. {bill.verdict}"
        ),
        *models,
        (
            f"  electricity: {energy.kwh:.2f} kWh, ${energy.usd:.2f}, "
            f"{'measured' if energy.measured else 'planned'} busy hours {energy.busy_hours:.1f}"
        ),
        f"  fees of trades, apart: ${bill.fees_usd:.2f}",
    ]
