"""Records behind the door: journals read, verified, exported and told without a running desk.

Refuses to open a desk. Imported where a command needs it, for a bot must be up fast.
"""

from __future__ import annotations

from engine.compliance.purification import Purification
from engine.compliance.zakat import Nisab, ZakatReport, ZakatYear
from engine.desk.zakat import ZakatChoice
from engine.journal.chain import Anchor
from engine.journal.export import export as export_journal
from engine.journal.export import lines as journal_lines
from engine.journal.verify import VerifyReport
from engine.journal.verify import verify as verify_journal
from engine.metering.record import bill_as_json, bill_from_journal
from engine.outside.halting import (
    OutsideHalt,
    OutsideRelease,
    halt_from_outside,
    release_from_outside,
)
from engine.outside.reading import read_risk, risk_as_json
from engine.outside.reconciling import (
    Reconciled,
    reconcile_outside,
    reconciled_as_json,
)
from engine.statements import (
    ImportedLines,
    import_statement,
    purification_of_journal,
    zakat_of_journal,
)

__all__ = [
    "Anchor",
    "ImportedLines",
    "Nisab",
    "OutsideHalt",
    "OutsideRelease",
    "Purification",
    "Reconciled",
    "VerifyReport",
    "ZakatChoice",
    "ZakatReport",
    "ZakatYear",
    "bill_as_json",
    "bill_from_journal",
    "export_journal",
    "halt_from_outside",
    "import_statement",
    "journal_lines",
    "purification_of_journal",
    "read_risk",
    "reconcile_outside",
    "reconciled_as_json",
    "release_from_outside",
    "risk_as_json",
    "verify_journal",
    "zakat_of_journal",
]
