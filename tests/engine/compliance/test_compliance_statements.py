"""A venue that tells no ledger: its statements are what is known, and without one nothing is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from engine.compliance.lines import check_statement
from engine.config import Settings
from engine.desk.law import check_lawful
from engine.desk.policy import Policy, policy_of
from engine.errors import InvariantBroken, JournalError
from engine.journal.fold import fold
from engine.journal.ledger import Ledger
from engine.journal.reading import ledger_of
from engine.model import events as happened
from engine.model.orders import Order, OrderType, Purpose, Side
from engine.model.verdicts import Refused
from engine.statements import import_statement
from tests.kit.desk import at_work, desk_settings, sqlite, swinging_file
from tests.kit.events import OPENED, envelopes

D = Decimal
NOW = datetime(2026, 3, 2, 16, tzinfo=UTC)
LONGEST = timedelta(days=35)
HEADER = "id,time,type,asset,amount\n"


@pytest.mark.parametrize(
    ("venue", "age", "words"),
    [
        ("kraken", None, ""),
        ("ibkr", None, "was ever read"),
        ("IBKR", LONGEST + timedelta(seconds=1), "ends on 2026-01-26"),
        ("ibkr", LONGEST, ""),
        ("ibkr", timedelta(0), ""),
    ],
)
def test_only_a_venue_without_a_ledger_needs_a_fresh_statement(
    venue: str, age: timedelta | None, words: str
) -> None:
    through = None if age is None else NOW - age
    refused = check_statement(venue, through, NOW, LONGEST)
    assert (refused.value if refused else "").find(words) >= 0
    assert (refused is None) == (words == "")


def phys(mode: str) -> tuple[Policy, Order]:
    settings = Settings(instruments={"PHYS-USD": {"attested_by": "a scholar"}})
    policy = replace(policy_of(settings, ("PHYS-USD",)), mode=mode, law=None)
    order = Order(
        "a1b2c3d4e5f6-entry-1", "P", "PHYS-USD", Side.BUY, OrderType.MARKET, Purpose.ENTRY,
        D(10), NOW,
    )  # fmt: skip
    return policy, order


def verdict(ledger: Ledger, mode: str = "live") -> Refused | None:
    policy, order = phys(mode)
    return check_lawful(order, D(200), D(1000), ledger, policy, NOW)


def test_nothing_is_bought_live_at_ibkr_before_its_statement_is_read() -> None:
    refused = verdict(Ledger())
    assert refused is not None
    assert refused.limit == "ledger lines"
    assert "executor ledger import --venue ibkr" in refused.mend
    read = happened.StatementRead("ibkr", NOW - timedelta(days=1), 3, 3)
    assert verdict(fold(envelopes([OPENED, read], NOW))) is None


def test_on_paper_the_paper_venue_books() -> None:
    assert verdict(Ledger(), "paper") is None


def test_the_newest_end_counts_and_the_future_does_not() -> None:
    ends = [NOW - timedelta(days=days) for days in (40, 2, 9)]
    read = [happened.StatementRead("ibkr", end, 1, 0) for end in ends]
    assert fold(envelopes([OPENED, *read], NOW)).statements == {"ibkr": ends[1]}
    early = happened.StatementRead("ibkr", NOW + timedelta(seconds=1), 1, 0)
    with pytest.raises(InvariantBroken, match="has not happened yet"):
        fold(envelopes([OPENED, early], NOW))


async def test_an_import_says_up_to_when_it_goes(tmp_path: Path) -> None:
    settings = desk_settings()
    db, file = tmp_path / "desk.sqlite", tmp_path / "ibkr.csv"
    async with at_work(swinging_file(tmp_path), settings, await sqlite(db, settings)) as desk:
        await desk.bars(30)
        now = desk.engine.clock.now()
    file.write_text(HEADER + "A,2025-03-04,Commission,USD,-1\n", "utf-8")
    await import_statement(db, file, "ibkr", settings)
    assert ledger_of(db).statements == {"ibkr": datetime(2025, 3, 4, tzinfo=UTC)}
    file.write_text(HEADER, "utf-8")
    with pytest.raises(JournalError, match="--through"):
        await import_statement(db, file, "ibkr", settings)
    await import_statement(db, file, "ibkr", settings, now.date())
    assert ledger_of(db).statements == {"ibkr": now}
    with pytest.raises(JournalError, match="yet to come"):
        await import_statement(db, file, "ibkr", settings, date(2099, 1, 1))
