"""The desk itself: status, audit, verification, set-up and help.

Refuses to reassure: a tripped breaker, a halt or a broken chain stands first.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.channels import SetupReport
from bot.ui.card import Card, Tone
from bot.ui.market import banner, date_of, moment, relative
from bot.ui.risk_words import against
from bot.ui.scan import ENTRIES
from bot.ui.text import clip, count, money, plain
from engine.facade import AuditLine, BreakerView, DeskState, StatusView, VerifyView

_TONES = {DeskState.ACTIVE: Tone.GOOD, DeskState.REDUCING: Tone.WARN, DeskState.HALTED: Tone.BAD}


def status_card(status: StatusView) -> Card:
    """Is it alive, what may it do, where does the record stand."""
    marked = banner(status.market)
    card = Card(_TONES[status.state])
    card.lines(
        (
            f"## {status.state.value.upper()} · {status.mode}",
            ENTRIES[status.state].capitalize() + ".",
            _halt(status),
            f"-# {marked}" if marked else "",
        )
    )
    card.rule().lines(_work(status))
    if status.breakers:
        card.rule().lines(_breakers(status.breakers), essential=False)
    return card.rule().lines(_record(status))


def audit_card(lines: Sequence[AuditLine]) -> Card:
    """Newest journal entries, newest first."""
    card = Card(Tone.MUTED).text(f"## Journal · newest {len(lines)} of the record")
    return card.lines([_audit(line) for line in lines], essential=False)


def verify_card(result: VerifyView) -> Card:
    """Whether the hash chain holds."""
    if not result.findings:
        return Card(Tone.GOOD).lines(
            (
                "## The journal verifies",
                f"{result.events:,} events; every link of the chain holds.",
                f"Head #{result.head_seq} `{result.head_hash}`",
            )
        )
    return (
        Card(Tone.BAD)
        .lines(
            (
                "## The journal does NOT verify",
                "Stop trading: /halt, copy the file, compare with the head that was last posted.",
            )
        )
        .lines([f"- {clip(finding, 300)}" for finding in result.findings], essential=False)
    )


def setup_card(report: SetupReport) -> Card:
    """What /setup found, made and could not do."""
    card = Card(Tone.BAD if report.missing else Tone.GOOD).text("## Set-up")
    card.lines([f"- created {name}" for name in report.created])
    card.lines([f"- corrected who may see and write in {name}" for name in report.repaired])
    card.lines([f"- {name} stands as it should" for name in report.kept])
    return card.lines([f"- **missing right** {line}" for line in report.missing])


def help_card(groups: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> Card:
    """Every command with its description, by cog."""
    card = Card(Tone.CALM).lines(
        (
            "## Executor",
            (
                "It watches BTC, gold and silver, says how likely each long setup is to reach its "
                "target before its stop, and buys only what its owner approves."
            ),
        )
    )
    for title, commands in groups:
        lines = [f"`{usage}` {description}" for usage, description in commands]
        card.rule().lines([f"**{title.capitalize()}**", *lines], essential=False)
    return card


def done_card(sentence: str, tone: Tone = Tone.GOOD) -> Card:
    """A one-sentence answer."""
    return Card(tone).text(sentence)


def _halt(status: StatusView) -> str:
    if status.halted_by is None or status.halted_at is None:
        return ""
    at = moment(status.halted_at, status.market)
    return (
        f"Halted by {plain(status.halted_by.name)} · {at}: "
        f"{clip(plain(status.halted_reason), 300)}. The owner ends it with /resume."
    )


def _work(status: StatusView) -> tuple[str, ...]:
    bars = relative(status.last_bars_at, status.market) if status.last_bars_at else "none yet"
    open_now = " · ".join(
        (
            count(status.open_proposals, "proposal"),
            count(status.open_positions, "position"),
            count(status.open_orders, "order"),
        )
    )
    return (
        (
            f"**Watching** {', '.join(status.instruments)} · "
            f"{status.market.timeframe.value} bars · {clip(status.market.description, 200)}"
        ),
        f"**Newest bar** {bars} · **open** {open_now}",
        (
            f"**Equity** {money(status.equity_usd)} · cash {money(status.cash_usd)} · "
            f"{count(status.labels, 'closed label')} learnt from"
        ),
    )


def _breakers(breakers: Sequence[BreakerView]) -> list[str]:
    """The tripped ones each with its number; the armed ones are only counted."""
    tripped = [_breaker(each) for each in breakers if each.tripped]
    idle = sum(each.value == "not measured" and not each.tripped for each in breakers)
    armed = len(breakers) - len(tripped) - idle
    told = f"{count(armed, 'breaker')} armed"
    return [*tripped, f"-# {told} · {idle} not measured here" if idle else f"-# {told}"]


def _breaker(breaker: BreakerView) -> str:
    state = breaker.state.value.upper()
    measured = against(breaker.value, breaker.bound)
    said = f"**{state}** {breaker.name}{measured}. {breaker.resets}"
    return clip(said, 300)


def _record(status: StatusView) -> tuple[str, ...]:
    return (
        (
            f"-# Journal #{status.journal_seq} `{status.journal_hash[:12]}` · config "
            f"`{status.config_hash[:12]}` · {status.software} · "
            f"{count(status.restarts, 'restart')}"
        ),
        f"-# Up since {moment(status.started_at, status.market)} · now {date_of(status.now)}",
    )


def _audit(line: AuditLine) -> str:
    return (
        f"`#{line.seq}` {line.at:%m-%d %H:%M} **{line.kind}** {plain(clip(line.sentence, 220))} "
        f"`{line.short_hash}`"
    )
