"""A real Chromium for tests of pages: one for each test, a fresh profile for each page.

A pytest plugin: ``pytest_plugins = ("tests.kit.browser",)``. Without Chromium its tests are
skipped, except in CI, where they fail. It loads nothing but what the test serves.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio

CHROMIUM = Path(os.environ.get("EXECUTOR_CHROMIUM", "/usr/bin/chromium"))
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
Scheme = Literal["dark", "light"]
OpenPage = Callable[..., Awaitable[Any]]


def _require_chromium() -> None:
    if CHROMIUM.is_file():
        return
    reason = f"there is no Chromium at {CHROMIUM}; set EXECUTOR_CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[OpenPage]:
    """Give ``open_page(url, width=, height=, scheme=)``; page errors fail the test."""
    _require_chromium()
    from playwright.async_api import async_playwright

    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=list(ARGUMENTS)
        )

        async def open_page(
            url: str, *, width: int = 1280, height: int = 800, scheme: Scheme = "dark"
        ) -> Any:
            context = await browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = await context.new_page()
            page.set_default_timeout(8000)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on(
                "console",
                lambda said: errors.append(said.text) if "Content Security" in said.text else None,
            )
            await page.goto(url)
            return page

        try:
            yield open_page
        finally:
            await browser.close()
    assert errors == []
