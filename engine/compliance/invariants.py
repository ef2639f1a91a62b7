"""The hard invariants by name: what each says, what enforces it, which test proves it.

Refuses to list what is not enforced: each row names the code that refuses and a test that fails
without it; ``tests/engine/compliance`` checks that both are there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that may never happen.

    Attributes
    ----------
    limits : tuple of str
        Names under which its checks refuse, as in ``Refused.limit``.
    enforced_by : str
        Module that refuses.
    proved_by : str
        Test, as ``file::name``.
    """

    name: str
    says: str
    limits: tuple[str, ...]
    enforced_by: str
    proved_by: str


_STATEFUL = "tests/properties/test_desk_machine.py"
_BOOKS = "tests/properties/test_books_machine.py"
_ORDERS = "tests/engine/compliance/test_compliance.py"
_CALLS = "tests/engine/compliance/test_compliance_calls.py"
_LINES = "tests/engine/compliance/test_compliance_lines.py"

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "long only",
        "Nothing is sold that is not owned; no quantity is ever below zero.",
        ("long only", "no short sale", "exits only sell", "quantity", "entry type"),
        "engine.compliance.orders",
        f"{_BOOKS}::test_no_sequence_of_fills_breaks_the_books",
    ),
    Invariant(
        "own settled cash",
        "An order takes at most what is settled and ours, fees included; there is no credit.",
        ("settled own cash",),
        "engine.compliance.orders",
        f"{_STATEFUL}::test_no_sequence_of_actions_breaks_an_invariant",
    ),
    Invariant(
        "owned forms",
        "Spot coins, allocated metal, tokens on allocated metal; nothing else has a name here.",
        ("form of ownership", "instrument"),
        "engine.compliance.forms",
        f"{_ORDERS}::test_an_entry_that_breaks_a_rule_is_refused_by_it",
    ),
    Invariant(
        "both counter-values in one session",
        "Coins and tokens are paid and delivered in the trade, against dollars in cash: no metal "
        "for coin, no later leg.",
        ("counter-values in one session", "paid in cash"),
        "engine.compliance.forms",
        f"{_ORDERS}::test_an_entry_that_breaks_a_rule_is_refused_by_it",
    ),
    Invariant(
        "possession before sale",
        "A lot is bought, settled, then sellable; before that it is not sold and no stop rests "
        "on it.",
        ("possession before sale",),
        "engine.compliance.lots",
        f"{_STATEFUL}::test_no_sequence_of_actions_breaks_an_invariant",
    ),
    Invariant(
        "no averaging down",
        "What is held is not bought again.",
        ("no averaging down",),
        "engine.compliance.orders",
        f"{_STATEFUL}::test_no_sequence_of_actions_breaks_an_invariant",
    ),
    Invariant(
        "no stop widening",
        "A stop never stands lower than it has stood, also when it is replaced or linked anew.",
        ("no stop widening", "one lot, one pair"),
        "engine.compliance.orders",
        f"{_BOOKS}::test_no_sequence_of_fills_breaks_the_books",
    ),
    Invariant(
        "allow-listed venue calls",
        "No call that lends, borrows, stakes, earns, opens margin or futures, moves or withdraws "
        "can reach a venue.",
        ("venue calls", "venue parameters"),
        "engine.compliance.calls",
        f"{_CALLS}::test_every_method_of_a_real_client_that_is_not_listed_is_refused",
    ),
    Invariant(
        "no interest, no financing",
        "A ledger line of either halts the desk; a line that nobody can name blocks entries.",
        ("ledger lines",),
        "engine.compliance.lines",
        f"{_LINES}::test_a_line_of_interest_or_financing_halts_the_desk",
    ),
)


def invariant_of(limit: str) -> str:
    """Name of the invariant whose check refuses under `limit`; `limit` itself if it is none's.

    Examples
    --------
    >>> invariant_of("no short sale")
    'long only'
    """
    return next((each.name for each in INVARIANTS if limit in each.limits), limit)
