"""A matrix that cannot fail proves nothing: each seeded violation must be found by some death."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.crash.journey import crucial_moments
from tests.crash.matrix import Segment, Zygote, zygotes
from tests.crash.mutants import MUTANTS
from tests.crash.plan import Aim
from tests.crash.world import World
from tests.kit.desk import swinging_file


@pytest_asyncio.fixture
async def began() -> AsyncIterator[list[Zygote]]:
    async with zygotes(2) as made:
        yield made


SHOWN_AT = {name: Aim.CLOSE if name.startswith("an exit") else Aim.HOLD for name in MUTANTS}
"""The leg of the journey on which a violation does its harm."""


async def found(mutant: str, began: list[Zygote], folder: Path) -> list[str]:
    """What the matrix finds wrong with a desk of which a rule was taken."""
    file = swinging_file(folder, 390, half_life=20.0)
    world = World.empty("kraken", folder / "empty")
    if SHOWN_AT[mutant] is Aim.CLOSE:
        held = Segment("kraken", Aim.HOLD, file, world, began, mutant)
        _, world = await held.moments(folder / "held")
    segment = Segment("kraken", SHOWN_AT[mutant], file, world, began, mutant)
    names, _ = await segment.moments(folder / "count")
    deaths = await segment.deaths(crucial_moments(names), folder / "deaths", until_found=True)
    return [fault for death in deaths for fault in death.faults]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=list(MUTANTS))
async def test_the_matrix_finds(mutant: str, began: list[Zygote], tmp_path: Path) -> None:
    assert await found(mutant, began, tmp_path) != []
