"""Serves attachments and the default avatars, in place of Discord's CDN.

An attachment's address carries its own secret, as Discord's is signed; only images are shown
inline, everything else is a download.
"""

from __future__ import annotations

import secrets
import struct
import zlib
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.store import Store

_INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_AVATAR_COLOURS = (0x5B7FA6, 0x7A8291, 0x4F9A79, 0xC08A3E, 0xB65C5C, 0x9673A6)


class FileRoutes:
    """Routes of files.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Register the routes."""
        router.add_get("/attachments/{channel_id}/{key}/{filename}", self.attachment)
        router.add_get("/embed/avatars/{index}.png", self.avatar)

    async def attachment(self, request: web.Request) -> web.Response:
        """Return a file's bytes to who has its full address."""
        file = await self._store.file(request.match_info["key"])
        given = request.query.get("hm", "").encode()
        if file is None or not secrets.compare_digest(given, file.secret.encode()):
            return web.Response(status=404, text="This content is no longer available.")
        kind = file.content_type.partition(";")[0].strip().lower()
        inline = kind in _INLINE
        return web.Response(
            body=file.data,
            headers={
                "Content-Type": kind if inline else "application/octet-stream",
                "Content-Disposition": _disposition(file.filename, inline=inline),
                "Cache-Control": "private, max-age=31536000, immutable",
            },
        )

    async def avatar(self, request: web.Request) -> web.Response:
        """Return a default avatar: one plain colour."""
        digits = request.match_info["index"]
        index = int(digits) if digits.isdecimal() else 0
        colour = _AVATAR_COLOURS[index % len(_AVATAR_COLOURS)]
        return web.Response(body=plain_png(colour, 64), content_type="image/png")


def _disposition(filename: str, *, inline: bool) -> str:
    return f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(filename)}"


def plain_png(colour: int, side: int) -> bytes:
    """Return a square PNG of one colour.

    Parameters
    ----------
    colour : int, 0xRRGGBB
    side : int, pixels
    """
    row = b"\x00" + colour.to_bytes(3, "big") * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * side)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum
