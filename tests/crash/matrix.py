"""The matrix: one life for each moment at which it may die, and the one that comes after it.

Refuses a list of moments from anywhere but a life that was led to its end and counted them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.crash.audit import faults_of
from tests.crash.plan import Aim, Plan
from tests.crash.world import VENUES, Away, World

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
    led : int
        Lives that were led after it: one as it was, and one for everything that the market may
        have done meanwhile, but none in a world that another death had left already.
    """

    number: int
    moment: str
    faults: tuple[str, ...] = ()
    led: int = 0


@dataclass(frozen=True)
class Segment:
    """A stretch of a desk's life, from a world that was there before it.

    Parameters
    ----------
    whole : bool
        Whether the next life is led also where the world is the same as after another death.
    """

    venue: str
    aim: Aim
    file: Path
    world: World
    zygotes: Sequence[Zygote]
    mutant: str = ""
    whole: bool = False

    async def moments(self, folder: Path) -> tuple[list[str], World]:
        """The names of all its moments, and the world after them."""
        told = folder / "moments.txt"
        world = self.world.copied(folder)
        async with self._venue(world) as plan:
            code = await self.zygotes[0].life(replace(plan, moments=str(told)))
        assert code == LIVED, _told_faults(world)
        faults = [] if self.mutant else await faults_of(world)
        assert faults == [], faults
        return told.read_text("utf-8").splitlines(), world

    def begun(self, world: World) -> Segment:
        """The same stretch from another world."""
        return replace(self, world=world)

    async def killed(self, number: int, folder: Path) -> World:
        """The world as death at a moment leaves it."""
        world = self.world.copied(folder)
        async with self._venue(world) as plan:
            await self._kill(self.zygotes[0], plan, number)
        return world

    async def deaths(
        self, moments: Mapping[int, str], folder: Path, *, until_found: bool = False
    ) -> list[Death]:
        """Die at each of these moments, live on, and look at what came of it."""
        waiting = sorted(moments, reverse=True)
        found: list[Death] = []
        worlds: set[str] = set()

        async def work(zygote: Zygote) -> None:
            while waiting:
                number = waiting.pop()
                death = await self._death(zygote, number, folder / str(number), worlds)
                found.append(replace(death, moment=moments[number]))
                if until_found and death.faults:
                    waiting.clear()

        await asyncio.gather(*(work(zygote) for zygote in self.zygotes))
        return sorted(found, key=lambda death: death.number)

    async def _death(self, zygote: Zygote, number: int, folder: Path, worlds: set[str]) -> Death:
        left = self.world.copied(folder)
        async with self._venue(left) as plan:
            await self._kill(zygote, plan, number)
        faults: list[str] = []
        led = 0
        for while_away in Away:
            world = left.copied(folder / while_away.name)
            world.go_on(while_away)
            found = await asyncio.to_thread(world.fingerprint)
            if found in worlds and not (self.whole and while_away is Away.CALM):
                continue
            worlds.add(found)
            led += 1
            faults += [f"{while_away}: {fault}" for fault in await self._next_life(zygote, world)]
        return Death(number, "", tuple(faults), led)

    async def _next_life(self, zygote: Zygote, world: World) -> list[str]:
        async with self._venue(world) as plan:
            code = await zygote.life(plan)
        if code != LIVED:
            return [f"the next life failed: {_told_faults(world)}"]
        return await faults_of(world)

    async def _kill(self, zygote: Zygote, plan: Plan, number: int) -> None:
        code = await zygote.life(replace(plan, end_at=number))
        assert code == KILLED, f"moment {number} did not kill: {code}"

    @asynccontextmanager
    async def _venue(self, world: World) -> AsyncIterator[Plan]:
        plan = Plan(self.venue, self.aim, str(self.file), **world.facts(), mutant=self.mutant)
        if world.account is None:
            yield plan
            return
        venue = VENUES[self.venue](world.account)
        async with venue.serving() as url:
            yield replace(plan, url=url, key=venue.key, secret=venue.secret)
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
