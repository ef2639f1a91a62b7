"""How far a row of candidates reaches: the stretch that a bootstrap of them must draw.

Refuses to treat overlapping labels as independent.
"""

from __future__ import annotations

import numpy as np

from engine.probability.layer import IntArray


def block_rows(opened_at: IntArray, span_seconds: float) -> float:
    """Mean number of rows that begin within `span_seconds` of a row, itself included.

    Parameters
    ----------
    opened_at : ndarray of shape (n,), int64, seconds, not decreasing
    """
    after = np.searchsorted(opened_at, opened_at + span_seconds, side="left")
    return max(1.0, float(np.mean(after - np.arange(opened_at.size))))
