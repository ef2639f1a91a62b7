"""The life of an order: every change from every state, written down a second time by hand."""

from __future__ import annotations

from itertools import product

import pytest

from engine.errors import InvariantBroken
from engine.model.orders import OPEN_STATES, OrderChange, OrderState, next_state

I, W, P, F, C, R, E, U = (
    OrderState.INTENDED, OrderState.WORKING, OrderState.PARTLY_FILLED, OrderState.FILLED,
    OrderState.CANCELED, OrderState.REJECTED, OrderState.EXPIRED, OrderState.UNKNOWN,
)  # fmt: skip
CHANGES = (
    OrderChange.ACCEPT, OrderChange.REJECT, OrderChange.FILL_PART, OrderChange.FILL_WHOLE,
    OrderChange.CANCEL, OrderChange.EXPIRE, OrderChange.LOSE_SIGHT,
)  # fmt: skip
# Where each change leads; None is a broken invariant.
#    accept reject part whole cancel expire doubt
LIFE: dict[OrderState, tuple[OrderState | None, ...]] = {
    I: (W,    R,    P,    F,    C,    None, U),
    W: (None, R,    P,    F,    C,    E,    U),
    P: (None, None, P,    F,    C,    E,    U),
    U: (W,    R,    P,    F,    C,    E,    U),
    C: (None, None, C,    F,    None, None, None),
    E: (None, None, E,    F,    None, None, None),
    F: (None, None, None, None, None, None, None),
    R: (None, None, None, None, None, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("state", "change"), list(product(OrderState, OrderChange)))
def test_an_order_changes_as_the_table_says_and_no_other_way(
    state: OrderState, change: OrderChange
) -> None:
    wanted = LIFE[state][CHANGES.index(change)]
    if wanted is None:
        with pytest.raises(InvariantBroken, match=f"is {state} cannot {change}"):
            next_state(state, change)
    else:
        assert next_state(state, change) is wanted


def test_only_a_fill_is_told_of_an_order_that_has_ended() -> None:
    for state in set(OrderState) - OPEN_STATES:
        lives = {c for c, to in zip(CHANGES, LIFE[state], strict=True) if to is not None}
        assert lives <= {OrderChange.FILL_PART, OrderChange.FILL_WHOLE}
        assert not {to for to in LIFE[state] if to is not None} & OPEN_STATES
