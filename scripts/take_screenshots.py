"""Takes the README's pictures of the sandbox page through Chromium.

``python -m scripts.take_screenshots`` starts the real process on recorded history (generated
hours where that is absent), asks for a proposal as B, and writes ``docs/images/sandbox.png`` and
``docs/images/sandbox-phone.png``. Refuses a picture that would weigh too much for a README.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from tests.kit.browser import ARGUMENTS, CHROMIUM
from tests.kit.executor_process import ROOT, running
from tests.kit.page import SandboxPage, by
from tests.kit.recorded import generated_history, missing_reason, recorded_history

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 300_000
_PLACES = {"sandbox.png": (1280, 1080), "sandbox-phone.png": (390, 844)}


async def take(folder: Path) -> None:
    """Start a desk in `folder`, raise a proposal and take every picture of it."""
    from playwright.async_api import async_playwright

    history = generated_history(folder) if missing_reason() else recorded_history()
    options = [*history.options, "--from", history.start.isoformat()]
    async with (
        running(
            *options,
            *("--port", "0", "--db", "desk.sqlite", "--speed", "3600", "--hold", "300"),
            cwd=folder,
            errors=folder / "errors.log",
        ) as process,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )
        pages = {
            name: await _page(browser, process.address, *size) for name, size in _PLACES.items()
        }
        card = await pages["sandbox.png"].propose("XAU-USD")
        for name, page in pages.items():
            await page.said("waits for the owner", card.id)
            await _frame(page, card.message_id)
            await page.page.screenshot(path=IMAGES / name)
        await browser.close()


async def _page(browser: Any, address: str, width: int, height: int) -> SandboxPage:
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark", reduced_motion="reduce"
    )
    page = SandboxPage(await context.new_page())
    await page.page.goto(address)
    await page.bot_is_up()
    await page.open_channel("research-trader")
    await page.said("BTC-USD", "XAU-USD")
    await page.open_channel("trader-execution")
    return page


async def _frame(page: SandboxPage, message_id: str) -> None:
    """Put the card's end, with its chart and buttons, above the composer."""
    await page.picture_of(message_id)
    if await page.page.locator(by("dismiss")).count():
        await page.page.locator(by("dismiss")).last.click()
    await page.page.locator(by("message", message_id=message_id)).evaluate(
        "(message) => message.scrollIntoView({ block: 'end' })"
    )


async def main() -> None:
    """Take the pictures and check their weight."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        await take(Path(made))
    for name in _PLACES:
        size = (IMAGES / name).stat().st_size
        if size > MOST_BYTES:
            raise SystemExit(f"{IMAGES / name} has {size:,} bytes, at most {MOST_BYTES:,}")


if __name__ == "__main__":
    asyncio.run(main())
