"""The golden record: a small recorded market must always become the same sequence of entries.

After a change that is meant to change it, write it anew and look at the difference::

    EXECUTOR_GOLDEN=write python -m pytest tests/replay/test_golden.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from engine.journal.memory import MemoryJournal
from engine.model import events as happened
from engine.ports import Envelope
from tests.kit.desk import OWNER, at_work, desk_settings, swings
from tests.kit.market import write_bars

GOLDEN = Path(__file__).with_name("golden.jsonl")
SETTINGS = desk_settings(auto_below=10**6)


def line(envelope: Envelope) -> str:
    """One entry, shortened to what must not change unnoticed."""
    told: dict[str, Any] = {"at": f"{envelope.at:%m-%d %H:%M}", "kind": envelope.kind}
    return json.dumps(told | numbers(envelope.event), sort_keys=True)


def numbers(event: happened.Event) -> dict[str, Any]:  # noqa: PLR0911  one a kind
    match event:
        case happened.BarsAssessed():
            return {"equity": f"{event.equity_usd:.2f}", "cards": [c[1] for c in event.cards]}
        case happened.CandidateClosed(label):
            return {"outcome": label.outcome.value, "gross": round(label.gross_frac, 6)}
        case happened.HistoryStudied():
            return {"bars": event.bars, "labels": len(event.labels)}
        case happened.ProposalRaised(terms):
            return {
                "id": terms.id,
                "entry": str(terms.entry),
                "stop": str(terms.stop),
                "target": str(terms.target),
                "quantity": str(terms.quantity),
                "p_mean": round(terms.p_mean, 6),
                "p_low": round(terms.p_low, 6),
            }
        case happened.ProposalApproved():
            return {"id": event.proposal_id, "quantity": str(event.quantity)}
        case happened.OrderIntended(order):
            return {"purpose": order.purpose.value, "quantity": str(order.quantity)}
        case happened.OrderFilled(fill):
            return {"price": str(fill.price), "fee": f"{fill.fee_usd:.4f}"}
        case happened.ExitRequested():
            return {"purpose": event.purpose.value}
        case happened.BreakerTripped() | happened.BreakerReset():
            return {"name": event.name}
        case _:
            return {}


async def played(folder: Path) -> list[str]:
    """The record of a market in which small proposals are taken, and one is closed by hand."""
    file = write_bars(folder / "market.csv", swings(420, half_life=20.0))
    journal = MemoryJournal(SETTINGS.hash)
    async with at_work(file, SETTINGS, journal) as desk:
        while not desk.ledger.positions:
            assert await desk.bars()
        (held,) = desk.ledger.positions
        await desk.desk.close_position(OWNER, held, "golden")
        await desk.bars(10**6)
        return [line(envelope) for envelope in await desk.record()]


async def test_the_record_is_the_golden_one(tmp_path: Path) -> None:
    lines = await played(tmp_path)
    if os.environ.get("EXECUTOR_GOLDEN") == "write":
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


async def test_the_same_market_twice_is_the_same_record(tmp_path: Path) -> None:
    hashes = []
    for _ in range(2):
        file = write_bars(tmp_path / "market.csv", swings(300, half_life=20.0))
        async with at_work(file, SETTINGS) as desk:
            await desk.bars(10**6)
            hashes.append(desk.ledger.head)
    assert hashes[0] == hashes[1]
