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
    "kraken": (*_TRADE, Leg(Aim.ENTER, dies=False), Leg(Aim.HALT, Aim.ENTER)),
    "coinbase": _TRADE,
    "paper": (*_TRADE, Leg(Aim.ENTER, dies=False), Leg(Aim.HALT, Aim.ENTER)),
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

    async def die(
        self,
        segment: Segment,
        names: Sequence[str],
        chosen: Mapping[int, str],
        folder: Path,
        after: str = "",
    ) -> None:
        """Die at the chosen moments of a stretch, and note what came of it."""
        leg = f"{segment.aim}, {after}" if after else str(segment.aim)
        self.moments[leg] = self.moments.get(leg, 0) + len(names)
        self.deaths += [(leg, death) for death in await segment.deaths(chosen, folder)]

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


Choice = Callable[[Sequence[str]], dict[int, str]]


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


def one_in(count: int) -> Choice:
    """Of the telling moments every so manieth, spread over all."""
    return lambda names: dict(list(telling_moments(names).items())[::count])


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
    choose: Mapping[Aim | None, Choice],
    *,
    whole: bool = False,
) -> Report:
    """Die everywhere on the journey.

    Parameters
    ----------
    choose : mapping of Aim or None to Choice
        At which moments of a leg; None for every leg that is not named, and for second deaths.
    """
    report = Report()
    worlds: dict[Aim | None, World] = {None: World.empty(venue, folder / "empty")}
    for leg in JOURNEYS[venue]:
        segment = Segment(venue, leg.aim, file, worlds[leg.begins], zygotes, whole=whole)
        names, worlds[leg.aim] = await segment.moments(folder / leg.aim.name)
        if not leg.dies:
            continue
        chosen = choose.get(leg.aim, choose[None])(names)
        await report.die(segment, names, chosen, folder / f"{leg.aim.name}-deaths")
        if leg.dies_twice:
            await _die_twice(report, segment, names, folder, choose[None])
    return report


async def _die_twice(
    report: Report, segment: Segment, names: Sequence[str], folder: Path, choose: Choice
) -> None:
    for number, lost in lost_answers(names).items():
        there = folder / f"{segment.aim.name}-{number}"
        again = segment.begun(await segment.killed(number, there / "killed"))
        later, _ = await again.moments(there / "count")
        await report.die(again, later, choose(later), there, f"after {lost}")
