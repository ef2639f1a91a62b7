"""THE door: every question and every command that a guest of the engine may put.

Guests import nothing of the engine but this module. Refuses to render, and to know who carries
the answers: a guest may be Discord, a command line or a test.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.clock import SystemClock
from engine.compliance.jurisdiction import NetBuys
from engine.errors import (
    BrokerError,
    ConfigError,
    ExecutorError,
    InvariantBroken,
    JournalError,
    MarketDataError,
)
from engine.facade.desk import Desk
from engine.facade.live import LiveDesk
from engine.facade.posts import PostDesk
from engine.facade.review import ReviewDesk
from engine.facade.sharia import ShariaDesk
from engine.facade.witnesses import WitnessDesk
from engine.metering.bill import Bill, EnergyUse, ModelLine
from engine.model.actors import DESK, Actor, Permission, Role
from engine.model.bars import Bar, Candles, Timeframe
from engine.model.memos import Fact, MemoEffect, MemoVerdict
from engine.model.orders import Fill, Order, OrderState, OrderType, Purpose, Side
from engine.model.positions import Origin, Position, Trade
from engine.model.proposals import (
    GAP,
    CardKind,
    CostItem,
    CostLines,
    ProposalStatus,
    ProposalTerms,
    SizeStep,
)
from engine.model.reviews import Gate, Verdict
from engine.model.setups import Assessment, LayerReading, LayerRole, Odds, Setup, SetupKind
from engine.model.signals import SignalOutcome, SignalSide
from engine.model.verdicts import Refused
from engine.model.witnesses import Abstention, Opinion, Stance
from engine.ports import ChartPainter
from engine.probability.scouts import Standing
from engine.risk.breaker import BreakerState
from engine.risk.findings import DeskState
from engine.views import (
    AccountView,
    AnyNotice,
    AuditLine,
    BreakdownView,
    BreakerRowView,
    BreakerView,
    ChartView,
    ConfidenceView,
    CostsView,
    DecisionNotice,
    DeskNotice,
    FillNotice,
    GivenView,
    InvariantView,
    KillSwitchView,
    KindResult,
    LayerView,
    Level,
    LimitLevel,
    LimitUseView,
    LimitView,
    Mark,
    MarketView,
    MemoView,
    Notice,
    OpinionNotice,
    OrderNotice,
    OrderView,
    Place,
    PortfolioView,
    PositionView,
    PostRef,
    ProfitRow,
    ProposalNotice,
    ProposalView,
    PurificationView,
    RiskEventView,
    RiskView,
    RowState,
    ScanNotice,
    ScanRow,
    ScanView,
    ScoutsView,
    ScoutView,
    ShariaView,
    SignalsView,
    SignalView,
    SourcesView,
    SourceView,
    StatusView,
    TradeNotice,
    VerifyView,
    WordView,
)

if TYPE_CHECKING:
    from engine.checkup import Finding, Health, check_up
    from engine.compliance.purification import Purification
    from engine.compliance.zakat import Nisab, ZakatReport, ZakatYear
    from engine.config import Secrets, Settings, load_settings
    from engine.consultation import Consultation, consult_files, statement_as_json
    from engine.desk.requirements import Requirement
    from engine.desk.zakat import ZakatChoice
    from engine.facade.rehearsal import rehearsed_desk
    from engine.journal.chain import Anchor
    from engine.journal.export import export as export_journal
    from engine.journal.export import lines as journal_lines
    from engine.journal.verify import VerifyReport
    from engine.journal.verify import verify as verify_journal
    from engine.market.fetching import Fetched, FetchPlan
    from engine.market.inspection import MENDS as DATA_MENDS
    from engine.market.inspection import Inspection, inspection_as_json
    from engine.metering.record import bill_as_json, bill_from_journal
    from engine.opening import MarketChoice
    from engine.opening.gates import LiveLocked, what_live_needs
    from engine.outside.halting import (
        OutsideHalt,
        OutsideRelease,
        halt_from_outside,
        release_from_outside,
    )
    from engine.outside.reading import read_risk, risk_as_json
    from engine.outside.reconciling import Reconciled, reconcile_outside, reconciled_as_json
    from engine.rehearsal.drill import DrillReport, drill, drill_as_json
    from engine.research.backtest import (
        Approval,
        BacktestPlan,
        BacktestReport,
        backtest_files,
        require_folder,
        write_backtest,
    )
    from engine.research.backtest import report_as_json as backtest_as_json
    from engine.research.calibration import (
        CalibrationReport,
        GroupReport,
        ReliabilityBin,
        StudyPlan,
        calibrate_files,
        reliability_of,
        report_as_json,
        write_candidates,
    )
    from engine.research.calibration import Study as CalibrationStudy
    from engine.research.datafiles import check_file, fetch_file, fetched_as_json
    from engine.research.sweeping import (
        SweepPlan,
        Swept,
        sweep_files,
        swept_as_json,
        write_sweep,
    )
    from engine.research.sweeping.report import grid_knobs
    from engine.research.trials import (
        LockOpening,
        Logged,
        LogReport,
        Search,
        Trial,
        TrialLog,
        search_as_json,
        search_of,
    )
    from engine.research.walkforward import Walk, WalkPlan, walk_as_json, walk_files, write_walk
    from engine.research.walkforward.report import dispersion_of
    from engine.review.reading import ReadReview, ReviewFiles, read_review, review_as_json
    from engine.scanning import FileScan, scan_as_json, scan_files
    from engine.statements import (
        ImportedLines,
        import_statement,
        purification_of_journal,
        zakat_of_journal,
    )
    from engine.views.review import GoalReportView, OddsView, PerformanceView, ReviewView

__all__ = [
    "DATA_MENDS",
    "DESK",
    "GAP",
    "Abstention",
    "AccountView",
    "Actor",
    "Anchor",
    "AnyNotice",
    "Approval",
    "Assessment",
    "AuditLine",
    "BacktestPlan",
    "BacktestReport",
    "Bar",
    "Bill",
    "BreakdownView",
    "BreakerRowView",
    "BreakerState",
    "BreakerView",
    "BrokerError",
    "CalibrationReport",
    "CalibrationStudy",
    "Candles",
    "CardKind",
    "ChartPainter",
    "ChartView",
    "ConfidenceView",
    "ConfigError",
    "Consultation",
    "CostItem",
    "CostLines",
    "CostsView",
    "DecisionNotice",
    "Desk",
    "DeskNotice",
    "DeskState",
    "DrillReport",
    "EnergyUse",
    "ExecutorError",
    "Fact",
    "FetchPlan",
    "Fetched",
    "FileScan",
    "Fill",
    "FillNotice",
    "Finding",
    "Gate",
    "GivenView",
    "GoalReportView",
    "GroupReport",
    "Health",
    "ImportedLines",
    "Inspection",
    "InvariantBroken",
    "InvariantView",
    "JournalError",
    "KillSwitchView",
    "KindResult",
    "LayerReading",
    "LayerRole",
    "LayerView",
    "Level",
    "LimitLevel",
    "LimitUseView",
    "LimitView",
    "LiveDesk",
    "LiveLocked",
    "LockOpening",
    "LogReport",
    "Logged",
    "Mark",
    "MarketChoice",
    "MarketDataError",
    "MarketView",
    "MemoEffect",
    "MemoVerdict",
    "MemoView",
    "ModelLine",
    "NetBuys",
    "Nisab",
    "Notice",
    "Odds",
    "OddsView",
    "Opinion",
    "OpinionNotice",
    "Order",
    "OrderNotice",
    "OrderState",
    "OrderType",
    "OrderView",
    "Origin",
    "OutsideHalt",
    "OutsideRelease",
    "PerformanceView",
    "Permission",
    "Place",
    "PortfolioView",
    "Position",
    "PositionView",
    "PostDesk",
    "PostRef",
    "ProfitRow",
    "ProposalNotice",
    "ProposalStatus",
    "ProposalTerms",
    "ProposalView",
    "Purification",
    "PurificationView",
    "Purpose",
    "ReadReview",
    "Reconciled",
    "Refused",
    "ReliabilityBin",
    "Requirement",
    "ReviewDesk",
    "ReviewFiles",
    "ReviewView",
    "RiskEventView",
    "RiskView",
    "Role",
    "RowState",
    "ScanNotice",
    "ScanRow",
    "ScanView",
    "ScoutView",
    "ScoutsView",
    "Search",
    "Secrets",
    "Settings",
    "Setup",
    "SetupKind",
    "ShariaDesk",
    "ShariaView",
    "Side",
    "SignalOutcome",
    "SignalSide",
    "SignalView",
    "SignalsView",
    "SizeStep",
    "SourceView",
    "SourcesView",
    "Stance",
    "Standing",
    "StatusView",
    "StudyPlan",
    "SweepPlan",
    "Swept",
    "SystemClock",
    "Timeframe",
    "Trade",
    "TradeNotice",
    "Trial",
    "TrialLog",
    "Verdict",
    "VerifyReport",
    "VerifyView",
    "Walk",
    "WalkPlan",
    "WitnessDesk",
    "WordView",
    "ZakatChoice",
    "ZakatReport",
    "ZakatYear",
    "backtest_as_json",
    "backtest_files",
    "bill_as_json",
    "bill_from_journal",
    "calibrate_files",
    "check_file",
    "check_up",
    "consult_files",
    "dispersion_of",
    "drill",
    "drill_as_json",
    "export_journal",
    "fetch_file",
    "fetched_as_json",
    "grid_knobs",
    "halt_from_outside",
    "import_statement",
    "inspection_as_json",
    "journal_lines",
    "load_settings",
    "open_desk",
    "purification_of_journal",
    "read_review",
    "read_risk",
    "reconcile_outside",
    "reconciled_as_json",
    "rehearsed_desk",
    "release_from_outside",
    "reliability_of",
    "report_as_json",
    "require_folder",
    "review_as_json",
    "risk_as_json",
    "scan_as_json",
    "scan_files",
    "search_as_json",
    "search_of",
    "statement_as_json",
    "sweep_files",
    "swept_as_json",
    "verify_journal",
    "walk_as_json",
    "walk_files",
    "what_live_needs",
    "write_backtest",
    "write_candidates",
    "write_sweep",
    "write_walk",
    "zakat_of_journal",
]

_ROOMS = {
    "engine.checkup": "Finding Health check_up",
    "engine.compliance.purification": "Purification",
    "engine.compliance.zakat": "Nisab ZakatReport ZakatYear",
    "engine.config": "Secrets Settings load_settings",
    "engine.consultation": "Consultation consult_files statement_as_json",
    "engine.desk.requirements": "Requirement",
    "engine.desk.zakat": "ZakatChoice",
    "engine.facade.rehearsal": "rehearsed_desk",
    "engine.journal.chain": "Anchor",
    "engine.journal.verify": "VerifyReport",
    "engine.market.fetching": "FetchPlan Fetched",
    "engine.market.inspection": "Inspection inspection_as_json",
    "engine.metering.record": "bill_as_json bill_from_journal",
    "engine.opening.choice": "MarketChoice",
    "engine.opening.gates": "LiveLocked what_live_needs",
    "engine.outside.halting": "OutsideHalt OutsideRelease halt_from_outside release_from_outside",
    "engine.outside.reading": "read_risk risk_as_json",
    "engine.outside.reconciling": "Reconciled reconcile_outside reconciled_as_json",
    "engine.rehearsal.drill": "DrillReport drill drill_as_json",
    "engine.research.backtest": (
        "Approval BacktestPlan BacktestReport backtest_files require_folder write_backtest"
    ),
    "engine.research.calibration": (
        "CalibrationReport GroupReport ReliabilityBin StudyPlan calibrate_files "
        "reliability_of report_as_json write_candidates"
    ),
    "engine.research.datafiles": "check_file fetch_file fetched_as_json",
    "engine.research.sweeping": "SweepPlan Swept sweep_files swept_as_json write_sweep",
    "engine.research.sweeping.report": "grid_knobs",
    "engine.research.trials": (
        "LockOpening LogReport Logged Search Trial TrialLog search_as_json search_of"
    ),
    "engine.research.walkforward": "Walk WalkPlan walk_as_json walk_files write_walk",
    "engine.research.walkforward.report": "dispersion_of",
    "engine.review.reading": "ReadReview ReviewFiles read_review review_as_json",
    "engine.scanning": "FileScan scan_as_json scan_files",
    "engine.statements": (
        "ImportedLines import_statement purification_of_journal zakat_of_journal"
    ),
    "engine.views.review": "GoalReportView OddsView PerformanceView ReviewView",
}
_HEAVY = {name: (room, name) for room, names in _ROOMS.items() for name in names.split()} | {
    "CalibrationStudy": ("engine.research.calibration", "Study"),
    "DATA_MENDS": ("engine.market.inspection", "MENDS"),
    "backtest_as_json": ("engine.research.backtest", "report_as_json"),
    "export_journal": ("engine.journal.export", "export"),
    "journal_lines": ("engine.journal.export", "lines"),
    "verify_journal": ("engine.journal.verify", "verify"),
}
"""What only a composition root needs: imported when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _HEAVY:
        raise AttributeError(f"engine.facade has no {name}")
    module, there = _HEAVY[name]
    return getattr(import_module(module), there)


async def open_desk(
    settings: Settings,
    choice: MarketChoice,
    journal_path: Path,
    secrets: Secrets | None = None,
    painter: ChartPainter | None = None,
) -> Desk:
    """Open the desk whose record is at `journal_path`, or begin one there.

    Parameters
    ----------
    secrets : Secrets or None
        Keys with which a venue is asked for the account's fees, and models are asked; None asks
        no venue.
    painter : ChartPainter or None
        Draws charts for scouts that look at pictures; without one they abstain.

    Raises
    ------
    ExecutorError
        One line naming the thing and the mend; nothing is left open.
    """
    from engine.opening import open_engine

    return Desk(await open_engine(settings, choice, journal_path, secrets, painter))
