"""Where logs go: standard error, as text or JSON lines, without secrets.

Refuses to write a token: every known secret is masked before a line leaves.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any

import structlog

_NOISY = (
    "discord.client",
    "discord.gateway",
    "discord.http",
    "apscheduler",
    "httpx",
    "httpx2",
    "openai",
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_MASK = "•••"
_OF_NO_USE = "voice will NOT be supported"


def write_logs(level: str, *, as_json: bool, secrets: Iterable[str] = ()) -> None:
    """Send every log line of the process to standard error.

    Parameters
    ----------
    level : str
        Least severity: debug, info, warning or error.
    secrets : iterable of str
        Values that are masked wherever they would appear.
    """
    hidden = tuple(secret for secret in secrets if secret)

    def mask(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Any:
        return {key: _masked(value, hidden) for key, value in event.items()}

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    renderer = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(max(_LEVELS[level], logging.WARNING))
    logging.getLogger("discord.client").addFilter(_is_of_use)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _is_of_use(record: logging.LogRecord) -> bool:
    """Whether a line of discord.py tells anything to somebody whose bot never speaks."""
    return _OF_NO_USE not in record.msg


def _masked(value: Any, secrets: tuple[str, ...]) -> Any:
    """`value` with every secret in its text replaced; objects are masked by their text."""
    if not secrets or isinstance(value, int | float | bool | None):
        return value
    text = value if isinstance(value, str) else str(value)
    if not any(secret in text for secret in secrets):
        return value
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return text
