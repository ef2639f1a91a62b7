from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from engine.errors import CorruptJournal, JournalError, UnknownEventVersion
from engine.journal import codec
from engine.journal.codec import decode, encode
from engine.model.events import BarsAssessed, Event, ProposalExpired
from engine.model.setups import Assessment

AT = datetime(2025, 1, 31, tzinfo=UTC)


def assessed(price: float, equity: Decimal = Decimal(1)) -> BarsAssessed:
    assessment = Assessment("BTC-USD", AT, price, (), None, None, (), {})
    return BarsAssessed(
        bars_at=AT,
        assessments=(assessment,),
        prices={},
        ranges={},
        equity_usd=equity,
        caught_up=False,
        cards=(),
    )


@pytest.mark.parametrize("price", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_by_its_path(price: float) -> None:
    with pytest.raises(JournalError, match=r"assessments\[0\]\.price"):
        encode(assessed(price))


def test_money_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(JournalError, match="bars_assessed"):
        encode(assessed(1.0, Decimal("NaN")))


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(JournalError, match="proposal_expired"):
        encode(ProposalExpired(proposal_id=7))  # type: ignore[arg-type]


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(JournalError, match="nothing was written"):
        encode(ProposalExpired(proposal_id="\ud800"))


def test_a_payload_that_does_not_fit_is_corrupt() -> None:
    with pytest.raises(CorruptJournal, match="proposal_id"):
        decode("proposal_expired", 1, '{"proposal":"P-1"}')


def test_a_payload_that_is_no_json_is_corrupt() -> None:
    with pytest.raises(CorruptJournal):
        decode("proposal_expired", 1, "{")


@pytest.mark.parametrize(("kind", "version"), [("moon_landed", 1), ("proposal_expired", 2)])
def test_an_event_of_the_future_is_unknown(kind: str, version: int) -> None:
    with pytest.raises(UnknownEventVersion, match=f"{kind} version {version}"):
        decode(kind, version, "{}")


@dataclass(frozen=True, slots=True)
class Renamed(Event):
    """An event whose payload has had three shapes."""

    version: ClassVar[int] = 3
    new: str


def first_to_second(plain: dict[str, Any]) -> dict[str, Any]:
    return {"middle": plain["old"]}


def second_to_third(plain: dict[str, Any]) -> dict[str, Any]:
    return {"new": plain["middle"]}


def test_an_old_payload_is_brought_up_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codec.KINDS, "renamed", Renamed)
    upcasts = {("renamed", 1): first_to_second, ("renamed", 2): second_to_third}
    assert decode("renamed", 1, '{"old":"x"}', upcasts) == Renamed("x")
    assert decode("renamed", 2, '{"middle":"x"}', upcasts) == Renamed("x")


def test_an_old_payload_without_an_upcast_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codec.KINDS, "renamed", Renamed)
    with pytest.raises(UnknownEventVersion, match="no upcast"):
        decode("renamed", 1, '{"old":"x"}', {})
