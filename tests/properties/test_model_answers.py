"""Whatever a model writes, the form is filled in by its rules or refused in one clause."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from engine.llm.dialects import data_as_text
from engine.llm.form import NotOneObject, object_in, read_form
from engine.scouts import OpinionForm
from tests.kit.loopback_llm import opinion

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = ["stance", "confidence", "pattern", "reason", "evidence", "levels"]


def _read(text: str) -> OpinionForm | str:
    try:
        return read_form(OpinionForm, text)
    except ValueError as fault:
        return str(fault)


def _object(text: str) -> str | NotOneObject:
    try:
        return object_in(text)
    except NotOneObject as fault:
        return fault


@given(st.text(max_size=300) | st.text(alphabet='{}[]",:<think>/`jsonNaN0123 \n', max_size=300))
def test_any_text_is_one_object_or_is_refused(text: str) -> None:
    found = _object(text)
    if isinstance(found, NotOneObject):
        assert str(found)
        assert str(found).isprintable()
    else:
        assert isinstance(json.loads(found), dict)
        assert found in text


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_an_opinion_that_is_read_keeps_every_rule(changed: dict[str, object]) -> None:
    form = _read(json.dumps(json.loads(opinion()({})) | changed))
    if isinstance(form, str):
        assert form.isprintable()
        assert len(form) < 200
    else:
        assert math.isfinite(form.confidence)
        assert 0.0 <= form.confidence <= 1.0
        assert 1 <= len(form.evidence) <= 4
        assert all(claim.price > 0.0 for claim in form.levels)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=80), max_size=4))
def test_data_comes_back_as_it_was_and_opens_no_tag(data: dict[str, str]) -> None:
    told = data_as_text(data)
    assert json.loads(told) == data
    assert not set("<>&\n\r") & set(told)
    assert told.isascii()
