"""Limits loosen only while nothing is open; each of them knows which way it loosens."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.risk import LOOSER, Bounds, Limits, bounds_in_force
from engine.risk.loosening import loosens
from engine.sizing import SizingPolicy

BOUNDS = Bounds(Limits(), SizingPolicy(), Decimal(250), 0.15)


def test_every_limit_is_classified_and_nothing_else() -> None:
    named = {f.name for owner in (Limits, SizingPolicy) for f in fields(owner)}
    assert set(LOOSER) == named | {"auto_below_usd", "adverse_frac"} == set(BOUNDS.values())


def test_values_go_out_and_come_back() -> None:
    other = Bounds(Limits(rejects_count=5), SizingPolicy(vol_target=0.2), Decimal("9.5"), 0.1)
    assert BOUNDS.at(other.values()) == other


def changed(**limits: object) -> Bounds:
    return replace(BOUNDS, limits=replace(BOUNDS.limits, **limits))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("looser", "tighter"),
    [
        ({"daily_loss_frac": 0.03}, {"daily_loss_frac": 0.01}),
        ({"losses_pause_for": timedelta(hours=1)}, {"losses_pause_for": timedelta(hours=48)}),
        ({"rejects_for": timedelta(minutes=1)}, {"rejects_for": timedelta(hours=1)}),
        ({"calm_bars": 3}, {"calm_bars": 48}),
    ],
)
def test_a_looser_limit_waits_and_a_tighter_one_holds_at_once(
    looser: dict[str, object], tighter: dict[str, object]
) -> None:
    (name,) = looser
    journaled = BOUNDS.values()
    held, waiting = bounds_in_force(changed(**looser), journaled, flat=False)
    assert held == BOUNDS
    assert [(w.name, w.in_force) for w in waiting] == [(name, journaled[name])]
    assert bounds_in_force(changed(**tighter), journaled, flat=False) == (changed(**tighter), ())
    assert bounds_in_force(changed(**looser), journaled, flat=True) == (changed(**looser), ())


def test_size_and_what_is_taken_without_asking_are_limits_too() -> None:
    bold = replace(BOUNDS, sizing=SizingPolicy(kelly_share=1.0), auto_below_usd=Decimal(10**6))
    held, waiting = bounds_in_force(bold, BOUNDS.values(), flat=False)
    assert held == BOUNDS
    assert {w.name for w in waiting} == {"kelly_share", "auto_below_usd"}


def test_a_limit_that_the_record_does_not_know_yet_is_taken_from_the_settings() -> None:
    journaled = BOUNDS.values()
    del journaled["spread_frac"]
    held, waiting = bounds_in_force(changed(spread_frac=0.01), journaled, flat=False)
    assert (held.limits.spread_frac, waiting) == (0.01, ())


_FRACS = [f.name for f in fields(Limits) if f.name.endswith("_frac")]
_settings = st.fixed_dictionaries({}, optional=dict.fromkeys(_FRACS, st.floats(0.01, 1.0)))


@given(_settings, _settings)
def test_while_something_is_open_no_limit_is_looser_than_before(
    before: dict[str, float], after: dict[str, float]
) -> None:
    def ordered(values: dict[str, float]) -> Bounds:
        halt, kill = sorted(
            (values.get("drawdown_halt_frac", 0.12), values.get("drawdown_kill_frac", 0.15))
        )
        return changed(**values | {"drawdown_halt_frac": halt, "drawdown_kill_frac": kill})

    journaled = ordered(before).values()
    held, _ = bounds_in_force(ordered(after), journaled, flat=False)
    for name, value in held.values().items():
        assert not loosens(name, journaled[name], value)
    again, waiting = bounds_in_force(ordered(after), held.values(), flat=False)
    assert again == held
    assert all(w.in_force == held.values()[w.name] for w in waiting)
