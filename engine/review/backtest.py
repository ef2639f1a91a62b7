"""What a backtest promised, read from the numbers that it wrote.

Refuses to guess: a file that does not say it is named, not skipped.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, TypeGuard

from engine.errors import ConfigError

KEY = "expectancy_r_interval"


def promised_r(path: str) -> tuple[float, float] | None:
    """Central 90 % of the expectancy that a backtest promised, R units.

    Parameters
    ----------
    path : str
        Its ``metrics.json``; empty for none.

    Returns
    -------
    (float, float) or None
        None where `path` is empty.

    Raises
    ------
    ConfigError
        If the file cannot be read or does not say.
    """
    if not path:
        return None
    try:
        found: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ConfigError(f"{path}: not a backtest's metrics.json: {fault}") from None
    if isinstance(found, dict) and KEY in found and found[KEY] is None:
        raise ConfigError(
            f"{path}: the backtest traded no proposal and promises nothing; leave review.backtest "
            "empty"
        )
    pair = found.get(KEY) if isinstance(found, dict) else None
    if not _is_interval(pair):
        raise ConfigError(
            f"{path}: {KEY} must be two numbers in R units, the lower first; "
            "write the file with executor backtest"
        )
    return float(pair[0]), float(pair[1])


def _is_interval(pair: Any) -> TypeGuard[list[float]]:
    return (
        isinstance(pair, list)
        and len(pair) == 2
        and all(isinstance(each, int | float) and math.isfinite(each) for each in pair)
        and pair[0] <= pair[1]
    )
