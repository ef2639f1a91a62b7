"""Which of the models that a server lists is meant.

Refuses to take another one when none fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model found by its pattern.

    Attributes
    ----------
    others : tuple of str
        Further models that fit; the first by name was taken.
    """

    model: str
    others: tuple[str, ...] = ()


def choose(listed: Sequence[str], pattern: str) -> Chosen | None:
    """The first model by name that fits `pattern`, in any case of letters; None if none does.

    Examples
    --------
    >>> choose(["google/gemma-2-2b-it", "qwen2.5-vl-3b-instruct"], "*qwen2.5-vl-3b*").model
    'qwen2.5-vl-3b-instruct'
    """
    fitting = sorted({each for each in listed if fnmatchcase(each.lower(), pattern.lower())})
    return Chosen(fitting[0], tuple(fitting[1:])) if fitting else None


def same_model(asked: str, answered: str) -> bool:
    """Whether an answer is of the model that was asked; a publisher before ``/`` may be left out.

    Examples
    --------
    >>> same_model("google/gemma-2-2b", "gemma-2-2b")
    True
    """
    return asked.lower().rpartition("/")[2] == answered.lower().rpartition("/")[2]
