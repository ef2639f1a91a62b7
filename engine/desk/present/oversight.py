"""Views of the desk itself: its state, its record and whether the record holds.

Refuses to mend anything it finds.
"""

from __future__ import annotations

from engine.desk.limits import breaker_views
from engine.desk.present.context import Context
from engine.desk.present.risk import RiskCase, risk_view
from engine.desk.words import sentence
from engine.errors import JournalError
from engine.metering.bill import bill_of
from engine.risk import desk_state
from engine.views import AuditLine, CostsView, RiskView, StatusView, VerifyView


class Oversight:
    """Is it alive, what may it do, does its record hold.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def status(self) -> StatusView:
        """State, halts, breakers, counts and the head of the journal."""
        ledger = self._context.ledger
        halt = ledger.halt
        return StatusView(
            mode=ledger.mode,
            state=desk_state(self._context.picture(), self._context.policy.limits),
            now=self._context.clock.now(),
            started_at=self._context.started_at,
            market=self._context.market,
            instruments=self._context.instruments,
            last_bars_at=ledger.bars_at,
            halted_by=halt.by if halt else None,
            halted_reason=halt.reason if halt else "",
            halted_at=halt.at if halt else None,
            breakers=breaker_views(ledger, self._context.picture(), self._context.policy.limits),
            open_proposals=len(ledger.open_proposals()),
            open_positions=len(ledger.positions),
            open_orders=len(ledger.open_orders()),
            equity_usd=ledger.marked_equity_usd(),
            cash_usd=ledger.cash_usd,
            journal_seq=ledger.seq,
            journal_hash=ledger.head,
            config_hash=ledger.config_hash,
            software=self._context.software,
            restarts=max(ledger.sessions - 1, 0),
            labels=len(ledger.labels),
        )

    def risk(self) -> RiskView:
        """Limits with their use, breakers with their state, and what has stopped the desk."""
        context = self._context
        return risk_view(
            RiskCase(
                ledger=context.ledger,
                picture=context.picture(),
                limits=context.policy.limits,
                limits_hash=context.policy.config_hash,
                kill_switch=context.kill_switch,
                market=context.market,
                as_of=context.clock.now(),
            )
        )

    def costs(self) -> CostsView:
        """The month's bill so far: models, electricity, fees."""
        context = self._context
        bill = bill_of(context.ledger, context.clock.now(), context.meter)
        return CostsView(bill, context.market)

    async def audit(self, limit: int) -> tuple[AuditLine, ...]:
        """Newest entries in words, newest first."""
        after = max(self._ledger.seq - max(limit, 0), 0)
        lines = [
            AuditLine(
                seq=envelope.seq,
                at=envelope.at,
                kind=envelope.kind,
                sentence=sentence(envelope.event),
                short_hash=envelope.hash[:12],
            )
            async for envelope in self._context.journal.read(after)
        ]
        return tuple(reversed(lines))

    async def verify(self) -> VerifyView:
        """Read the whole chain again; reading checks every link."""
        count, findings = 0, []
        try:
            async for _ in self._context.journal.read():
                count += 1
        except JournalError as fault:
            findings.append(str(fault))
        seq, head = await self._context.journal.head()
        return VerifyView(count, seq, head, tuple(findings))
