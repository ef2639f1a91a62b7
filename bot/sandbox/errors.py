"""What can go wrong in the local Discord, as Discord says it and as its operator sees it.

``ApiError`` is an answer to the bot; ``SandboxError`` is for whoever starts the sandbox. Nothing
here retries, logs or hides.
"""

from __future__ import annotations

from typing import Any


class SandboxError(Exception):
    """The sandbox itself could not do what was asked of it."""


class SandboxPortInUse(SandboxError):
    """The port asked for is taken.

    Parameters
    ----------
    port : int, TCP port in [1, 65535]
        The port that could not be bound on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(
            f"Port {port} on 127.0.0.1 is already in use: stop the program that holds it, "
            "or choose another port (0 picks a free one)."
        )


class PersonError(SandboxError):
    """A person tried what the page would not let them do; the text is shown to them."""


class ApiError(Exception):
    """An error answer in Discord's shape.

    Parameters
    ----------
    status : int, HTTP status
    code : int
        Discord's JSON error code, for example 10008 (Unknown Message).
    message : str
    errors : dict or None
        The nested ``errors`` object of a 50035, if any.
    """

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors:
            self.body["errors"] = errors
        super().__init__(f"{status} ({code}) {message}")


_NAMED: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10009: (404, "Unknown Overwrite"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50109: (400, "The request body contains invalid JSON."),
}


def api_error(code: int) -> ApiError:
    """Return Discord's standard answer for one of its JSON error codes.

    Raises
    ------
    KeyError
        If the code is not one the sandbox knows.
    """
    status, message = _NAMED[code]
    return ApiError(status, code, message)


def invalid_form(path: str, code: str, message: str) -> ApiError:
    """Return a 50035 whose ``errors`` tree points at one dotted field path.

    Examples
    --------
    >>> invalid_form("content", "BASE_TYPE_MAX_LENGTH", "Too long.").body["code"]
    50035
    """
    tree: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path.split(".")):
        tree = {part: tree}
    return ApiError(400, 50035, "Invalid Form Body", tree)
