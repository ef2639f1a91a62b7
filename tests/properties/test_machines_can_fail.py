"""A check that cannot fail proves nothing: each seeded violation must be found by its machine.

The only place where our own code is replaced under test, because here the replacement is the test.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from engine.engine.recorder import Recorder
from engine.journal.ledger import Ledger
from engine.model.positions import LotState
from engine.model.verdicts import Approved
from tests.properties.books_machine import BooksMachine
from tests.properties.desk_machine import DeskMachine

Mutant = tuple[object | str, str, Any]


def nothing(*_args: object, **_named: object) -> None:
    """Refuse nothing."""


async def nobody_is_refused(*_args: object, **_named: object) -> None:
    """Let everybody do everything."""


def all_sellable(state: LotState, change: object) -> LotState:
    return LotState.SELLABLE


def let_it_pass(order: Any, *_args: object, **_named: object) -> Approved:
    return Approved(order.quantity)


BOOKS: dict[str, list[Mutant]] = {
    "a lot is sellable once it is bought": [
        ("engine.journal.trade_changes", "next_lot", all_sellable),
    ],
    "any sale of anything at any stop": [
        ("engine.journal.trade_changes", "check_exit", let_it_pass),
    ],
    "a stop may follow the price down": [(Ledger, "highest_stop", nothing)],
    "credit": [("engine.journal.holdings", "require_cash", nothing)],
    "a yes buys as often as one likes": [
        ("engine.journal.trade_changes", "_require_approval", nothing),
    ],
}

DESK: dict[str, list[Mutant]] = {
    "anybody may do anything": [(Recorder, "permit", nobody_is_refused)],
    "anybody may approve": [("engine.desk.approving", "may_decide", nothing)],
    "what is bought is ours at once, whatever the venue says": [
        ("engine.brokers.booking", "settles_at", nothing),
    ],
    "unknown ledger lines are fine": [("engine.desk.law", "check_lines_known", nothing)],
    "a halt is told and not written down": [
        ("engine.engine.stopping", "halting", lambda _ledger, _by, _reason: ()),
    ],
}


def found(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> bool:
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                phases=[Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except Exception:  # noqa: BLE001  whatever it was that the machine ran into, it was found
        return True
    return False


def seed(monkeypatch: pytest.MonkeyPatch, mutants: list[Mutant]) -> None:
    for where, name, replacement in mutants:
        if isinstance(where, str):
            monkeypatch.setattr(f"{where}.{name}", replacement)
        else:
            monkeypatch.setattr(where, name, replacement)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutants", BOOKS.values(), ids=list(BOOKS))
def test_the_books_find(monkeypatch: pytest.MonkeyPatch, mutants: list[Mutant]) -> None:
    seed(monkeypatch, mutants)
    assert found(BooksMachine, 250, 60)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutants", DESK.values(), ids=list(DESK))
def test_the_desk_finds(monkeypatch: pytest.MonkeyPatch, mutants: list[Mutant]) -> None:
    seed(monkeypatch, mutants)
    assert found(DeskMachine, 100, 60)
