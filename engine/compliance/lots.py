"""When what was bought may be sold: bought, settled (possession confirmed), sellable.

Refuses any other way through: a lot is never sold, and no stop rests on it, before it is ours.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from engine.errors import InvariantBroken
from engine.model.positions import LotState

_SATURDAY = 5
_DAY = timedelta(days=1)


class LotChange(StrEnum):
    """What can happen to a lot.

    ``BUY_MORE`` is a further fill of the same approved order: the lot as a whole waits for it.
    """

    BUY_MORE = "buy_more"
    CONFIRM_POSSESSION = "confirm_possession"
    RELEASE = "release"


LOT_TRANSITIONS: dict[tuple[LotState, LotChange], LotState] = {
    (LotState.BOUGHT, LotChange.BUY_MORE): LotState.BOUGHT,
    (LotState.SETTLED, LotChange.BUY_MORE): LotState.BOUGHT,
    (LotState.SELLABLE, LotChange.BUY_MORE): LotState.BOUGHT,
    (LotState.BOUGHT, LotChange.CONFIRM_POSSESSION): LotState.SETTLED,
    (LotState.SETTLED, LotChange.RELEASE): LotState.SELLABLE,
}


def next_lot(state: LotState, change: LotChange) -> LotState:
    """Where `change` leads from `state`.

    Raises
    ------
    InvariantBroken
        If the table has no such change.

    Examples
    --------
    >>> next_lot(LotState.BOUGHT, LotChange.CONFIRM_POSSESSION)
    <LotState.SETTLED: 'settled'>
    """
    try:
        return LOT_TRANSITIONS[state, change]
    except KeyError:
        raise InvariantBroken(f"a lot that is {state} cannot {change}") from None


def settles_at(traded_at: datetime, after_days: int) -> datetime | None:
    """When a trade settles: the end, in UTC, of the `after_days`-th business day after it.

    Parameters
    ----------
    traded_at : datetime, aware UTC
    after_days : int, business days, >= 0
        0 settles in the trade itself. Monday to Friday count; an exchange's holidays are not
        known here, so a live venue's own confirmation decides and this can only be too early by
        them on paper.

    Returns
    -------
    datetime or None
        None where the trade settles at once.

    Examples
    --------
    >>> settles_at(datetime(2025, 3, 7, 15, tzinfo=UTC), 1)  # Friday: Monday must be over
    datetime.datetime(2025, 3, 11, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if after_days < 0:
        raise ValueError(f"after_days must be >= 0, was {after_days}")
    if after_days == 0:
        return None
    day, left = traded_at.date(), after_days
    while left:
        day += _DAY
        left -= day.weekday() < _SATURDAY
    return datetime.combine(day + _DAY, time(), UTC)
