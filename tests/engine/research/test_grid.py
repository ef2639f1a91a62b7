from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.research.sweeping.grid import read_grid, settings_at
from tests.kit.executor_process import ROOT

GRID = """
[grid]
"pipeline.horizon_days" = [1.0, 2.0]

[grid.sizing]
kelly_fraction = [0.1, 0.25, 0.5]
"""


def _written(folder: Path, text: str) -> Path:
    path = folder / "grid.toml"
    path.write_text(text)
    return path


def test_every_point_comes_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    grid = read_grid(_written(tmp_path, GRID))
    points = grid.points()
    assert grid.size == len(points) == 6
    assert points[0] == {"pipeline.horizon_days": 1.0, "sizing.kelly_fraction": 0.1}
    assert points[1] == {"pipeline.horizon_days": 1.0, "sizing.kelly_fraction": 0.25}
    assert len({tuple(point.items()) for point in points}) == 6


def test_a_drawn_part_depends_on_the_seed_alone(tmp_path: Path) -> None:
    drawn = read_grid(_written(tmp_path, f"points = 3\nseed = 7\n{GRID}")).points()
    again = read_grid(_written(tmp_path, f"points = 3\nseed = 7\n{GRID}")).points()
    other = read_grid(_written(tmp_path, f"points = 3\nseed = 9\n{GRID}")).points()
    assert drawn == again
    assert len(drawn) == 3
    assert drawn != other
    assert read_grid(_written(tmp_path, f"points = 60\n{GRID}")).points()[5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no axis"),
        ("[grid]\n", "no axis"),
        ("[grid\n", "not valid TOML"),
        ("other = 1\n" + GRID, "other is no key of a grid"),
        ('[grid]\n"a.b" = 3\n', "a.b must be a list of values"),
        ('[grid]\n"a.b" = []\n', "a.b must be a list of values"),
        ('[grid]\n"a.b" = [1, 1]\n', "holds a value twice"),
        ('[grid]\n"a.b" = [[1], [2]]\n', "must hold numbers"),
        ("points = 0\n" + GRID, "points must be a whole number >= 1"),
        ("points = true\n" + GRID, "points must be a whole number >= 1"),
    ],
)
def test_a_bad_grid_is_one_line_with_its_mend(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_grid(_written(tmp_path, text))


def test_a_grid_that_is_not_there_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="check --grid"):
        read_grid(tmp_path / "nowhere.toml")


def test_a_grid_of_a_slip_of_the_pen_is_refused(tmp_path: Path) -> None:
    axes = "\n".join(f'"k.x{k}" = {list(range(100))}' for k in range(3))
    with pytest.raises(ConfigError, match="1,000,000 points; give points = N"):
        read_grid(_written(tmp_path, f"[grid]\n{axes}\n"))


def test_a_point_is_settings(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[pipeline]\nstop_sigmas = 1.25\n")
    settings = settings_at(config, {"pipeline.horizon_days": 3.0})
    assert (settings.pipeline.horizon_days, settings.pipeline.stop_sigmas) == (3.0, 1.25)


@pytest.mark.parametrize(
    ("point", "told"),
    [({"pipeline.horizn_days": 1.0}, "horizon_days"), ({"pipeline.horizon_days": -1.0}, "> 0")],
)
def test_a_point_that_settings_refuse_is_named(
    tmp_path: Path, point: dict[str, float], told: str
) -> None:
    (tmp_path / "config.toml").touch()
    with pytest.raises(ConfigError, match=told):
        settings_at(tmp_path / "config.toml", point)


def test_the_grid_of_the_howto_is_a_grid_of_settings(tmp_path: Path) -> None:
    page = (ROOT / "docs/howto/search-history.md").read_text(encoding="utf-8")
    shown = page.partition("```toml\n")[2].partition("```")[0]
    grid = read_grid(_written(tmp_path, shown))
    assert (grid.size, len(grid.points())) == (24, 24)
    (tmp_path / "config.toml").touch()
    assert all(settings_at(tmp_path / "config.toml", point) for point in grid.points())
