"""Titles as plain lines, and which of the three things a title is about.

Refuses markup, control characters, and characters that hide or turn text around.
"""

from __future__ import annotations

import html
import re
import unicodedata

from engine.model.headlines import LONGEST_TITLE
from engine.model.instruments import Asset

_TAG = re.compile(r"<[^<>]{0,500}>")
_SPACES = re.compile(r"\s+")
_WORDS = {
    Asset.BITCOIN: r"bitcoin|btc|crypto|cryptocurrency|cryptocurrencies",
    Asset.GOLD: r"gold|bullion|xau|precious metals?",
    Asset.SILVER: r"silver|xag|precious metals?",
}
_EVERYBODY = r"fomc|federal reserve|the fed|interest rates?|inflation|cpi|dollar index"
_ABOUT = {
    asset: re.compile(rf"\b(?:{words}|{_EVERYBODY})\b", re.IGNORECASE)
    for asset, words in _WORDS.items()
}


def plain_title(text: str) -> str:
    r"""A title as one line of plain text; empty where nothing readable is left.

    Examples
    --------
    >>> plain_title("Gold <b>up</b> 2&nbsp;%\n as the Fed waits")
    'Gold up 2 % as the Fed waits'
    """
    bare = _TAG.sub("", html.unescape(text[: LONGEST_TITLE * 10]))
    kept = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFKC", bare)
        if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    line = _SPACES.sub(" ", kept).strip()
    return line if len(line) <= LONGEST_TITLE else f"{line[: LONGEST_TITLE - 1].rstrip()}…"


def is_about(title: str, asset: Asset) -> bool:
    """Whether a title speaks of an asset, or of what moves all of them.

    Examples
    --------
    >>> is_about("Goldman Sachs hires", Asset.GOLD), is_about("Gold slips", Asset.GOLD)
    (False, True)
    """
    return _ABOUT[asset].search(title) is not None
