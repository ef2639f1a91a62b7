"""Mutation run: break the rooms that bound money, one small change at a time, and see who notices.

Refuses to touch the checkout: it works on a copy under ``.mutation/``, which is also its memory.
Stop it whenever you like; the next run goes on where this one ended. What survived is tried again
as soon as a test of the room has changed. Nightly, not in CI::

    python scripts/mutation.py                 # sizing, risk and compliance
    python scripts/mutation.py engine/sizing   # one room
    python scripts/mutation.py --list          # survivors of the last run, nothing is run

Mutants are Cosmic Ray's (the extra ``mutation``). Each is judged in a fork of one warm process:
that is why 1,000 of them take minutes and not hours.
"""

from __future__ import annotations

import argparse
import difflib
import gc
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEMORY = ROOT / ".mutation"
ROOMS = {
    "engine/sizing": (
        "tests/engine/test_sizing_*.py",
        "tests/properties/test_sizing_properties.py",
    ),
    "engine/risk": (
        "tests/engine/test_risk_*.py",
        # Not its state machine: 40 runs of 40 steps for each mutant.
        "tests/properties/test_risk_properties.py",
    ),
    "engine/compliance": (
        "tests/engine/compliance/test_exact_*.py",
        "tests/engine/compliance/test_compliance.py",
    ),
}
PATIENCE_SECONDS = 60.0
# Bits of a float do not exist: each of these dies of a TypeError and proves nothing.
SENSELESS = ("BitAnd", "BitOr", "BitXor", "LShift", "RShift")
# Cousins of what is tried anyway: tests that tell a product from a quotient, a sum and a
# difference hardly ever miss these. ``--thorough`` tries them too.
COUSINS = ("FloorDiv", "Mod", "Pow", "Is", "IsNot")
UNFIT = 99
# Plugins without which pyproject.toml's settings mean nothing.
NEEDED = ("pytest_asyncio.plugin", "pytest_timeout", "_hypothesis_pytestplugin")
PLUGINS = (*NEEDED, "no:unraisableexception", "no:threadexception", "no:logging", "no:junitxml")
# What every judge needs; what is imported before the fork is imported once.
WARM = (*NEEDED, "_pytest.doctest", "numpy", "hypothesis.strategies", "pydantic_settings")


@dataclass(frozen=True)
class Mutant:
    """One small change.

    Attributes
    ----------
    source : str
        The whole module with the change in it.
    line : int
        Line of the change, counted from 1.
    """

    module: str
    operator: str
    line: int
    change: str
    source: str

    @property
    def key(self) -> str:
        """What it is remembered by: the changed module, whatever operator changed it."""
        return hashlib.sha256(f"{self.module}\n{self.source}".encode()).hexdigest()[:24]


def main() -> int:
    """Run the rooms that were asked for; 0 when every mutant was noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", default=list(ROOMS), help="engine/sizing, ...")
    parser.add_argument("--thorough", action="store_true", help="the rarer operators, too")
    parser.add_argument("--list", action="store_true", help="only print what survived")
    asked = parser.parse_args()
    left = 0
    for room in asked.rooms:
        if room.removesuffix(".py") not in ROOMS:
            parser.error(f"no such room: {room}; rooms are {', '.join(ROOMS)}")
        skipped = SENSELESS if asked.thorough else (*SENSELESS, *COUSINS)
        left += run(room.removesuffix(".py"), skipped, judge=not asked.list)
    return 1 if left else 0


def run(room: str, skipped: tuple[str, ...], *, judge: bool) -> int:
    """Judge the mutants of one room; answers how many survived."""
    tree = MEMORY / room.replace("/", "-")
    tree.mkdir(parents=True, exist_ok=True)
    copy = tree / "copy"
    if judge or not copy.exists():
        copy_checkout(copy)
    os.chdir(copy)
    memory = Memory(tree / "results.jsonl")
    mutants = {
        mutant.key: mutant for path in modules(room) for mutant in mutants_of(path, skipped)
    }
    if judge:
        tests = tests_of(room)
        warm_up()
        if verdict(tests)[0] != "survived":
            raise SystemExit(f"{room}: its tests fail without any mutant; mend them first")
        forget_bytecode(room)
        judge_all(mutants, tests, memory)
    survivors = [m for key, m in mutants.items() if memory.outcome(key) == "survived"]
    counts = Counter(memory.outcome(key) or "not run" for key in mutants)
    print(f"\n{room}: {len(mutants)} mutants, " + ", ".join(f"{n} {k}" for k, n in counts.items()))
    for mutant in sorted(survivors, key=lambda m: (m.module, m.line)):
        print(f"  {mutant.module}:{mutant.line}  {mutant.operator}\n{mutant.change}")
    return len(survivors)


# ---------------------------------------------------------------------- the copy


def copy_checkout(copy: Path) -> None:
    """The tracked and new files of the checkout, as they are now."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout
    shutil.rmtree(copy, ignore_errors=True)
    for name in filter(None, names.decode().split("\0")):
        if (ROOT / name).is_file() and name.startswith(("engine/", "tests/", "pyproject", "con")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def modules(room: str) -> list[Path]:
    """A room may be one file or a package."""
    whole = Path(room)
    found = sorted(whole.rglob("*.py")) if whole.is_dir() else [Path(f"{room}.py")]
    return [path for path in found if path.name != "__init__.py"]


def tests_of(room: str) -> list[str]:
    """Unit tests first, then the examples in the docstrings, then the slower properties."""
    unit, *slower = (sorted(map(str, Path().glob(pattern))) for pattern in ROOMS[room])
    if not unit:
        raise SystemExit(f"{room}: no tests match {ROOMS[room][0]}")
    own = [room] if Path(room).is_dir() else [f"{room}.py"]
    return [*unit, *own, *(name for names in slower for name in names)]


def forget_bytecode(room: str) -> None:
    """No stale bytecode of a module that is about to change within one second of its clock."""
    for path in modules(room):
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()


# ---------------------------------------------------------------------- mutants


def mutants_of(path: Path, skipped: tuple[str, ...]) -> Iterator[Mutant]:
    """Every change that Cosmic Ray knows for one module, but for some target operators."""
    from cosmic_ray import plugins
    from cosmic_ray.ast import ast_nodes, get_ast_from_path
    from cosmic_ray.mutating import mutate_code

    code = path.read_text()
    tree = get_ast_from_path(path)
    for name in plugins.operator_names():
        if name.rpartition("_")[2] in skipped:
            continue
        kind = plugins.get_operator(name)
        for settings in [{}] if not kind.arguments() else []:
            operator = kind(**settings)
            places = [
                (node, begin)
                for node in ast_nodes(tree)
                for begin, _ in operator.mutation_positions(node)
            ]
            for occurrence, (node, begin) in enumerate(places):
                changed = None if in_annotation(node) else mutate_code(code, operator, occurrence)
                if changed is not None and changed != code:
                    yield Mutant(
                        str(path), name.partition("/")[2], begin[0], shown(code, changed), changed
                    )


def in_annotation(node: object) -> bool:
    """Types are not evaluated: ``float | None`` cannot be broken."""
    child, parent = node, getattr(node, "parent", None)
    while parent is not None:
        if parent.type in ("tfpdef", "annassign"):
            colon = next(c for c in parent.children if c.type == "operator" and c.value == ":")
            return child.start_pos > colon.start_pos and not after_equals(child, parent)
        if parent.type == "funcdef":
            return parent.annotation is child
        child, parent = parent, parent.parent
    return False


def after_equals(child: object, parent: object) -> bool:
    """Whether a value, not a type: ``x: int = 1``."""
    equals = [c for c in parent.children if c.type == "operator" and c.value == "="]
    return bool(equals) and child.start_pos > equals[0].start_pos


def shown(before: str, after: str) -> str:
    """The lines that changed."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(f"      {line}" for line in list(lines)[3:])


# ---------------------------------------------------------------------- judging


def warm_up() -> None:
    """Import what every judge needs, and make hypothesis the same in each."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in WARM:
        __import__(name)
    import hypothesis

    sys.path.insert(0, str(Path.cwd()))
    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        max_examples=30,
        deadline=None,
        database=None,
        # A mutant that breaks a filter is judged by its tests, not by how slowly it does so.
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")


def judge_all(mutants: dict[str, Mutant], tests: list[str], memory: Memory) -> None:
    """Judge what is not known yet, or survived other tests than these."""
    sys.dont_write_bytecode = True
    version = hashlib.sha256(b"".join(Path(t).read_bytes() for t in tests if t.endswith(".py")))
    todo = [m for key, m in mutants.items() if not memory.knows(key, version.hexdigest())]
    begun, order = time.monotonic(), list(tests)
    for done, mutant in enumerate(todo, 1):
        path = Path(mutant.module)
        original = path.read_text()
        path.write_text(mutant.source)
        try:
            outcome, killer = verdict(order)
        finally:
            path.write_text(original)
        memory.keep(mutant, outcome, version.hexdigest())
        # Whoever noticed this one will probably notice its neighbour.
        order.insert(0, order.pop(killer))
        if done % 25 == 0 or outcome == "survived":
            pace = (time.monotonic() - begun) / done
            told = f"{done}/{len(todo)} {outcome} {path.name}:{mutant.line} {pace:.1f} s"
            print(told, flush=True)


def verdict(tests: list[str]) -> tuple[str, int]:
    """``killed``, ``survived`` or ``timeout`` as the copy stands, and which file said so."""
    child = os.fork()
    if child == 0:
        os._exit(judge_here(tests))
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code == UNFIT:
                raise SystemExit(f"pytest could not judge by {' '.join(tests)}")
            return ("survived", 0) if code == 0 else ("killed", max(code - 1, 0))
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout", 0


def judge_here(tests: list[str]) -> int:
    """In the fork: run file after file up to the first failure, in silence.

    Returns
    -------
    int
        0 if all passed, else the number of the file that failed, counted from 1.
    """
    import pytest

    gc.disable()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    # No conftest and few plugins: pure rooms never meet a browser or a Discord.
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    for number, file in enumerate(tests, 1):
        code = pytest.main(["-x", "-q", "--noconftest", "--assert=plain", *plugins, file])
        if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
            return UNFIT
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return number
    return 0


class Memory:
    """Verdicts on disk, one line each; the last one of a mutant counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, dict[str, str]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self._known[entry["key"]] = entry

    def outcome(self, key: str) -> str | None:
        """The last verdict, or None."""
        return self._known.get(key, {}).get("outcome")

    def knows(self, key: str, tests: str) -> bool:
        """Whether nothing new can be said: dead, or alive under these very tests."""
        entry = self._known.get(key)
        return entry is not None and (entry["outcome"] != "survived" or entry["tests"] == tests)

    def keep(self, mutant: Mutant, outcome: str, tests: str) -> None:
        """Remember at once, for the run may be stopped at any moment."""
        told = asdict(mutant)
        del told["source"]
        entry = {"key": mutant.key, "outcome": outcome, "tests": tests} | told
        self._known[mutant.key] = entry
        with self._path.open("a") as file:
            file.write(json.dumps(entry) + "\n")


if __name__ == "__main__":
    sys.exit(main())
