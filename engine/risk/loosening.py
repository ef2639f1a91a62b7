"""Which way each limit loosens, and which limits hold while something is open.

Refuses to loosen anything while a position or an order is open, whatever the settings say: a
tighter limit holds at once, a looser one from a later start with nothing open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from engine.model.money import exact
from engine.risk.limits import Limits
from engine.sizing import SizingPolicy


class Looser(StrEnum):
    """In which direction a limit allows more."""

    HIGHER = "higher"
    LOWER = "lower"


_H, _L = Looser.HIGHER, Looser.LOWER

LOOSER: Mapping[str, Looser] = MappingProxyType(
    {
        "instrument_frac": _H,
        "total_frac": _H,
        "pair_frac": _H,
        "pair_correlation": _H,  # above it gold and silver count as one
        "risk_frac": _H,
        "heat_frac": _H,
        "daily_loss_frac": _H,
        "weekly_loss_frac": _H,
        "daily_trips_count": _H,
        "drawdown_halt_frac": _H,
        "drawdown_kill_frac": _H,
        "losses_pause_count": _H,
        "losses_halt_count": _H,
        "losses_pause_for": _L,
        "day_entries_count": _H,
        "instrument_entries_count": _H,
        "entry_spacing_for": _L,
        "volatility_rank_frac": _H,
        "move_sigmas": _H,
        "calm_bars": _L,
        "stale_bars": _H,
        "stale_quotes_for": _H,
        "second_gap_frac": _H,
        "second_gap_metals_frac": _H,
        "print_sigmas": _H,
        "agreeing_count": _L,
        "spread_frac": _H,
        "spread_medians": _H,
        "clock_offset_for": _H,
        "slippage_ratio": _H,
        "e_process": _H,
        "brier_cusum": _H,
        "rejects_count": _H,
        "unread_for": _H,
        "rejects_for": _L,  # a shorter window counts fewer of them together
        "exploratory_week_frac": _H,
        "kelly_share": _H,
        "vol_target": _H,
        "ramp_from_frac": _H,
        "ramp_to_frac": _H,
        "pilot_factor": _H,
        "exploratory_risk_frac": _H,
        "auto_below_usd": _H,  # more is taken without asking
        "adverse_frac": _H,  # a yes holds at a worse price
    }
)
"""Every limit of the desk by name, as ``LimitsSet`` journals them."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Everything that bounds what the desk may do by itself or after a yes.

    Attributes
    ----------
    auto_below_usd : Decimal, US dollars
        Notional below which the desk does not ask.
    adverse_frac : float, fraction of the stop distance
        How far the price may have risen before a yes is refused.
    """

    limits: Limits
    sizing: SizingPolicy
    auto_below_usd: Decimal
    adverse_frac: float

    def values(self) -> dict[str, float]:
        """Each limit as a number, by name; durations in seconds, money in US dollars."""
        owners = (self.limits, self.sizing)
        found = {f.name: _number(getattr(o, f.name)) for o in owners for f in fields(o)}
        own = {"auto_below_usd": _number(self.auto_below_usd), "adverse_frac": self.adverse_frac}
        return found | own

    def at(self, values: Mapping[str, float]) -> Bounds:
        """The same bounds with `values` in the place of those that they name."""
        return Bounds(
            limits=_with(self.limits, values),
            sizing=_with(self.sizing, values),
            auto_below_usd=_like(self.auto_below_usd, values.get("auto_below_usd")),
            adverse_frac=values.get("adverse_frac", self.adverse_frac),
        )


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A looser limit that the settings ask for and that does not hold yet.

    Attributes
    ----------
    wanted, in_force : float, in the limit's own unit; durations in seconds
    """

    name: str
    wanted: float
    in_force: float


def bounds_in_force(
    configured: Bounds, journaled: Mapping[str, float], *, flat: bool
) -> tuple[Bounds, tuple[HeldBack, ...]]:
    """What holds now: the settings, but nothing looser than before while something is open.

    Parameters
    ----------
    configured : Bounds
    journaled : mapping of str to float
        The limits that were last in force; names that it lacks are taken from the settings.
    flat : bool
        Whether no position is held and no order works.
    """
    if flat:
        return configured, ()
    wanted = configured.values()
    held_back = tuple(
        HeldBack(name, value, journaled[name])
        for name, value in wanted.items()
        if name in journaled and loosens(name, journaled[name], value)
    )
    return configured.at({held.name: held.in_force for held in held_back}), held_back


def loosens(name: str, before: float, after: float) -> bool:
    """Whether moving the limit `name` from `before` to `after` allows more.

    Examples
    --------
    >>> loosens("daily_loss_frac", 0.02, 0.03), loosens("losses_pause_for", 3600.0, 7200.0)
    (True, False)
    """
    return after > before if LOOSER[name] is Looser.HIGHER else after < before


def _with(owner: Any, values: Mapping[str, float]) -> Any:
    changes = {
        f.name: _like(getattr(owner, f.name), values[f.name])
        for f in fields(owner)
        if f.name in values
    }
    return replace(owner, **changes)


def _number(value: Any) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else float(value)


def _like(present: Any, value: float | None) -> Any:
    """`value` in the type of `present`."""
    if value is None:
        return present
    if isinstance(present, timedelta):
        return timedelta(seconds=value)
    if isinstance(present, Decimal):
        return exact(value)
    return int(value) if isinstance(present, int) else value
