"""The contract of a layer: what it is called, what it may do, and how its arithmetic is written.

Refuses a layer that speaks without data: `neutral` is the only silent answer, and it has a reason.
"""

from __future__ import annotations

import hashlib
import os
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.model.setups import LayerReading, LayerRole

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

Function = TypeVar("Function", bound=Callable[..., Any])


class Speed(Protocol):
    """How a kernel is to run: `as_written`, or `compiled`."""

    def __call__(self, function: Function, /) -> Function:
        """The same kernel at this speed."""


_kernels: dict[str, Callable[..., Any]] = {}
_compiled: dict[str, Callable[..., Any]] = {}


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """What the project says of one layer, in one place.

    Attributes
    ----------
    name : str
        Key of the layer everywhere: readings, scores, journal, documentation.
    number : int in [1, 12]
        Its place in ``LAYERS``.
    title, summary : str
        For people; `summary` is one or two sentences in plain words.
    needs : str
        The least data it needs before it says anything, in plain words.
    """

    name: str
    number: int
    role: LayerRole
    title: str
    summary: str
    needs: str


@dataclass(frozen=True, slots=True)
class InstrumentScale:
    """What the pipeline must know of an instrument: its price step and its calendar.

    Attributes
    ----------
    symbol : str
        ``BASE-QUOTE``, for example ``XAU-USD``.
    tick : float, quote currency, > 0
        Smallest price step; barriers are rounded to it against us.
    continuous : bool
        True when it trades 24/7; False when it has sessions and weekends.
    """

    symbol: str
    tick: float
    continuous: bool

    def __post_init__(self) -> None:
        if not self.tick > 0.0:
            raise ValueError(f"tick must be > 0, was {self.tick:g}")


def neutral(
    spec: LayerSpec, reason: str, diagnostics: Mapping[str, float] | None = None
) -> LayerReading:
    """Reading of a layer that has nothing to say: likelihood ratio exactly one.

    Parameters
    ----------
    reason : str
        Why, in one plain sentence.

    Examples
    --------
    >>> spec = LayerSpec("tail", 6, LayerRole.TAIL, "Tail risk", "", "")
    >>> neutral(spec, "needs 1000 closed bars, has 57").llr
    0.0
    """
    return LayerReading(
        name=spec.name,
        role=spec.role,
        llr=0.0,
        variance=0.0,
        n_eff=0.0,
        weight=0.0,
        valid=False,
        reason=reason,
        diagnostics=dict(diagnostics or {}),
    )


def kernel(function: Function) -> Function:
    """Mark a pure function as compilable, and leave it plain.

    A kernel uses floats, numpy arrays, named tuples and other kernels, and nothing else, so that
    live may call it as it stands and research may call `compiled` on it.

    Examples
    --------
    >>> @kernel
    ... def double(x: float) -> float:
    ...     return 2.0 * x
    >>> double(2.0)
    4.0
    """
    _kernels[_key(function)] = function
    return function


def as_written(function: Function) -> Function:
    """The kernel itself, in plain Python: the speed of live."""
    return function


def is_kernel(value: object) -> bool:
    """Whether `value` is a function marked with `kernel`."""
    return isinstance(value, types.FunctionType) and _kernels.get(_key(value)) is value


def compiled(function: Function) -> Function:
    """Machine-code twin of a kernel: the same source with its kernel callees compiled as well.

    Numba is imported here, on first use, and never by the live path.

    Raises
    ------
    ValueError
        If `function` was not marked with `kernel`.
    """
    if not is_kernel(function):
        raise ValueError(f"function must be marked with @kernel, was {function!r}")
    key = _key(function)
    if key not in _compiled:
        _compiled[key] = _compile(function)
    return _compiled[key]  # type: ignore[return-value]


def _compile(function: Callable[..., Any]) -> Callable[..., Any]:
    import numba

    if not isinstance(function, types.FunctionType):
        raise TypeError(f"function must be a plain function, was {function!r}")
    names = function.__globals__
    callees = {
        name: compiled(names[name])
        for name in function.__code__.co_names
        if name in names and is_kernel(names[name])
    }
    twin = types.FunctionType(
        function.__code__, {**names, **callees}, function.__name__, function.__defaults__
    )
    twin.__qualname__ = function.__qualname__
    # error_model="numpy" would turn a division by zero into inf; Python raises, and so must we.
    return _cached(numba.njit, twin)


def _cached(njit: Callable[..., Any], twin: Callable[..., Any]) -> Callable[..., Any]:
    """Compile with the machine code kept on disk, where there is a place for it.

    Numba's own cache looks at one file only and would not notice a changed callee, so the place
    is named after the contents of all the kernels' files.
    """
    from numba.core import config as numba_config

    config: Any = numba_config  # its settings are made at import, which no checker sees

    place = cache_folder()
    if place is None:
        return njit(twin)  # type: ignore[no-any-return]
    before = config.CACHE_DIR
    config.CACHE_DIR = str(place)
    try:
        return njit(cache=True)(twin)  # type: ignore[no-any-return]
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> Path | None:
    """Folder for compiled kernels of exactly this source, or None when it cannot be made."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = root / "executor" / "kernels" / digest[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder


def _key(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
