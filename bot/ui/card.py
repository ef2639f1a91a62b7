"""A card: text, rules, one picture and one row of buttons in a Components V2 container.

Refuses to exceed what Discord takes (40 components, 4,000 characters of text): the longest text
that is not essential is cut at a line, and the cut says so.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

import discord
from discord import ui

TEXT_LIMIT = 3900
"""Characters; Discord counts 4,000 over all text of a message."""

COMPONENT_LIMIT = 40
_CUT = "\n-# (shortened to fit)"
_FENCE = "\n```"
_SHORTEST = 60


class Tone(Enum):
    """Colour of a card's edge, as 0xRRGGBB."""

    CALM = 0x4F6BED
    GOOD = 0x2FA36B
    BAD = 0xD64545
    WARN = 0xE0A030
    TRY = 0x9B6BDF
    MUTED = 0x6B7280


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG to be shown on a card.

    Attributes
    ----------
    name : str
        File name, ending in ``.png``.
    description : str
        What it shows, for those who cannot see it.
    """

    name: str
    png: bytes
    description: str


@dataclass(slots=True)
class _Text:
    content: str
    essential: bool


_RULE = object()


class Card:
    """Builder of one message.

    Parameters
    ----------
    tone : Tone
        Colour of the edge.
    """

    def __init__(self, tone: Tone = Tone.CALM) -> None:
        self._tone = tone
        self._blocks: list[_Text | Picture | object] = []
        self._buttons: tuple[ui.Item[Any], ...] = ()
        self._footer = ""
        self._picture: Picture | None = None

    def text(self, content: str, *, essential: bool = True) -> Self:
        """Add a paragraph; one that is not essential may be shortened. Empty text is left out."""
        if content:
            self._blocks.append(_Text(content, essential))
        return self

    def lines(self, lines: Sequence[str], *, essential: bool = True) -> Self:
        """Add a paragraph of lines; empty ones are left out."""
        return self.text("\n".join(line for line in lines if line), essential=essential)

    def rule(self) -> Self:
        """Add a thin line, unless nothing stands above it."""
        if self._blocks and self._blocks[-1] is not _RULE:
            self._blocks.append(_RULE)
        return self

    def picture(self, picture: Picture | None) -> Self:
        """Show a picture here; None shows nothing."""
        if picture is not None:
            self._picture = picture
            self._blocks.append(picture)
        return self

    def buttons(self, items: Sequence[ui.Item[Any]]) -> Self:
        """Put one row of up to five buttons above the footer."""
        self._buttons = tuple(items)
        return self

    def footer(self, content: str) -> Self:
        """Small print at the very end."""
        self._footer = content
        return self

    def view(self) -> ui.LayoutView:
        """The message as Discord takes it; never times out."""
        container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=self._tone.value)
        for block in self._fitted():
            container.add_item(_item(block))
        if self._buttons:
            container.add_item(ui.ActionRow(*self._buttons))
        if self._footer:
            container.add_item(ui.TextDisplay(f"-# {self._footer}"))
        return ui.LayoutView(timeout=None).add_item(container)

    def files(self) -> list[discord.File]:
        """The attachments that the view refers to; fresh ones at each call."""
        if self._picture is None:
            return []
        png = io.BytesIO(self._picture.png)
        return [discord.File(png, self._picture.name, description=self._picture.description)]

    def _fitted(self) -> list[_Text | Picture | object]:
        blocks = [
            _Text(block.content, block.essential) if isinstance(block, _Text) else block
            for block in self._blocks
        ]
        if blocks and blocks[-1] is _RULE:
            blocks.pop()
        _merge(blocks, COMPONENT_LIMIT - 4 - len(self._buttons))
        _shorten([b for b in blocks if isinstance(b, _Text)], TEXT_LIMIT - len(self._footer) - 3)
        return blocks


def _item(block: _Text | Picture | object) -> ui.Item[Any]:
    if isinstance(block, _Text):
        return ui.TextDisplay(block.content)
    if isinstance(block, Picture):
        source = f"attachment://{block.name}"
        gallery: ui.MediaGallery[Any] = ui.MediaGallery()
        return gallery.add_item(media=source, description=block.description)
    return ui.Separator(spacing=discord.SeparatorSpacing.small)


def _merge(blocks: list[_Text | Picture | object], allowed: int) -> None:
    # Rules between texts go first: losing a line of decoration loses nothing.
    while len(blocks) > allowed:
        at = next(i for i in range(len(blocks) - 1, -1, -1) if not isinstance(blocks[i], Picture))
        block = blocks.pop(at)
        above = next((b for b in reversed(blocks[:at]) if isinstance(b, _Text)), None)
        if isinstance(block, _Text) and above is not None:
            above.content += f"\n{block.content}"
            above.essential = above.essential and block.essential


def _shorten(texts: list[_Text], allowed: int) -> None:
    # Ends: each turn takes from the longest text, and all at their shortest are within bounds.
    while (over := sum(len(text.content) for text in texts) - allowed) > 0:
        victim = max(texts, key=lambda text: (_spare(text), len(text.content)))
        whole = victim.content.removesuffix(_CUT)
        keep = max(_SHORTEST, len(victim.content) - over - len(_CUT) - len(_FENCE))
        victim.content = _cut_at_line(whole, keep) + _CUT
        victim.essential = True


def _spare(text: _Text) -> int:
    return 0 if text.essential else len(text.content)


def _cut_at_line(content: str, keep: int) -> str:
    head = content[:keep]
    at = head.rfind("\n")
    whole = head[:at] if at > keep // 2 else head
    # An opened code block must not swallow the rest of the card.
    return whole + _FENCE if whole.count("```") % 2 else whole
