"""The journey of one trade, leg by leg, with every moment of it, and where a desk dies on it.

Refuses to know beforehand how many moments a leg has: each leg is led to its end first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.matrix import Death, Segment, Zygote
from tests.crash.plan import Aim
from tests.crash.world import World

WHOLE = os.environ.get("EXECUTOR_CRASH", "") == "whole"
"""Whether a desk dies at every moment, or only at those that the CI has time for."""

_ACTS = ("AddOrder", "CancelOrder", "orders", "batch_cancel")


@dataclass(frozen=True, slots=True)
class Leg:
    """A part of the journey.

    Attributes
    ----------
    begins : Aim or None
        The leg after which it begins; None at an empty record.
    dies_twice : bool
        Whether the life after a lost answer of an order or a cancellation is killed at each of
        its moments too.
    """

    aim: Aim
    begins: Aim | None = None
    dies: bool = True
    dies_twice: bool = False


_TRADE = (
    Leg(Aim.HOLD, dies_twice=True),
    Leg(Aim.CLOSE, Aim.HOLD, dies_twice=True),
    Leg(Aim.STOP, Aim.HOLD),
    Leg(Aim.TARGET, Aim.HOLD, dies_twice=True),
    Leg(Aim.WAIT, Aim.HOLD, dies=False),
    Leg(Aim.TIME, Aim.WAIT),
)
JOURNEYS: dict[str, tuple[Leg, ...]] = {
    "kraken": (*_TRADE, Leg(Aim.ENTER), Leg(Aim.HALT, Aim.ENTER)),
    "coinbase": _TRADE,  # an entry there fills at once or not at all: none ever works
    "paper": (*_TRADE, Leg(Aim.ENTER), Leg(Aim.HALT, Aim.ENTER)),
}


@dataclass
class Report:
    """What came of it.

    Attributes
    ----------
    moments : dict of str to int
        Moments of each leg, by its name.
    deaths : list of (leg, Death)
    """

    moments: dict[str, int] = field(default_factory=dict)
    deaths: list[tuple[str, Death]] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """What no death may leave, one line each."""
        return [
            f"{leg}, moment {death.number} ({death.moment}): {fault}"
            for leg, death in self.deaths
            for fault in death.faults
        ]

    @property
    def line(self) -> str:
        """The whole in one line."""
        led = sum(death.led for _, death in self.deaths)
        return f"{sum(self.moments.values())} moments, {len(self.deaths)} deaths, {led} next lives"


def all_moments(names: Sequence[str]) -> dict[int, str]:
    """Every moment by its number, from 1."""
    return dict(enumerate(names, start=1))


def telling_moments(names: Sequence[str]) -> dict[int, str]:
    """What changes a journal or a venue, and each kind of question once.

    Death around a question leaves the world as it was before it, so once is enough.
    """
    chosen: dict[int, str] = {}
    asked: set[str] = set()
    for number, name in all_moments(names).items():
        if name.startswith("wire") and not _acts(name):
            if name in asked:
                continue
            asked.add(name)
        elif name.endswith((": nothing written", ": answered")) and name.startswith("journal"):
            continue  # as the moment before it, or the next one
        chosen[number] = name
    return chosen


def some_moments(names: Sequence[str]) -> dict[int, str]:
    """A quarter of the telling ones, spread over all."""
    return dict(list(telling_moments(names).items())[::4])


def crucial_moments(names: Sequence[str]) -> dict[int, str]:
    """Around approvals, intents, requested exits, and orders on the wire."""
    words = ("proposal_approved", "order_intended", "exit_requested", "wire AddOrder")
    return {
        number: name
        for number, name in all_moments(names).items()
        if any(word in name for word in words)
    }


def _acts(name: str) -> bool:
    return any(f"wire {act}:" in name for act in _ACTS)


def lost_answers(names: Sequence[str]) -> Mapping[int, str]:
    """Where the venue has acted on an order or a cancellation, and nobody here knows."""
    return {
        number: name
        for number, name in all_moments(names).items()
        if _acts(name) and name.endswith("acted on, not answered")
    }


async def walk(
    venue: str,
    file: Path,
    zygotes: Sequence[Zygote],
    folder: Path,
    choose: Callable[[Sequence[str]], dict[int, str]],
    *,
    whole: bool = False,
) -> Report:
    """Die everywhere on the journey."""
    report = Report()
    worlds: dict[Aim | None, World] = {None: World.empty(venue, folder / "empty")}
    for leg in JOURNEYS[venue]:
        name = leg.aim.value
        begins = worlds[leg.begins]
        segment = Segment(venue, leg.aim, file, begins, zygotes, whole=whole)
        names, worlds[leg.aim] = await segment.moments(folder / leg.aim.name)
        if not leg.dies:
            continue
        report.moments[name] = len(names)
        there = folder / f"{leg.aim.name}-deaths"
        report.deaths += [(name, d) for d in await segment.deaths(choose(names), there)]
        if leg.dies_twice:
            await _die_twice(report, segment, names, folder, choose)
    return report


async def _die_twice(
    report: Report,
    segment: Segment,
    names: Sequence[str],
    folder: Path,
    choose: Callable[[Sequence[str]], dict[int, str]],
) -> None:
    for number, lost in lost_answers(names).items():
        name = f"{segment.aim.value}, after {lost} ({number})"
        there = folder / f"{segment.aim.name}-{number}"
        world = await segment.killed(number, there / "killed")
        again = segment.begun(world)
        later, _ = await again.moments(there / "count")
        report.moments[name] = len(later)
        report.deaths += [(name, d) for d in await again.deaths(choose(later), there)]
