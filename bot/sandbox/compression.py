"""Transport compression of the gateway: one continuous stream a connection.

Plain text, zlib-stream and zstd-stream; a format nobody knows is refused by name.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from bot.sandbox.errors import SandboxError


class Compressor(Protocol):
    """Turns each payload into the next bytes of a stream."""

    def frame(self, text: str) -> bytes:
        """Return the bytes that make ``text`` readable at the other end."""


class ZlibStream:
    """zlib with a sync flush after each payload."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def frame(self, text: str) -> bytes:
        """Return the bytes that make ``text`` readable at the other end."""
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """Zstandard with a block flush after each payload."""

    def __init__(self) -> None:
        # The client that asks for zstd brought the package; others never need it.
        import zstandard

        self._stream = zstandard.ZstdCompressor().compressobj()
        self._flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK

    def frame(self, text: str) -> bytes:
        """Return the bytes that make ``text`` readable at the other end."""
        return self._stream.compress(text.encode()) + self._stream.flush(self._flush)


def compressor(name: str | None) -> Compressor | None:
    """Return the compressor for a gateway address's ``compress``, None for plain text.

    Raises
    ------
    SandboxError
        If the format is unknown.
    """
    if not name:
        return None
    if name == "zlib-stream":
        return ZlibStream()
    if name == "zstd-stream":
        return ZstdStream()
    raise SandboxError(f"compress must be zlib-stream or zstd-stream, was {name!r}.")
