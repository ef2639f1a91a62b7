"""What the desk costs to run, on one card.

Refuses to add anything up: every number comes from the bill.
"""

from __future__ import annotations

from bot.ui.card import Card, Tone
from bot.ui.market import banner
from bot.ui.text import clip, count, money, table
from engine.facade import Bill, CostsView, EnergyUse, ModelLine

_BLOCKS = 10


def costs_card(view: CostsView) -> Card:
    """The month so far: plan, models, electricity, fees."""
    bill, marked = view.bill, banner(view.market)
    card = Card(_tone(bill)).lines(
        (
            f"## Running costs · {bill.month}",
            f"**{money(bill.running_usd)}** so far · heading for **{money(bill.projected_usd)}**",
            f"{_bar(bill)} of {money(bill.plan_usd)} planned",
            f"{bill.verdict} The line that warns is {money(bill.warn_usd)}.",
            f"-# {marked}" if marked else "",
        )
    )
    card.rule().lines(("**Models**", *_models(bill)))
    card.rule().lines(("**Electricity**, estimated", *_energy(bill.energy)))
    return card.rule().lines(
        (
            f"**Fees of trades** {money(bill.fees_usd)}",
            "-# The cost of trading, in every result already; no part of the plan.",
        )
    )


def _tone(bill: Bill) -> Tone:
    if bill.projected_usd > bill.plan_usd:
        return Tone.BAD
    return Tone.WARN if bill.projected_usd > bill.warn_usd else Tone.GOOD


def _bar(bill: Bill) -> str:
    """The share of the plan that the month is heading for."""
    ahead = min(round(_BLOCKS * float(bill.projected_usd / bill.plan_usd)), _BLOCKS)
    return "■" * ahead + "□" * (_BLOCKS - ahead)


def _models(bill: Bill) -> list[str]:
    used = [line for line in bill.models if line.calls]
    told = [] if used else ["No model was used this month."]
    if used:
        rows = [
            (clip(line.provider, 12), f"{line.tokens_in:,}", f"{line.tokens_out:,}",
             money(line.spent_usd))
            for line in used
        ]  # fmt: skip
        told.append(table(("provider", "in", "out", "cost"), rows))
        told += [f"-# {_cached(line)}" for line in used]
    told += [
        f"Budget of {clip(line.provider, 30)}: {money(line.left_usd)} of "
        f"{money(line.budget_usd)} left"
        for line in bill.models
        if line.budget_usd
    ]
    return told


def _cached(line: ModelLine) -> str:
    return (
        f"{clip(line.provider, 30)}: {count(line.calls, 'call')}, {line.tokens_cached:,} of the "
        "tokens in were cached"
    )


def _energy(energy: EnergyUse) -> tuple[str, ...]:
    how = "measured" if energy.measured else "planned"
    local = "" if energy.currency == "USD" else f" ({energy.local_price:.2f} {energy.currency})"
    return (
        f"{energy.kwh:.2f} kWh · {money(energy.usd)}{local}",
        (
            f"-# {energy.hours:.0f} hours on, {energy.busy_hours:.1f} of them busy with models "
            f"({how}); watts and price as configured under [meter]"
        ),
    )
