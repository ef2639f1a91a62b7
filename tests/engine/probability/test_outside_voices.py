"""Outside voices in layer 10: weightless without a record, and one family however many."""

from __future__ import annotations

import pytest

from engine.probability.evidence import witness_llr
from engine.probability.scouts import SIGNAL, ScoutBook, as_scores, votes_in

RECORD = (60.0, 20.0, 20.0, 60.0)


def book_of(*names: str) -> ScoutBook:
    """Every name with the same record on reversions."""
    book = ScoutBook()
    for name in names:
        for (vote, hit), times in zip(
            ((True, True), (False, True), (True, False), (False, False)), RECORD, strict=True
        ):
            book.learn(as_scores({name: vote}), "reversion", hit, times)
    return book


def worth(book: ScoutBook, *names: str) -> float:
    evidence = book.evidence(as_scores(dict.fromkeys(names, True)), "reversion", {})
    return 0.0 if evidence is None else evidence.llr


def test_a_vote_travels_under_the_name_of_its_source() -> None:
    assert votes_in(as_scores({f"{SIGNAL}layla": False})) == {"signal:layla": False}


def test_voices_without_a_record_are_nothing_together() -> None:
    assert worth(ScoutBook(), "signal:a", "signal:b") == 0.0


def test_two_voices_that_read_one_another_are_worth_four_thirds_of_one() -> None:
    alone = witness_llr(*RECORD, "yes")[2]
    book = book_of("signal:a", "signal:b", "alpha.1/x")
    assert worth(book, "signal:a") == pytest.approx(alone)
    assert worth(book, "signal:a", "signal:b") == pytest.approx(alone * 4 / 3)
    assert worth(book, "signal:a", "alpha.1/x") == pytest.approx(min(alone * 2, 1.3862943611))


def test_a_standing_says_what_the_next_vote_weighs() -> None:
    (standing,) = book_of("signal:a").standings("signal:a")
    assert (standing.tp, standing.fn, standing.fp, standing.tn) == RECORD
    assert standing.yes_nats == pytest.approx(witness_llr(*RECORD, "yes")[2])
    assert standing.no_nats == pytest.approx(-standing.yes_nats)
    assert book_of("signal:a").standings("signal:b") == ()
