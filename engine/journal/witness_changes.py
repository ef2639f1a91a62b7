"""How what witnesses say changes the ledger.

Refuses nothing: these events record what was said; who may hear it is the desk's to say.
"""

from __future__ import annotations

from engine.journal.change import change
from engine.journal.ledger import Ledger
from engine.journal.testimony import OPINIONS_KEPT, KeptOpinion, Silent
from engine.model import events as happened
from engine.ports import Envelope


@change.register
def _(event: happened.OpinionGiven, ledger: Ledger, envelope: Envelope) -> None:
    testimony, opinion = ledger.testimony, event.opinion
    work = testimony.of(opinion.voter.name)
    work.opinions += 1
    work.took(event.seconds, envelope.at)
    kept = testimony.opinions.setdefault((opinion.voter.name, opinion.instrument), [])
    kept.append(KeptOpinion(envelope.seq, envelope.at, event))
    del kept[:-OPINIONS_KEPT]


@change.register
def _(event: happened.WitnessAbstained, ledger: Ledger, envelope: Envelope) -> None:
    said = event.abstention
    work = ledger.testimony.of(said.voter.name)
    work.abstentions[said.silence] = work.abstentions.get(said.silence, 0) + 1
    work.took(event.seconds, envelope.at)
    ledger.testimony.silences[said.voter.name] = Silent(envelope.at, said.reason)
