"""Views of the law: invariants and their state, the cap of the place, zakat and purification.

Refuses to decide anything of it.
"""

from __future__ import annotations

from collections import Counter

from engine.compliance.invariants import INVARIANTS, invariant_of
from engine.compliance.lines import WITHOUT_LEDGER, meaning_of
from engine.compliance.purification import purification
from engine.compliance.scholar import QUESTIONS
from engine.compliance.zakat import ZakatReport
from engine.desk.law import net_buys_of
from engine.desk.present.context import Context
from engine.desk.zakat import ZakatChoice, zakat_of
from engine.journal.ledger import Ledger
from engine.model.positions import LotState
from engine.model.venue_lines import Meaning, VenueLine
from engine.model.verdicts import Refused
from engine.views.sharia import GivenView, InvariantView, PurificationView, ShariaView


class Sharia:
    """What is enforced, and what is reported for a scholar.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def state(self) -> ShariaView:
        """Every invariant with its attempts, and what waits."""
        policy, ledger = self._context.policy, self._ledger
        tried = Counter(invariant_of(rule) for _, rule in ledger.attempts)
        unknown = ledger.unknown_kinds().items()
        return ShariaView(
            invariants=tuple(
                InvariantView(each.name, each.says, tried[each.name]) for each in INVARIANTS
            ),
            questions=QUESTIONS,
            net_buys=net_buys_of(ledger, policy, self._context.clock.now()),
            jurisdiction=policy.law.name if policy.law else "",
            unknown_lines=tuple((venue, kind, count) for (venue, kind), count in unknown),
            statements=tuple(
                (venue, ledger.statements.get(venue))
                for venue in sorted({each.venue for each in policy.instruments.values()})
                if venue in WITHOUT_LEDGER
            ),
            unattested=tuple(s for s, each in policy.instruments.items() if not each.attested_by),
            unsettled=tuple(
                (held.id, held.settles_at)
                for held in ledger.positions.values()
                if held.lot is not LotState.SELLABLE
            ),
            market=self._context.market,
        )

    def zakat(self, choice: ZakatChoice) -> ZakatReport | Refused:
        """What zakat would come to now."""
        today = self._context.clock.now().date()
        return zakat_of(self._ledger, self._context.settings, choice, today)

    def purification(self) -> PurificationView:
        """Incidental interest and what was done about it."""
        given = self._ledger.given
        return PurificationView(
            account=purification(interest_lines(self._ledger), (g.amount_usd for g in given)),
            given=tuple(GivenView(g.amount_usd, g.by, g.reason, g.at) for g in given),
            market=self._context.market,
        )


def interest_lines(ledger: Ledger) -> list[VenueLine]:
    """Every line that is interest, by what is known now."""
    return [
        record.line
        for record in ledger.lines.values()
        if meaning_of(record.line, ledger.kinds_said) is Meaning.INTEREST
    ]
