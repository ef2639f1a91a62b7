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


async def found(mutant: str, began: list[Zygote], folder: Path) -> list[str]:
    """What the matrix finds wrong with a desk of which a rule was taken."""
    file = swinging_file(folder, 390, half_life=20.0)
    world, faults = World.empty("kraken", folder / "empty"), []
    for aim in (Aim.HOLD, Aim.CLOSE):
        segment = Segment("kraken", aim, file, world, began, mutant)
        names, world = await segment.moments(folder / aim.name)
        there = folder / f"{aim.name}-deaths"
        deaths = await segment.deaths(crucial_moments(names), there, until_found=True)
        faults += [fault for death in deaths for fault in death.faults]
        if faults:
            break
    return faults


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=list(MUTANTS))
async def test_the_matrix_finds(mutant: str, began: list[Zygote], tmp_path: Path) -> None:
    assert await found(mutant, began, tmp_path) != []
