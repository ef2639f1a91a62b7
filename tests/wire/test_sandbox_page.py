"""The page's lock, and the page itself in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
import pytest
import pytest_asyncio

from bot.sandbox import SandboxServer
from tests.kit.desk_bot import Card, DeskBot
from tests.kit.sandbox_tools import SteppingClock, connected

Overwrites = dict[discord.Role | discord.Member | discord.Object, discord.PermissionOverwrite]

if TYPE_CHECKING:  # a plugin must not be imported before pytest loads it
    from tests.kit.browser import OpenPage, Scheme

pytest_plugins = ("tests.kit.loopback_discord", "tests.kit.browser")


@pytest_asyncio.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        yield client


# ---- the lock ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/page/app.js", "/page/api/messages"])
async def test_without_the_token_the_page_is_shut(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession, path: str
) -> None:
    async with session.get(loopback_discord.base_url + path) as response:
        assert response.status == 403
        assert "full address that the program printed" in await response.text()


async def test_token_becomes_a_strict_cookie(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(loopback_discord.page_url) as response:
        cookie = response.headers["Set-Cookie"]
        policy = response.headers["Content-Security-Policy"]
    assert response.status == 200
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert loopback_discord.page_url.partition("token=")[2] not in cookie
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    async with session.get(loopback_discord.base_url + "/page/app.js") as script:
        assert script.status == 200


async def test_foreign_host_is_refused(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession
) -> None:
    for path in ("/?token=x", "/api/v10/gateway", "/gateway"):
        url = loopback_discord.base_url + path
        async with session.get(url, headers={"Host": "evil.example"}) as response:
            assert response.status == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
async def test_foreign_origin_is_refused(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    await session.get(loopback_discord.page_url)
    base = loopback_discord.base_url
    async with session.post(f"{base}/page/api/say", json={}, headers=headers) as response:
        assert response.status == 403
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(f"{base}/page/api/socket?as=owner", headers=headers)
    assert refused.value.status == 403


async def test_api_needs_the_bots_token(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession
) -> None:
    async with session.get(f"{loopback_discord.api_url}/users/@me") as response:
        assert response.status == 401


async def test_files_outside_the_page_are_not_served(
    loopback_discord: SandboxServer, session: aiohttp.ClientSession
) -> None:
    await session.get(loopback_discord.page_url)
    for name in ("..%2Fserver.py", "server.py"):
        async with session.get(f"{loopback_discord.base_url}/page/{name}") as response:
            assert response.status in {403, 404}


# ---- the page ----------------------------------------------------------------------------


@pytest_asyncio.fixture
async def desk(loopback_discord: SandboxServer) -> AsyncIterator[DeskBot]:
    bot = DeskBot(loopback_discord)
    async with connected(loopback_discord, bot):
        await bot.general.send(f"**Good morning**, <@{bot.server.user_id('owner')}>")
        await bot.general.send(view=Card("7"), file=Card.file())
        yield bot


def by(testid: str) -> str:
    return f'[data-testid="{testid}"]'


async def text_of(page: Any, selector: str) -> str:
    return str(await page.locator(selector).last.inner_text())


async def wait_for_text(page: Any, text: str) -> None:
    await page.locator(by("message-list")).get_by_text(text).last.wait_for()


@pytest.mark.chromium
async def test_page_shows_messages_and_cards(desk: DeskBot, chromium: OpenPage) -> None:
    page = await chromium(desk.server.page_url)
    await page.locator(by("message")).nth(1).wait_for()
    assert "token" not in page.url
    assert "Good morning, @B" in await page.locator(by("message")).first.inner_text()
    assert "Proposal 7" in await text_of(page, by("container"))
    loaded = "img => img.complete && img.naturalWidth > 0"
    image = page.locator(f"{by('gallery')} img").first
    await image.scroll_into_view_if_needed()
    await page.wait_for_function(f"({loaded})(document.querySelector('{by('gallery')} img'))")
    await page.locator(by("image")).last.click()
    await page.locator(by("picture")).wait_for()
    await page.keyboard.press("Escape")
    await page.locator(by("picture")).wait_for(state="detached")


@pytest.mark.chromium
async def test_page_button_changes_card_and_answers_privately(
    desk: DeskBot, chromium: OpenPage
) -> None:
    page = await chromium(desk.server.page_url)
    await page.locator('[data-custom-id="decide:approve:7"]').click()
    await wait_for_text(page, "card 7 by B")
    private = page.locator('[data-private="true"]')
    await private.wait_for()
    assert "Only you can see this" in await private.inner_text()
    await private.locator(by("dismiss")).click()
    await private.wait_for(state="detached")


@pytest.mark.chromium
async def test_page_says_when_an_interaction_failed(chromium: OpenPage) -> None:
    async with SandboxServer(now=SteppingClock(), answer_within_s=0.3) as server:
        bot = DeskBot(server)
        async with connected(server, bot):
            await bot.general.send(view=Card("7"), file=Card.file())
            page = await chromium(server.page_url)
            await page.locator('[data-custom-id="decide:silent:7"]').click()
            failed = page.locator(by("interaction-failed"))
            await failed.wait_for()
            assert await failed.inner_text() == "This interaction failed"


@pytest.mark.chromium
async def test_page_modal_checks_and_submits(desk: DeskBot, chromium: OpenPage) -> None:
    page = await chromium(desk.server.page_url)
    await page.locator('[data-custom-id="decide:reject:7"]').click()
    modal = page.locator(by("modal"))
    await modal.locator(by("modal-submit")).click()
    assert "This field is required." in await modal.inner_text()
    await modal.locator(by("select")).click()
    await modal.locator(by("select-option")).click()
    await modal.locator(by("modal-field")).fill("spread")
    await modal.locator(by("modal-submit")).click()
    await wait_for_text(page, "because spread (size)")
    await modal.wait_for(state="detached")


@pytest.mark.chromium
async def test_page_slash_with_autocomplete_by_keyboard(desk: DeskBot, chromium: OpenPage) -> None:
    page = await chromium(desk.server.page_url)
    await page.locator(by("message")).first.wait_for()
    await page.locator(by("composer-input")).press_sequentially("/sc")
    await page.locator(by("command-row")).first.wait_for()
    await page.keyboard.press("Enter")
    await page.locator(by("option-market")).press_sequentially("gol")
    choice = page.locator(f'{by("choice")}[data-value="PAXG/USD"]')
    await choice.wait_for()
    await page.locator(by("choice")).nth(1).wait_for(state="detached")
    await page.keyboard.press("Enter")
    await page.locator(by("add-bars")).click()
    await page.locator(by("option-bars")).fill("5")
    await page.keyboard.press("Enter")
    assert "10 to 500" in await text_of(page, by("composer-error"))
    await page.locator(by("option-bars")).fill("50")
    await page.keyboard.press("Enter")
    await wait_for_text(page, "PAXG/USD 50 False")
    assert "B used /scan" in " ".join((await text_of(page, by("message-origin"))).split())


@pytest.mark.chromium
async def test_page_select_and_plain_message(desk: DeskBot, chromium: OpenPage) -> None:
    page = await chromium(desk.server.page_url)
    await page.locator(f'{by("select")}[data-custom-id="timeframe"]').click()
    await page.locator(f'{by("select-option")}[data-value="4h"]').click()
    await wait_for_text(page, "chart 4h")
    await page.locator(by("composer-input")).fill("hello from the page")
    await page.keyboard.press("Enter")
    await wait_for_text(page, "hello from the page")
    assert desk.heard == ["hello from the page"]


@pytest.mark.chromium
async def test_page_person_sees_only_what_is_theirs(desk: DeskBot, chromium: OpenPage) -> None:
    guild = desk.guilds[0]
    hidden: Overwrites = {
        guild.default_role: discord.PermissionOverwrite(view_channel=False),
        guild.me: discord.PermissionOverwrite(view_channel=True),
    }
    await guild.create_text_channel("audit", overwrites=hidden)
    page = await chromium(desk.server.page_url)
    await page.locator(by("channel-audit")).wait_for()
    await page.locator(by("persona-stranger")).click()
    await page.locator(by("channel-audit")).wait_for(state="detached")
    await page.locator('[data-custom-id="decide:foreign:7"]').click()
    await wait_for_text(page, "Only the owner may.")
    await page.locator(by("persona-overseer")).click()
    await page.locator('[data-private="true"]').wait_for(state="detached")


@pytest.mark.chromium
async def test_page_says_when_the_connection_is_lost(chromium: OpenPage) -> None:
    server = SandboxServer(now=SteppingClock())
    await server.start()
    page = await chromium(server.page_url)
    await page.locator(by("channel-general")).wait_for()
    await server.stop()
    await page.locator(by("banner")).wait_for()
    assert "Connection lost" in await page.locator(by("banner")).inner_text()


@pytest.mark.chromium
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_page_fits_a_phone(desk: DeskBot, chromium: OpenPage, scheme: Scheme) -> None:
    await desk.general.send("`" + "long" * 80 + "`\n```\n" + "wide " * 60 + "\n```")
    page = await chromium(desk.server.page_url, width=390, height=844, scheme=scheme)
    await page.locator(by("message")).nth(2).wait_for()
    for selector in ("html", by("timeline"), "main"):
        width = await page.evaluate(
            "s => { const e = document.querySelector(s); return e.scrollWidth - e.clientWidth }",
            selector,
        )
        assert width == 0
    await page.locator(by("toggle-drawer")).click()
    await page.locator(by("channel-general")).click()
    assert await page.locator(by("toggle-drawer")).get_attribute("aria-expanded") == "false"


@pytest.mark.chromium
async def test_page_loads_older_messages_on_the_way_up(chromium: OpenPage) -> None:
    async with SandboxServer(now=SteppingClock()) as server:
        owner, general = server.person("owner"), server.general_id
        for number in range(120):
            server.acting.say(owner, general, f"line {number}")
        page = await chromium(server.page_url)
        await page.get_by_text("line 119", exact=True).wait_for()
        assert await page.get_by_text("line 69", exact=True).count() == 0
        for wanted in ("line 69", "line 19", "line 0"):
            await page.locator(by("timeline")).evaluate("e => e.scrollTo(0, 0)")
            await page.get_by_text(wanted, exact=True).wait_for(state="attached")
