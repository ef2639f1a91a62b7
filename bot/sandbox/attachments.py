"""Turns uploads into attachments and ``attachment://name`` references into addresses.

The bytes go to the store; here only Discord's descriptions of them are made.
"""

from __future__ import annotations

import mimetypes
import secrets
import struct
from collections.abc import Iterable
from urllib.parse import quote

from bot.sandbox import components
from bot.sandbox.errors import invalid_form
from bot.sandbox.snowflake import Snowflakes
from bot.sandbox.store import Store, StoredFile
from bot.sandbox.wire import Json, Upload

SCHEME = "attachment://"
_PNG = b"\x89PNG\r\n\x1a\n"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels of a PNG, or None for anything else."""
    if len(data) < 24 or not data.startswith(_PNG):
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def content_type(filename: str, claimed: str) -> str:
    """Return a file's media type: from its name where the client claimed nothing, as Discord."""
    if claimed and claimed != "application/octet-stream":
        return claimed
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


class Attachments:
    """Describes uploads and keeps their bytes.

    Parameters
    ----------
    base_url : str
        The server's address, without a trailing slash.
    ids : Snowflakes
    store : Store
    """

    def __init__(self, base_url: str, ids: Snowflakes, store: Store) -> None:
        self._base_url = base_url
        self._ids = ids
        self._store = store

    def keep(self, channel_id: str, upload: Upload, described: Json) -> Json:
        """Keep an upload and return its attachment object.

        Parameters
        ----------
        channel_id : str, snowflake
        upload : Upload
        described : dict
            The body's entry for the file (``filename``, ``description``), or an empty dict.
        """
        key, secret = self._ids.next(), secrets.token_hex(8)
        name = str(described.get("filename") or upload.filename).replace("/", "_")
        kind = content_type(name, upload.content_type)
        self._store.put_file(StoredFile(key, name, kind, secret, upload.data))
        url = f"{self._base_url}/attachments/{channel_id}/{key}/{quote(name)}?hm={secret}"
        attachment: Json = {
            "id": key,
            "filename": name,
            "size": len(upload.data),
            "url": url,
            "proxy_url": url,
            "content_type": kind,
            "spoiler": name.startswith("SPOILER_"),
        }
        if described.get("description"):
            attachment["description"] = described["description"]
        size = image_size(upload.data)
        if size is not None:
            attachment["width"], attachment["height"] = size
        return attachment

    def forget(self, attachments: Iterable[Json]) -> None:
        """Drop the bytes of attachments."""
        for attachment in attachments:
            self._store.drop_file(attachment["id"])


def resolve(message: Json) -> None:
    """Replace references by addresses in a message's components and embeds.

    Raises
    ------
    ApiError
        50035 if a component refers to a file the message does not have.
    """
    by_name = {each["filename"]: each for each in message["attachments"]}
    for path, item in components.media(message["components"]):
        url = str(item.get("url") or "")
        if url.startswith(SCHEME):
            attachment = by_name.get(url.removeprefix(SCHEME))
            if attachment is None:
                raise invalid_form(
                    path,
                    "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                    "The referenced attachment was not found.",
                )
            _point(item, attachment)
            item["attachment_id"] = attachment["id"]
            item["content_type"] = attachment["content_type"]
            item["loading_state"] = 2
    _name_files(message)
    for embed in message["embeds"]:
        for slot in ("image", "thumbnail"):
            item = embed.get(slot) or {}
            url = str(item.get("url") or "")
            if url.startswith(SCHEME) and url.removeprefix(SCHEME) in by_name:
                _point(item, by_name[url.removeprefix(SCHEME)])


def _name_files(message: Json) -> None:
    by_id = {each["id"]: each for each in message["attachments"]}
    for _, component in components.walk(message["components"]):
        if component.get("type") == components.Kind.FILE:
            attachment = by_id.get(component["file"].get("attachment_id"))
            if attachment is not None:
                component["name"] = attachment["filename"]
                component["size"] = attachment["size"]


def _point(item: Json, attachment: Json) -> None:
    item.update(
        {
            "url": attachment["url"],
            "proxy_url": attachment["proxy_url"],
            "width": attachment.get("width"),
            "height": attachment.get("height"),
        }
    )
