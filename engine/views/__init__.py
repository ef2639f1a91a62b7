"""What the door shows: frozen views, complete in themselves, ready to be rendered.

Refuses to compute: a view is filled in by the engine and only read by its guests.
"""

from engine.views.market import (
    BreakdownView,
    ChartView,
    LayerView,
    Level,
    Mark,
    MarketView,
    ScanRow,
    ScanView,
)
from engine.views.memos import MemoView
from engine.views.oversight import AuditLine, BreakerView, CostsView, StatusView, VerifyView
from engine.views.places import Place, PostRef
from engine.views.posts import (
    AnyNotice,
    DecisionNotice,
    DeskNotice,
    FillNotice,
    Notice,
    OpinionNotice,
    OrderNotice,
    ProposalNotice,
    ScanNotice,
    TradeNotice,
)
from engine.views.risk import (
    AccountView,
    BreakerRowView,
    KillSwitchView,
    LimitLevel,
    LimitUseView,
    RiskEventView,
    RiskView,
    RowState,
)
from engine.views.sharia import GivenView, InvariantView, PurificationView, ShariaView
from engine.views.trading import (
    KindResult,
    LimitView,
    OrderView,
    PortfolioView,
    PositionView,
    ProfitRow,
    ProposalView,
)
from engine.views.voices import SignalsView, SignalView, SourcesView, SourceView
from engine.views.witnesses import ConfidenceView, ScoutsView, ScoutView, WordView

__all__ = [
    "AccountView",
    "AnyNotice",
    "AuditLine",
    "BreakdownView",
    "BreakerRowView",
    "BreakerView",
    "ChartView",
    "ConfidenceView",
    "CostsView",
    "DecisionNotice",
    "DeskNotice",
    "FillNotice",
    "GivenView",
    "InvariantView",
    "KillSwitchView",
    "KindResult",
    "LayerView",
    "Level",
    "LimitLevel",
    "LimitUseView",
    "LimitView",
    "Mark",
    "MarketView",
    "MemoView",
    "Notice",
    "OpinionNotice",
    "OrderNotice",
    "OrderView",
    "Place",
    "PortfolioView",
    "PositionView",
    "PostRef",
    "ProfitRow",
    "ProposalNotice",
    "ProposalView",
    "PurificationView",
    "RiskEventView",
    "RiskView",
    "RowState",
    "ScanNotice",
    "ScanRow",
    "ScanView",
    "ScoutView",
    "ScoutsView",
    "ShariaView",
    "SignalView",
    "SignalsView",
    "SourceView",
    "SourcesView",
    "StatusView",
    "TradeNotice",
    "VerifyView",
    "WordView",
]
