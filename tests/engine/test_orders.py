"""The life of an order: every change from every state, written down a second time by hand."""

from __future__ import annotations

from itertools import product

import pytest

from engine.errors import InvariantBroken
from engine.model.orders import OPEN_STATES, OrderChange, OrderState, next_state

NEW, WORKS, PARTLY = OrderState.INTENDED, OrderState.WORKING, OrderState.PARTLY_FILLED
FILLED, OFF, REFUSED = OrderState.FILLED, OrderState.CANCELED, OrderState.REJECTED
EXPIRED, DOUBT = OrderState.EXPIRED, OrderState.UNKNOWN
CHANGES = (
    OrderChange.ACCEPT, OrderChange.REJECT, OrderChange.FILL_PART, OrderChange.FILL_WHOLE,
    OrderChange.CANCEL, OrderChange.EXPIRE, OrderChange.LOSE_SIGHT,
)  # fmt: skip
# Where each change leads, in the order above; None is a broken invariant.
LIFE: dict[OrderState, tuple[OrderState | None, ...]] = {
    NEW: (WORKS, REFUSED, PARTLY, FILLED, OFF, None, DOUBT),
    WORKS: (None, REFUSED, PARTLY, FILLED, OFF, EXPIRED, DOUBT),
    PARTLY: (None, None, PARTLY, FILLED, OFF, EXPIRED, DOUBT),
    DOUBT: (WORKS, REFUSED, PARTLY, FILLED, OFF, EXPIRED, DOUBT),
    OFF: (None, None, OFF, FILLED, None, None, None),
    EXPIRED: (None, None, EXPIRED, FILLED, None, None, None),
    FILLED: (None,) * 7,
    REFUSED: (None,) * 7,
}


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
