"""From a line to a call: the one strict form, and nothing that only looks like it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.desk.calls import GRAMMAR, call_in, call_of, source_named
from engine.model.signals import Call, SignalSide
from engine.model.verdicts import Refused
from tests.kit.injections import CALL, INJECTIONS


@pytest.mark.parametrize(
    ("line", "call"),
    [
        (CALL, Call("BTC-USD", SignalSide.LONG, 72)),
        ("SIGNAL XAU-USD buy 4h", Call("XAU-USD", SignalSide.LONG, 4)),
        ("SIGNAL XAG-USD sell 2w", Call("XAG-USD", SignalSide.SHORT, 336)),
        (
            "SIGNAL BTC-USD short 1d target 60000.5 stop 71000 https://example.org/a/b_c",
            Call(
                "BTC-USD",
                SignalSide.SHORT,
                24,
                Decimal("60000.5"),
                Decimal(71000),
                "https://example.org/a/b_c",
            ),
        ),
    ],
)
def test_a_line_of_the_grammar_is_a_call(line: str, call: Call) -> None:
    assert call_in(line) == call


def test_the_grammar_as_shown_is_a_call_with_and_without_its_options() -> None:
    assert call_in(GRAMMAR.replace("[", "").replace("]", "")) is not None
    assert call_in(GRAMMAR.partition(" [")[0]) is not None


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_nothing_that_wants_to_be_more_is_a_call(text: str) -> None:
    assert call_in(text) is None


def test_the_corpus_is_large_and_varied() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 40
    assert sum(not each.isascii() for each in INJECTIONS) >= 10


@given(st.text(max_size=300))
def test_any_text_is_a_call_only_if_it_begins_as_one(text: str) -> None:
    assert call_in(text) is None or text.startswith("SIGNAL ")


@given(st.text(max_size=40))
def test_what_follows_a_call_makes_it_none(more: str) -> None:
    assert more == "" or call_in(CALL + more) is None or more.startswith(" https://")


@pytest.mark.parametrize("handle", ["@LaylaEleira", "laylaeleira", "LAYLAELEIRA"])
def test_a_handle_is_one_source_however_it_is_written(handle: str) -> None:
    assert source_named(handle) == "laylaeleira"


@pytest.mark.parametrize(
    "handle", ["", "a", "a" * 33, "l\u0430yla", "lay la", "discord:123", "@@b", "**layla**"]
)
def test_a_handle_that_is_none_is_refused(handle: str) -> None:
    assert isinstance(source_named(handle), Refused)


@pytest.mark.parametrize(
    ("side", "horizon", "target", "stop", "link"),
    [
        ("hold", "3d", None, None, ""),
        ("long", "3 days", None, None, ""),
        ("long", "3d", Decimal("NaN"), Decimal(1), ""),
        ("long", "3d", Decimal("1e15"), Decimal(1), ""),
        ("long", "3d", Decimal(-1), Decimal(1), ""),
        ("long", "3d", None, None, "http://example.org"),
        ("long", "3d", None, None, "https://example.org/?a=b"),
    ],
)
def test_options_are_held_to_the_same_rules(
    side: str, horizon: str, target: Decimal | None, stop: Decimal | None, link: str
) -> None:
    refused = call_of("BTC-USD", side, horizon, target, stop, link)
    assert isinstance(refused, Refused)
    assert refused.mend
    assert "against a bound" not in refused.sentence
