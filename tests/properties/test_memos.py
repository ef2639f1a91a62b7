"""Whatever an analyzer says: no odds rise, no size grows, no limit moves, nothing is approved."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.desk.memos import MemoRule, contested_frac, doubt_nats, false_fact
from engine.model import events as happened
from engine.model.memos import Brief, Fact, Memo, MemoEffect, MemoVerdict, Missed
from engine.model.proposals import ProposalStatus
from engine.model.setups import LayerReading
from engine.probability.pipeline import LAYERS
from engine.probability.scouts import Standing
from tests.kit.analysts import WITNESS, ScriptedAnalyst, analysed_desk
from tests.kit.desk import desk_settings, swinging_file
from tests.kit.events import ASSESSMENT

NUMBERS = {"p_mean": 0.41, "entry": 50_000.0, "ev_low_frac": -0.002}
NATS = st.floats(-5.0, 5.0)
WORDS = st.text(max_size=60)
MEMOS = st.builds(
    Memo,
    witness=st.just(WITNESS),
    verdict=st.sampled_from(MemoVerdict),
    summary=WORDS,
    risks=st.lists(WORDS, max_size=3).map(tuple),
    facts=st.lists(st.builds(Fact, WORDS, st.floats(allow_nan=False)), max_size=3).map(tuple),
)
ANSWERS = st.one_of(MEMOS, st.builds(Missed, WORDS, WORDS))
SMALL = desk_settings(auto_below=400, analyzer={"above_usd": 0})


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swinging_file(tmp_path_factory.mktemp("market"), 300, half_life=20.0)


@given(MEMOS, st.lists(st.builds(
    Standing, st.sampled_from(("reversion", "exhaustion")),
    *(st.floats(0, 100) for _ in range(4)), yes_nats=NATS, no_nats=NATS), max_size=3))  # fmt: skip
def test_a_memo_never_moves_odds_up(memo: Memo, standings: list[Standing]) -> None:
    nats = doubt_nats(memo, standings, "reversion")
    assert nats <= 0.0
    if memo.verdict is not MemoVerdict.DISAGREE:
        assert nats == 0.0
    assert nats == 0.0 or nats in {each.no_nats for each in standings}


@given(
    st.sampled_from(sorted(NUMBERS)),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(0.0, 0.1),
)
def test_a_number_that_is_off_by_more_than_the_tolerance_is_found(
    name: str, said: float, tolerance: float
) -> None:
    given_number = NUMBERS[name]
    told = false_fact([Fact(name, said)], Brief("P-AAAA", NUMBERS), tolerance)
    near = abs(said - given_number) <= tolerance * abs(given_number) + 1e-12
    assert (told == "") == near
    assert not math.isnan(said) or told


@given(st.text(max_size=50).filter(lambda name: name not in NUMBERS))
def test_a_name_that_was_not_given_is_found(name: str) -> None:
    assert false_fact([Fact(name, 0.41)], Brief("P-AAAA", NUMBERS), 1.0)


@given(st.lists(NATS, min_size=12, max_size=12))
def test_the_measure_of_disagreement_is_a_share_that_signs_and_scale_leave_alone(
    moves: list[float],
) -> None:
    def share(nats: list[float]) -> float:
        readings = tuple(
            LayerReading(spec.name, spec.role, move, 0.0, 1.0, 1.0, valid=True, reason="")
            for spec, move in zip(LAYERS, nats, strict=True)
        )
        return contested_frac(replace(ASSESSMENT, readings=readings))

    found = share(moves)
    assert 0.0 <= found <= 0.5 + 1e-12
    assert share([-each for each in moves]) == pytest.approx(found, abs=1e-9)
    assert share([3.0 * each for each in moves]) == pytest.approx(found, abs=1e-9)
    assert share([abs(each) for each in moves]) == pytest.approx(0.0, abs=1e-9)


def test_no_rule_wants_a_memo_while_it_is_off() -> None:
    from tests.kit.events import terms

    assert MemoRule(on=False).why(terms(), ASSESSMENT) == ""
    assert MemoRule(on=True).why(terms(), ASSESSMENT)


@settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    answers=st.lists(ANSWERS, min_size=1, max_size=6), counts=st.lists(st.booleans(), max_size=40)
)
async def test_whatever_is_said_nothing_goes_further_than_without_it(
    market: Path, answers: list[Memo | Missed], counts: list[bool]
) -> None:
    said = iter(answers)

    def script(brief: Brief) -> Memo | Missed:
        return next(said, Missed("silent", ""))

    async with analysed_desk(market, SMALL, ScriptedAnalyst(script)) as desk:
        book = desk.engine._parts.pipeline.witnesses
        for hit in counts:
            for kind in ("reversion", "exhaustion"):
                book.learn({f"scout:{WITNESS}": -1.0}, kind, hit, 1.0)
                book.learn({f"scout:{WITNESS}": 1.0}, kind, not hit, 1.0)
        limits, policy = dict(desk.ledger.limits), desk.engine._parts.policy
        while await desk.bars(1):
            await desk.engine.analysing.look()
        assert desk.ledger.limits == limits
        assert desk.engine._parts.policy == policy
        agreed = {
            e.event.proposal_id
            for e in await desk.record()
            if isinstance(e.event, happened.MemoGiven)
            and e.event.memo.verdict is MemoVerdict.AGREE
        }
        for name, record in desk.ledger.proposals.items():
            memo = desk.ledger.memos.records.get(name)
            if record.status is ProposalStatus.APPROVED:
                # Only what the rule for small ones takes, and only after an agreement.
                assert record.terms.notional_usd < policy.auto_below_usd
                assert name in agreed
                assert record.decided_quantity <= record.terms.quantity
            assert memo is None or memo.nats <= 0.0
        for envelope in await desk.record():
            event = envelope.event
            if isinstance(event, happened.MemoHeeded) and event.successor:
                old, new = (desk.ledger.proposals[n] for n in (event.proposal_id, event.successor))
                assert event.effect is MemoEffect.LOWERED
                assert new.terms.quantity <= old.terms.quantity
                assert new.terms.p_mean <= old.terms.p_mean
                assert new.terms.p_low <= old.terms.p_low
                assert new.terms.expires_at == old.terms.expires_at
