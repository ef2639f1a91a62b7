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
    from engine.config import Secrets, Settings, load_settings
    from engine.consultation import Consultation, consult_files, statement_as_json
    from engine.desk.requirements import Requirement
    from engine.facade.rehearsal import rehearsed_desk
    from engine.opening import MarketChoice
    from engine.opening.gates import LiveLocked, what_live_needs
    from engine.rehearsal.drill import DrillReport, drill, drill_as_json
    from engine.scanning import FileScan, scan_as_json, scan_files
    from engine.views.review import GoalReportView, OddsView, PerformanceView, ReviewView

__all__ = [
    "DESK",
    "GAP",
    "Abstention",
    "AccountView",
    "Actor",
    "AnyNotice",
    "Assessment",
    "AuditLine",
    "Bar",
    "Bill",
    "BreakdownView",
    "BreakerRowView",
    "BreakerState",
    "BreakerView",
    "BrokerError",
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
    "FileScan",
    "Fill",
    "FillNotice",
    "Finding",
    "Gate",
    "GivenView",
    "GoalReportView",
    "Health",
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
    "Mark",
    "MarketChoice",
    "MarketDataError",
    "MarketView",
    "MemoEffect",
    "MemoVerdict",
    "MemoView",
    "ModelLine",
    "NetBuys",
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
    "PurificationView",
    "Purpose",
    "Refused",
    "Requirement",
    "ReviewDesk",
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
    "SystemClock",
    "Timeframe",
    "Trade",
    "TradeNotice",
    "Verdict",
    "VerifyView",
    "WitnessDesk",
    "WordView",
    "check_up",
    "consult_files",
    "drill",
    "drill_as_json",
    "load_settings",
    "open_desk",
    "rehearsed_desk",
    "scan_as_json",
    "scan_files",
    "statement_as_json",
    "what_live_needs",
]

_ROOMS = {
    "engine.checkup": "Finding Health check_up",
    "engine.config": "Secrets Settings load_settings",
    "engine.consultation": "Consultation consult_files statement_as_json",
    "engine.desk.requirements": "Requirement",
    "engine.facade.rehearsal": "rehearsed_desk",
    "engine.opening.choice": "MarketChoice",
    "engine.opening.gates": "LiveLocked what_live_needs",
    "engine.rehearsal.drill": "DrillReport drill drill_as_json",
    "engine.scanning": "FileScan scan_as_json scan_files",
    "engine.views.review": "GoalReportView OddsView PerformanceView ReviewView",
}
_HEAVY = {name: room for room, names in _ROOMS.items() for name in names.split()}
"""What only a composition root needs: imported when it is first asked for."""


def __getattr__(name: str) -> Any:
    if name not in _HEAVY:
        raise AttributeError(f"engine.facade has no {name}")
    return getattr(import_module(_HEAVY[name]), name)


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
