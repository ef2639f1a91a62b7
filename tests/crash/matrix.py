"""The matrix: one life for each moment at which it may die, and the one that comes after it.

Refuses a list of moments from anywhere but a life that was led to its end and counted them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash.audit import faults_of
from tests.crash.mortality import NEVER
from tests.crash.plan import Aim, Plan
from tests.crash.world import VENUES, World
from tests.kit.loopback_venue import LoopbackVenue

ZYGOTE = Path(__file__).with_name("zygote.py")
KILLED, LIVED = -9, 0


class Zygote:
    """A process that begins lives, one after the other."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def started(cls, *arguments: str) -> Zygote:
        """One that is ready."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                str(ZYGOTE),
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        )

    async def life(self, plan: Plan) -> int:
        """How a life ended: an exit code, or below zero a signal."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{plan.text()}\n".encode())
        await stdin.drain()
        line = await stdout.readline()
        assert line, "the zygote is gone"
        return int(line)

    async def aclose(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        self._process._transport.close()  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Death:
    """A life that was killed, and what was wrong in the end.

    Attributes
    ----------
    number : int
        Of the moment, from 1.
    """

    number: int
    moment: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of a desk's life, from a world that was there before it."""

    venue: str
    aim: Aim
    file: Path
    world: World
    zygotes: Sequence[Zygote]

    async def moments(self, folder: Path) -> tuple[list[str], World]:
        """The names of all its moments, and the world after them."""
        told = folder / "moments.txt"
        world = self.world.copied(folder)
        async with self._venue(world) as plan:
            code = await self.zygotes[0].life(replace(plan, moments=str(told)))
        assert code == LIVED, _told_faults(world)
        assert await faults_of(world) == []
        return told.read_text("utf-8").splitlines(), world

    async def deaths(self, numbers: Sequence[int], folder: Path) -> list[Death]:
        """Die at each of these moments, live on, and look at what came of it."""
        waiting = list(numbers)[::-1]
        found: list[Death] = []

        async def work(zygote: Zygote) -> None:
            while waiting:
                number = waiting.pop()
                found.append(await self._death(zygote, number, folder / str(number)))

        await asyncio.gather(*(work(zygote) for zygote in self.zygotes))
        return sorted(found, key=lambda death: death.number)

    async def _death(self, zygote: Zygote, number: int, folder: Path) -> Death:
        world = self.world.copied(folder)
        moments = folder / "moments.txt"
        async with self._venue(world) as plan:
            code = await zygote.life(replace(plan, end_at=number, moments=str(moments)))
            assert code == KILLED, f"moment {number} did not kill: {code} {_told_faults(world)}"
            code = await zygote.life(plan)
        name = moments.read_text("utf-8").splitlines()[-1]
        if code != LIVED:
            return Death(number, name, (f"the next life failed: {_told_faults(world)}",))
        return Death(number, name, tuple(await faults_of(world)))

    @asynccontextmanager
    async def _venue(self, world: World) -> AsyncIterator[Plan]:
        facts = world.facts() | {"venue": self.venue, "aim": self.aim, "file": str(self.file)}
        if world.account is None:
            yield Plan(**facts)
            return
        venue: LoopbackVenue = VENUES[self.venue](world.account)
        async with venue.serving() as url:
            yield Plan(url=url, key=venue.key, secret=venue.secret, end_at=NEVER, **facts)
        assert venue.foul == []


def _told_faults(world: World) -> str:
    path = world.db.with_name("faults.txt")
    return path.read_text("utf-8") if path.exists() else "nothing told"


@asynccontextmanager
async def zygotes(count: int) -> AsyncIterator[list[Zygote]]:
    """So many processes that begin lives."""
    async with AsyncExitStack() as stack:
        started = []
        for _ in range(count):
            zygote = await Zygote.started()
            stack.push_async_callback(zygote.aclose)
            started.append(zygote)
        yield started
