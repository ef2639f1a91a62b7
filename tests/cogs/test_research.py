from __future__ import annotations

from tests.kit.bot_cards import words
from tests.kit.bot_world import World


async def test_scan_shows_every_instrument_and_a_chart(house: World) -> None:
    answer = await house.owner.slash(house.channel("research-trader"), "scan")
    said = words(answer.response.components)
    assert "BTC-USD" in said
    assert "XAU-USD" in said
    assert "SIMULATED" in said
    assert [each.filename for each in answer.response.attachments] == ["chart.png"]


async def test_scan_of_an_unwatched_instrument_names_the_watched(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "scan", instrument="DOGE-USD")
    assert "BTC-USD" in words(answer.response.components)


async def test_breakdown_shows_the_twelve_layers(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "breakdown", of="XAU-USD")
    said = words(answer.response.components)
    assert all(f"`L{number:<2}`" in said for number in range(1, 13))


async def test_chart_of_a_longer_timeframe_is_drawn(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "chart", of="BTC-USD", timeframe="4h")
    assert [each.filename for each in answer.response.attachments] == ["chart.png"]
    assert "4h" in words(answer.response.components)


async def test_chart_of_a_timeframe_that_cannot_be_made_says_which_can(house: World) -> None:
    answer = await house.owner.slash(house.lobby, "chart", of="BTC-USD", timeframe="5m")
    assert "multiple" in words(answer.response.components)
