from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from PIL import Image

from bot.charts import render_chart, render_equity, render_limits, render_waterfall
from bot.charts.candles import _apart
from engine.facade import Level
from tests.kit import bot_views as views


def _size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as image:
        image.verify()
        return image.size


def test_chart_is_a_png_of_phone_width() -> None:
    assert _size(render_chart(views.chart()))[0] == 880


@pytest.mark.parametrize("market", [views.SIMULATED, views.REPLAY])
def test_chart_of_a_market_that_is_not_live_is_watermarked(market: object) -> None:
    marked, clean = views.chart(market=market), views.chart()  # type: ignore[arg-type]
    assert render_chart(marked) != render_chart(clean)


def test_chart_of_one_flat_bar_is_drawn() -> None:
    bar = replace(views.bars(1)[0], open=100.0, high=100.0, low=100.0, close=100.0)
    _size(render_chart(views.chart(bars=(bar,), levels=(), marks=())))


def test_chart_with_a_far_level_still_draws_the_candles() -> None:
    far = (Level("target", Decimal(900_000)), Level("stop", Decimal(1)))
    _size(render_chart(views.chart(levels=far)))


def test_chart_without_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="needs at least one bar"):
        render_chart(views.chart(bars=()))


def test_chart_without_volume_or_with_nan_volume_is_drawn() -> None:
    bars = tuple(replace(bar, volume=float("nan")) for bar in views.bars(30))
    _size(render_chart(views.chart(bars=bars)))


def test_labels_keep_their_distance_and_their_order() -> None:
    placed = _apart([10.0, 10.1, 10.2, 3.0], gap=1.0, lowest=0.0, highest=11.0)
    ordered = sorted(placed)
    assert all(b - a >= 1.0 - 1e-9 for a, b in pairwise(ordered))
    assert placed[3] == 3.0
    assert placed[0] < placed[1] < placed[2] <= 11.0


def test_waterfall_of_one_step_is_drawn() -> None:
    _size(render_waterfall(views.breakdown(waterfall=(("prior", -1.9),))))


def test_waterfall_of_all_layers_is_drawn() -> None:
    steps = tuple((f"layer {i} with a long name", (-1) ** i * 0.1) for i in range(13))
    _size(render_waterfall(views.breakdown(waterfall=steps)))


def test_waterfall_without_setup_is_refused() -> None:
    with pytest.raises(ValueError, match="no setup"):
        render_waterfall(views.breakdown(waterfall=()))


def test_equity_of_a_flat_curve_is_drawn() -> None:
    curve = tuple((at, Decimal(10_000)) for at, _ in views.portfolio().equity_curve[:5])
    _size(render_equity(views.portfolio(equity_curve=curve)))


def test_equity_of_one_point_is_refused() -> None:
    with pytest.raises(ValueError, match="two points"):
        render_equity(views.portfolio(equity_curve=views.portfolio().equity_curve[:1]))


def test_limits_stay_flat_enough_for_a_phone_however_many_there_are() -> None:
    many = views.risk(limits=tuple(views.limit_use(f"limit {n}", n / 60) for n in range(20)))
    width, height = _size(render_limits(many))
    assert width == 800
    assert height < width


def test_limits_that_are_reached_unknown_or_in_profit_are_drawn() -> None:
    _size(render_limits(views.risk()))
    with pytest.raises(ValueError, match="no limits"):
        render_limits(views.risk(limits=()))
