"""/golive: locked it says what is missing; after a go it asks for the phrase, word by word."""

from __future__ import annotations

from datetime import timedelta

from engine.model import events as happened
from engine.model.reviews import Verdict
from engine.review.plan import Watched, registration_due
from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def test_without_a_review_it_tells_what_is_missing(house: World) -> None:
    shown = await house.owner.slash(house.lobby, "golive")
    text = words(shown.response.components)
    assert "Live is locked" in text
    assert "review" in text
    assert "owner's word" in text


async def test_the_phrase_is_taken_word_by_word_and_goes_on_record(house: World) -> None:
    phrase = await _reviewed(house)
    before = house.live.engine.ledger.seq
    shown = await house.owner.slash(house.lobby, "golive")
    refused = await house.owner.submit_modal(shown, {"text": "trade real money"})
    assert phrase in words(refused.response.components)
    assert house.live.engine.ledger.seq == before
    shown = await house.owner.slash(house.lobby, "golive")
    await house.owner.submit_modal(shown, {"text": phrase})
    unlocked = house.live.engine.ledger.unlocked
    assert unlocked is not None
    assert unlocked.verdict is Verdict.GO_PILOT


async def _reviewed(house: World) -> str:
    """Put a go on record, as the review would; the phrase that it asks for."""
    engine = house.live.engine
    parts, ledger = engine._parts, engine.ledger
    ledger.simulated = False  # a record of a simulated market is never unlocked
    watched = Watched(parts.market.name, real_market=False, instruments=())
    due = registration_due(parts.settings, watched, ledger)
    if due is not None:
        await parts.recorder.record(due)
    assert ledger.registration is not None
    await parts.recorder.record(
        happened.ReviewHeld(
            slot_at=engine.clock.now() + timedelta(days=1), plan_seq=ledger.registration.seq,
            scheduled=True, verdict=Verdict.GO_PILOT, reason="because.", weeks=8.0, trades=60,
            gates=(),
        )
    )  # fmt: skip
    return house.live.desk.live.phrase()
