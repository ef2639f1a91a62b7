"""The sandbox page as a person uses it, driven by Playwright through its stable selectors.

Refuses to know anything of the desk but what is shown, and to wait by the clock: it waits for
what appears.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WITHIN_MS = 20_000

# Newest message that says all of `words`, is newer than `after` and no longer thinking.
_FIND = """
({ words, after, private }) => {
  const found = [...document.querySelectorAll('[data-testid="message"]')].reverse().find((each) =>
    BigInt(each.dataset.messageId) > BigInt(after)
    && !each.querySelector('[data-testid="thinking"]')
    && (private === null || (each.dataset.private === "true") === private)
    && words.every((word) => each.innerText.includes(word)));
  return found ? found.dataset.messageId : null;
}
"""
_NEWEST = """
() => [...document.querySelectorAll('[data-testid="message"]')]
  .map((each) => BigInt(each.dataset.messageId))
  .reduce((most, id) => (id > most ? id : most), 0n).toString()
"""
# What a page that cheats would send: the click of a card that is not shown to this person.
_FORGED = """
async ({ person, message, customId }) => {
  const response = await fetch("/page/api/component", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ as: person, message, custom_id: customId }),
  });
  return { status: response.status, body: await response.json() };
}
"""
_ID = re.compile(r"P-[2-9A-HJ-NP-Z]{4}")


def by(testid: str, **data: str) -> str:
    """Selector of a test id with more ``data-*`` attributes."""
    more = "".join(f'[data-{name.replace("_", "-")}="{value}"]' for name, value in data.items())
    return f'[data-testid="{testid}"]{more}'


@dataclass(frozen=True, slots=True)
class Card:
    """A proposal's card on the page."""

    id: str
    message_id: str
    hash: str

    def button(self, action: str) -> str:
        """Selector of one of its buttons."""
        message = by("message", message_id=self.message_id)
        return f'{message} [data-custom-id="{self.custom_id(action)}"]'

    def custom_id(self, action: str) -> str:
        """What a click on one of its buttons sends."""
        return f"proposal:{action}:{self.id}:{self.hash}"


class SandboxPage:
    """One open page.

    Parameters
    ----------
    page : playwright.async_api.Page
        Already at the printed address.
    """

    def __init__(self, page: Any) -> None:
        self.page = page
        page.set_default_timeout(WITHIN_MS)

    # ---- where one is ----------------------------------------------------------------

    async def open_channel(self, name: str) -> None:
        """Show a channel; on a phone through the drawer."""
        channel = self.page.locator(by(f"channel-{name}"))
        drawer = self.page.locator(by("toggle-drawer"))
        if await drawer.is_visible():
            await drawer.click()
        await channel.click()
        await self.page.locator(by("channel-title")).get_by_text(name).wait_for()

    async def act_as(self, person: str) -> None:
        """Be ``owner``, ``overseer`` or ``stranger``."""
        await self.page.locator(by(f"persona-{person}")).click()
        await self.page.locator(f'{by(f"persona-{person}")}[aria-checked="true"]').wait_for()

    async def bot_is_up(self) -> None:
        """Wait until the bot has logged in and its channels are there."""
        await self.page.locator(by("channel-trader-execution")).wait_for(state="attached")

    # ---- reading -----------------------------------------------------------------------

    async def newest(self) -> str:
        """Id of the newest message that is shown."""
        return str(await self.page.evaluate(_NEWEST))

    async def said(
        self, *words: str, after: str = "0", private: bool | None = None
    ) -> tuple[str, str]:
        """Wait for a message newer than `after` that says all of `words`: its id and its text."""
        given = {"words": list(words), "after": after, "private": private}
        try:
            found = await self.page.wait_for_function(_FIND, arg=given, timeout=WITHIN_MS)
        except Exception as late:
            shown = await self.page.locator(by("message-list")).inner_text()
            raise AssertionError(
                f"nobody said {words}; the page ends with {shown[-1500:]}"
            ) from late
        message_id = str(await found.json_value())
        return message_id, await self.text_of(message_id)

    async def text_of(self, message_id: str) -> str:
        """A message's text."""
        return str(await self.page.locator(by("message", message_id=message_id)).inner_text())

    async def picture_of(self, message_id: str) -> int:
        """Width of a message's first picture once it has loaded."""
        picture = self.page.locator(f"{by('message', message_id=message_id)} img.picture").or_(
            self.page.locator(f"{by('message', message_id=message_id)} {by('gallery')} img")
        )
        await picture.first.scroll_into_view_if_needed()
        loaded = await self.page.wait_for_function(
            "(img) => img.complete && img.naturalWidth", arg=await picture.first.element_handle()
        )
        return int(await loaded.json_value())

    # ---- acting ------------------------------------------------------------------------

    async def slash(self, command: str, values: Mapping[str, str] | None = None) -> str:
        """Type a command and pick each value from what its autocomplete offers; the answer."""
        before = await self.newest()
        await self.type_command(command, values)
        await self.page.keyboard.press("Enter")
        _, text = await self.said("used", f"/{command}", after=before)
        return text

    async def type_command(self, command: str, values: Mapping[str, str] | None = None) -> None:
        """Type a command with its options, without sending it."""
        box = self.page.locator(by("composer-input"))
        await box.fill("")
        await box.press_sequentially(f"/{command} ")
        await self.page.locator(by("command-name")).wait_for()
        for name, value in (values or {}).items():
            await self._fill(name, value)

    async def _fill(self, name: str, value: str) -> None:
        chip = self.page.locator(by(f"option-{name}"))
        if not await chip.is_visible():
            await self.page.locator(by(f"add-{name}")).click()
        await chip.press_sequentially(value)
        if name in {"proposal", "instrument", "of", "position", "order"}:
            await self.page.locator(by("choice", value=value)).click()

    async def propose(self, instrument: str) -> Card:
        """``/propose``, and the card that it raised with its buttons."""
        before = await self.newest()
        answer = await self.slash("propose", {"instrument": instrument})
        found = _ID.search(answer)
        assert found is not None, f"/propose {instrument} answered: {answer}"
        return await self.card(found[0], after=before)

    async def card(self, proposal_id: str, *, after: str = "0") -> Card:
        """A proposal's card while it waits for an answer."""
        message_id, _ = await self.said("waits for the owner", f"{proposal_id} ·", after=after)
        approve = self.page.locator(
            f'{by("message", message_id=message_id)} [data-custom-id^="proposal:approve:"]'
        )
        custom_id = str(await approve.get_attribute("data-custom-id"))
        return Card(proposal_id, message_id, custom_id.rsplit(":", 1)[1])

    async def click(self, card: Card, action: str) -> str:
        """Click a card's button; the private answer to it."""
        before = await self.newest()
        await self.page.locator(card.button(action)).click()
        _, text = await self.said(after=before, private=True)
        return text

    async def reject(self, card: Card, reason: str) -> str:
        """Click Reject and give the reason that its form asks for; the private answer."""
        before = await self.newest()
        await self.page.locator(card.button("reject")).click()
        modal = self.page.locator(by("modal"))
        await modal.locator(by("modal-field")).fill(reason)
        await modal.locator(by("modal-submit")).click()
        await modal.wait_for(state="detached")
        _, text = await self.said(after=before, private=True)
        return text

    async def forge_click(self, card: Card, action: str, person: str) -> tuple[int, str]:
        """What the server answers to a click on a card that `person` is not shown."""
        given = {
            "person": person,
            "message": card.message_id,
            "customId": card.custom_id(action),
        }
        answered = await self.page.evaluate(_FORGED, given)
        return int(answered["status"]), str(answered["body"])

    async def becomes(self, card: Card, *words: str) -> str:
        """Wait until a card says all of `words`; its text."""
        given = {"id": card.message_id, "words": list(words)}
        await self.page.wait_for_function(
            """({ id, words }) => {
                const text = document.querySelector(`[data-message-id="${id}"]`)?.innerText ?? "";
                return words.every((word) => text.includes(word));
            }""",
            arg=given,
        )
        return await self.text_of(card.message_id)
