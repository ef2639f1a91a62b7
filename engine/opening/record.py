"""Whether a record may be taken up by the desk that is about to open on it.

Refuses a paper desk real positions, a rehearsal anything else, and any desk another market's past.
"""

from __future__ import annotations

from engine.errors import JournalError
from engine.journal.ledger import Ledger
from engine.opening.venues import REHEARSAL
from engine.views import MarketView


def require_paper_record(ledger: Ledger, name: str) -> None:
    """Refuse to let a paper desk take over what is held for real, or a rehearsal's record.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    if ledger.mode == REHEARSAL:
        raise JournalError(f"{name} is the record of a rehearsal: choose another file with --db")
    if ledger.mode == "live" and (ledger.positions or ledger.open_orders()):
        raise JournalError(
            f"{name} holds real positions, which a paper desk would not guard: set desk.mode to "
            "live, close them with /flatten, then set it to paper"
        )


def require_rehearsal_record(ledger: Ledger, name: str) -> None:
    """Refuse to rehearse on a record of anything else.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    if ledger.opened_at is not None and ledger.mode != REHEARSAL:
        raise JournalError(
            f"{name} is the record of a {ledger.mode} desk: rehearse on a file of its own, "
            "named with --db"
        )


def require_same_market(ledger: Ledger, market: MarketView, name: str) -> None:
    """Refuse to go on with a record on another market.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    if ledger.opened_at is None or ledger.market == market.name:
        return
    raise JournalError(
        f"{name} is the record of a desk on {ledger.market}, not on {market.name}: "
        "choose another file with --db, or the same market"
    )


def require_held_watched(ledger: Ledger, watched: tuple[str, ...], name: str) -> None:
    """Refuse to leave unseen what is held or on order, for nobody would guard it.

    Raises
    ------
    JournalError
        Naming the mend.
    """
    held = [position.instrument for position in ledger.positions.values()]
    held += [record.order.instrument for record in ledger.open_orders()]
    unseen = [symbol for symbol in held if symbol not in watched]
    if unseen:
        raise JournalError(
            f"{name} holds {unseen[0]}, which would not be watched now: add it to desk.watch, "
            f"or give its file with --data {unseen[0]}=FILE"
        )
