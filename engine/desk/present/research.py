"""Views of research: the scan and the breakdown.

Refuses to judge: it shows what the layers said and what the desk made of it.
"""

from __future__ import annotations

from engine.desk.present.context import Context
from engine.desk.present.layers import layer_views
from engine.desk.present.memos import memo_view
from engine.desk.words import expected_value_sentence
from engine.journal.ledger import ProposalRecord
from engine.model.proposals import CardKind
from engine.model.setups import Assessment
from engine.model.verdicts import Refused
from engine.risk import desk_state
from engine.views import BreakdownView, ScanRow, ScanView


class Research:
    """What the layers see.

    Parameters
    ----------
    context : Context
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger

    def scan(self, instrument: str | None = None) -> ScanView | Refused:
        """Newest assessment of every instrument, or of one."""
        if instrument is not None and instrument not in self._context.instruments:
            return self._context.unwatched(instrument)
        wanted = self._context.instruments if instrument is None else (instrument,)
        rows = tuple(self._row(name) for name in wanted if name in self._ledger.assessed)
        return ScanView(
            seq=self._ledger.newest_scan[0] if self._ledger.newest_scan else 0,
            at=self._ledger.bars_at,
            market=self._context.market,
            rows=rows,
            equity_usd=self._ledger.equity_usd,
            state=desk_state(self._context.picture(), self._context.policy.limits),
            silent=self._context.silent(),
        )

    def _row(self, instrument: str) -> ScanRow:
        assessment = self._ledger.assessed[instrument][1]
        card, sentence = self._ledger.cards.get(instrument, ("", ""))
        price = self._ledger.prices[instrument]
        before = self._context.before(instrument)
        return ScanRow(
            instrument=instrument,
            at=assessment.at,
            price=price,
            change_day_frac=float(price / before - 1) if before else 0.0,
            card=CardKind(card) if card else None,
            sentence=sentence,
            proposal_id=self._raised_from(assessment),
            assessment=assessment,
        )

    def _raised_from(self, assessment: Assessment) -> str:
        for record in reversed(self._ledger.proposals.values()):
            if record.terms.instrument == assessment.instrument:
                return record.terms.id if record.assessment.at == assessment.at else ""
        return ""

    def breakdown(self, reference: str) -> BreakdownView | Refused:
        """The twelve layers behind an instrument's newest bar, or behind a proposal."""
        reference = reference.strip().upper()
        record = self._ledger.proposals.get(reference)
        if record is not None:
            card: CardKind | None = record.terms.kind
            odds = record.assessment.odds
            told = expected_value_sentence(odds) if odds else record.reason
            return self._layers_of(record.assessment, card, told, record)
        if reference not in self._context.instruments:
            return self._context.unwatched(reference)
        if reference not in self._ledger.assessed:
            return no_bar_yet(reference)
        word, sentence = self._ledger.cards.get(reference, ("", ""))
        card = CardKind(word) if word else None
        return self._layers_of(self._ledger.assessed[reference][1], card, sentence, None)

    def _layers_of(
        self,
        assessment: Assessment,
        card: CardKind | None,
        sentence: str,
        record: ProposalRecord | None,
    ) -> BreakdownView:
        return BreakdownView(
            instrument=assessment.instrument,
            at=assessment.at,
            price=record.terms.entry if record else self._ledger.prices[assessment.instrument],
            assessment=assessment,
            layers=layer_views(assessment),
            waterfall=assessment.log_odds,
            card=card,
            sentence=sentence,
            terms=record.terms if record else None,
            market=self._context.market,
            memo=memo_view(self._ledger, record.terms.id) if record else None,
        )


def no_bar_yet(instrument: str) -> Refused:
    """The answer before the first bar."""
    return Refused(
        "market", f"no bar of {instrument} has closed yet", "", "Ask again after the next close."
    )
