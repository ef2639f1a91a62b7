"""Fixed-size memory of the newest values, readable as one contiguous window.

Refuses nothing: a buffer of 2n cells holds every value twice, n apart, so that the newest
m <= n values always lie next to each other and numpy can work on them without a copy.
"""

from __future__ import annotations

import numpy as np

from engine.probability.layer import FloatArray, kernel


def ring(size: int) -> FloatArray:
    """Empty memory for `size` values."""
    return np.full(2 * size, np.nan)


@kernel
def push(memory: FloatArray, index: int, value: float) -> None:
    """Store the value numbered `index` (0, 1, 2 ...), forgetting the one `size` before it."""
    size = memory.shape[0] // 2
    cell = index % size
    memory[cell] = value
    memory[cell + size] = value


@kernel
def latest(memory: FloatArray, index: int, count: int) -> FloatArray:
    """View of the `count` newest values, oldest first, after value `index` was stored."""
    size = memory.shape[0] // 2
    stop = index % size + size + 1
    return memory[stop - count : stop]
