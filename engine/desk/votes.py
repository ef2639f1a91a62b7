"""Who votes on a candidate: everybody whose word is on record and still good.

Refuses to weigh a vote; layer 10 does, by the voter's own closed record.
"""

from __future__ import annotations

from datetime import datetime

from engine.desk.signals import signal_votes
from engine.journal.ledger import Ledger


def votes_on(ledger: Ledger, instrument: str, at: datetime) -> dict[str, bool]:
    """Votes on the candidate of `instrument` that began at `at`, by name of the witness."""
    scouts = {
        opinion.voter.key: opinion.yes for opinion in ledger.testimony.standing(instrument, at)
    }
    return scouts | signal_votes(ledger, instrument, at)
