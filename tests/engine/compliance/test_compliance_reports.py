"""Reports that decide nothing: zakat, purification, the list for a scholar, statements."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.compliance import INVARIANTS, QUESTIONS
from engine.compliance.purification import purification
from engine.compliance.zakat import (
    SOLAR_RATE,
    Nisab,
    OuncePrice,
    TradingGood,
    ZakatReport,
    ZakatYear,
    zakat_report,
)
from engine.config import Settings
from engine.desk.zakat import ZakatChoice, zakat_of
from engine.errors import JournalError
from engine.journal.ledger import Ledger
from engine.journal.reading import ledger_of
from engine.model.venue_lines import VenueLine
from engine.model.verdicts import Refused
from engine.statements import (
    import_statement,
    purification_of_journal,
    read_statement,
    zakat_of_journal,
)
from tests.kit.desk import at_work, desk_settings, sqlite, swinging_file

ROOT = Path(__file__).parents[3]
DAY = date(2026, 3, 1)
OUNCE = OuncePrice(Decimal("3110.34768"), DAY, "test")


def report(cash: str, nisab: Nisab = Nisab.GOLD, **more: object) -> ZakatReport:
    goods = (TradingGood("BTC-USD", Decimal("0.1"), Decimal(50_000)),)
    fields = {"due_debts_usd": Decimal(0), "year": ZakatYear.LUNAR} | more
    return zakat_report(DAY, goods, Decimal(cash), nisab=nisab, price=OUNCE, **fields)  # type: ignore[arg-type]


def test_goods_at_market_and_cash_less_debts() -> None:
    made = report("5000", due_debts_usd=Decimal(1000))
    assert [made.base_usd, made.nisab_usd, made.due_usd] == [Decimal(x) for x in (9000, 8500, 225)]
    assert "nisab 85 g" in made.formula
    assert made.hijri == "12 Ramadan 1447 AH"


@pytest.mark.parametrize(("cash", "due"), [("3500", "212.5"), ("3499.99", "0")])
def test_nothing_is_due_below_the_nisab(cash: str, due: str) -> None:
    assert report(cash).due_usd == Decimal(due)


def test_silver_is_595_grams() -> None:
    assert report("0", Nisab.SILVER).nisab_usd == 59_500


def test_the_solar_rate_is_exact() -> None:
    assert f"{SOLAR_RATE:.8f}" == "0.02576722"
    assert f"{report('5000', year=ZakatYear.SOLAR).due_usd:.3f}" == "257.672"


def test_the_next_hawl_is_a_hijri_year_on() -> None:
    assert report("0", hawl_on=date(2025, 3, 1)).next_hawl == date(2026, 2, 18)
    assert report("0").next_hawl is None


@pytest.mark.parametrize(("cash", "debts"), [("-1", "0"), ("NaN", "0"), ("1", "-1")])
def test_senseless_inputs_are_named(cash: str, debts: str) -> None:
    with pytest.raises(ValueError, match="must be >= 0"):
        report(cash, due_debts_usd=Decimal(debts))


def test_a_price_comes_from_the_question_the_feed_or_the_settings_and_says_so() -> None:
    ledger = Ledger(cash_usd=Decimal(10))
    settings = Settings()
    assert isinstance(zakat_of(ledger, settings, ZakatChoice(), DAY), Refused)
    stated = Settings(zakat={"gold_usd_per_ounce": Decimal(9)})
    ledger.prices, ledger.bars_at = {"PAXG-USD": Decimal(4000)}, datetime(2026, 2, 3, tzinfo=UTC)
    choices = {
        "given with the question": (settings, ZakatChoice(ounce_usd=Decimal(1))),
        "the desk's own feed of PAXG-USD": (stated, ZakatChoice()),
    }
    for source, (chosen, choice) in choices.items():
        made = zakat_of(ledger, chosen, choice, DAY)
        assert isinstance(made, ZakatReport)
        assert made.price.source == source
    ledger.prices = {}
    made = zakat_of(ledger, stated, ZakatChoice(), DAY)
    assert isinstance(made, ZakatReport)
    assert (made.price.source, made.price.usd) == ("config.toml", Decimal(9))


def test_only_what_came_in_is_purified_and_what_has_no_value_is_listed() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    lines = (
        VenueLine("1", "kraken", at, "interest", "USD", Decimal(3)),
        VenueLine("2", "kraken", at, "interest", "USD", Decimal(-2)),
        VenueLine("3", "kraken", at, "staking", "ETH", Decimal(1)),
        VenueLine("4", "kraken", at, "staking", "SOL", Decimal(1), Decimal(7)),
    )
    account = purification(lines, (Decimal(4),))
    assert (account.received_usd, account.left_usd) == (Decimal(10), Decimal(6))
    assert [line.line_id for line in account.unvalued] == ["3"]


# ---- the documents -----------------------------------------------------------------------


@pytest.mark.parametrize("each", INVARIANTS, ids=lambda each: each.name)
def test_an_invariant_names_what_enforces_and_what_proves_it(each: object) -> None:
    enforced, proved = getattr(each, "enforced_by"), getattr(each, "proved_by")  # noqa: B009
    assert (ROOT / f"{enforced.replace('.', '/')}.py").exists()
    file, _, test = proved.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text("utf-8")


def test_the_document_has_every_invariant_and_every_question() -> None:
    told = (ROOT / "docs/sharia.md").read_text("utf-8")
    for each in INVARIANTS:
        assert each.name in told
        assert each.proved_by.partition("::")[2] in told
    for asked in QUESTIONS:
        assert asked.asks in told
    assert "not a fatwa" in told


# ---- on a journal file -------------------------------------------------------------------

STATEMENT = """txid,refid,time,type,asset,amount,fee
A1,R1,2025-03-03 10:00:00,trade,USD,-100,0.4
A2,R2,2025-03-04 10:00:00,gift,USD,2,0
"""


async def _journal(folder: Path) -> Path:
    settings = desk_settings()
    db = folder / "desk.sqlite"
    async with at_work(swinging_file(folder), settings, await sqlite(db, settings)) as desk:
        await desk.bars(30)
    return db


async def test_a_statement_is_read_once_and_interest_halts(tmp_path: Path) -> None:
    db, file = await _journal(tmp_path), tmp_path / "ledger.csv"
    settings = desk_settings()
    file.write_text(STATEMENT)
    first = await import_statement(db, file, "kraken", settings)
    assert (first.read, first.new, first.halted) == (2, 2, False)
    assert first.meanings == {"ordinary": 1, "unknown": 1}
    assert (await import_statement(db, file, "kraken", settings)).new == 0
    file.write_text(STATEMENT + "A3,R3,2025-03-05 10:00:00,staking,USD,3,0\n")
    assert (await import_statement(db, file, "kraken", settings)).halted
    ledger = ledger_of(db)
    assert ledger.halt is not None
    assert ledger.unknown_kinds() == {("kraken", "gift"): 1}
    assert purification_of_journal(db).left_usd == 3


async def test_zakat_of_a_day_sees_the_record_up_to_that_day(tmp_path: Path) -> None:
    db = await _journal(tmp_path)
    choice = ZakatChoice(day=date(2025, 3, 11), ounce_usd=Decimal(2000))
    made = zakat_of_journal(db, desk_settings(), choice)
    assert isinstance(made, ZakatReport)
    assert made.day == date(2025, 3, 11)
    assert made.cash_usd + made.goods_usd > 0
    assert ledger_of(db, date(2025, 3, 11)).seq < ledger_of(db).seq


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,type,asset,amount\n2025-03-03,trade,USD,1\n", "header row lacks line_id"),
        ("id,time,type,asset,amount\n1,yesterday,trade,USD,1\n", "no readable time"),
        ("id,time,type,asset,amount\n1,2025-03-03,trade,USD,NaN\n", "is no number"),
    ],
)
def test_a_statement_that_cannot_be_read_in_full_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "x.csv"
    file.write_text(text)
    with pytest.raises(JournalError, match=words):
        list(read_statement(file, "kraken"))
