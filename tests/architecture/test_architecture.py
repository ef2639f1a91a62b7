"""The rules of the house that no linter knows; ARCHITECTURE is kept by these and import-linter."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import engine.facade
from engine.config import Settings
from engine.desk.words import sentence
from engine.facade import Desk
from engine.journal.change import change
from engine.journal.codec import KINDS
from engine.journal.fold import fold
from engine.model import events as happened
from engine.model.events import EVENTS, Event
from engine.ports import Broker, Headlines, Journal, MarketFeed
from engine.probability.pipeline import LAYERS

ROOT = Path(__file__).parents[2]
SOURCES = [p for d in ("engine", "bot", "cogs") for p in sorted((ROOT / d).rglob("*.py"))]
PACKAGES = sorted({p.parent for p in SOURCES})
TESTS = sorted((ROOT / "tests").rglob("*.py"))
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc|stuff)(_|$)")
WALL_CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time)\(")


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- modules -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told, f"{_named(path)} has no docstring"


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=_named)
def test_a_module_is_named_after_a_thing(path: Path) -> None:
    assert not VAGUE.search(path.stem), f"{_named(path)}: name the thing"


@pytest.mark.parametrize("path", PACKAGES, ids=_named)
def test_a_package_says_what_it_is_for(path: Path) -> None:
    readme, init = path / "README.md", path / "__init__.py"
    told = init.exists() and ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))
    assert readme.exists() or told, f"{_named(path)} needs a README.md or a docstring"


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_only_the_clock_asks_what_time_it_is(path: Path) -> None:
    if path != ROOT / "engine" / "clock.py":
        assert not WALL_CLOCK.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=_named)
def test_a_file_stays_readable(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 500, f"{_named(path)} has {lines} lines: split it by subject"


# ---- layers, events, ports ---------------------------------------------------------------


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_layer_has_its_section(layer: object) -> None:
    headings = re.findall(r"^#+ .*$", (ROOT / "docs/layers.md").read_text("utf-8"), re.MULTILINE)
    number, title, name = (getattr(layer, part) for part in ("number", "title", "name"))
    assert any(
        str(number) in heading and (title.lower() in heading.lower() or name in heading.lower())
        for heading in headings
    ), f"docs/layers.md has no section for layer {number}, {title}"


def test_the_twelve_layers_are_numbered_in_order() -> None:
    assert [layer.number for layer in LAYERS] == list(range(1, 13))


def test_every_event_class_is_listed() -> None:
    written = {
        each
        for room in pkgutil.iter_modules(happened.__path__, "engine.model.events.")
        for _, each in inspect.getmembers(import_module(room.name), inspect.isclass)
        if issubclass(each, Event) and each is not Event
    }
    assert written == set(EVENTS) == set(KINDS.values())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_has_a_sentence_and_a_fold(event: type[Event]) -> None:
    assert sentence.dispatch(event) is not sentence.dispatch(Event)
    assert fold([]) is not None  # the fold brings every handler with it
    assert change.dispatch(event) is not change.dispatch(object)


SUITES: dict[Any, tuple[str, str]] = {
    Journal: ("engine/journal", "tests/contracts/test_journal.py"),
    MarketFeed: ("engine/market", "tests/contracts/test_market_feed.py"),
    Broker: ("engine/brokers", "tests/contracts/test_broker.py"),
    Headlines: ("engine/news", "tests/contracts/test_headlines.py"),
}


@pytest.mark.parametrize("port", SUITES, ids=lambda port: port.__name__)
def test_every_implementation_of_a_port_is_in_its_contract(port: Any) -> None:
    folder, suite = SUITES[port]
    wanted = {n for n, _ in inspect.getmembers(port, inspect.isfunction) if not n.startswith("_")}
    told = (ROOT / suite).read_text("utf-8")
    found = [
        node.name
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and wanted <= _methods(node)
    ]
    assert found, f"nothing in {folder} is a {port.__name__}"
    for name in found:
        made = name if port is not Broker else name.removesuffix("Broker").lower()
        assert made in told, f"{suite} does not run on {name}"


def _methods(node: ast.ClassDef) -> set[str]:
    return {
        each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }


# ---- the door ----------------------------------------------------------------------------


def test_the_door_is_narrow() -> None:
    public = [name for name in vars(Desk) if not name.startswith("_")]
    assert len(public) <= 36, f"the facade has {len(public)} public members"


def test_the_door_opens_onto_what_it_names() -> None:
    for name in engine.facade.__all__:
        assert getattr(engine.facade, name) is not None
    with pytest.raises(AttributeError, match="has no nonsense"):
        _ = engine.facade.nonsense


def test_every_room_of_the_engine_is_behind_the_door() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = next(
        c
        for c in config["tool"]["importlinter"]["contracts"]
        if c["name"] == "guests use the front door"
    )
    rooms = {
        f"engine.{path.stem}"
        for path in (ROOT / "engine").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and path.stem not in ("__init__", "facade", "__pycache__")
    }
    assert set(contract["forbidden_modules"]) == rooms
    assert contract["source_modules"] == ["bot", "cogs"]


HEAVY = ("ccxt", "scipy.stats", "matplotlib", "numba", "arch", "statsmodels", "hmmlearn", "openai",
         "polars", "discord", "ib_async")  # fmt: skip


def test_the_door_opens_fast() -> None:
    """What is heavy is imported where it is used: neither at the door nor by an open desk."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, engine.facade; print(*sys.modules)"],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    ).stdout.split()  # fmt: skip
    assert [name for name in (*HEAVY, "engine.opening", "engine.engine") if name in told] == []


def test_the_settings_hash_covers_what_decides_trades() -> None:
    trading = Settings().trading()
    assert {"desk", "risk", "sizing", "costs", "approval", "pipeline"} <= set(trading)
