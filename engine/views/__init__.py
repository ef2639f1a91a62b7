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
from engine.views.oversight import AuditLine, BreakerView, CostsView, StatusView, VerifyView
from engine.views.places import Place, PostRef
from engine.views.posts import (
    AnyNotice,
    DecisionNotice,
    DeskNotice,
    FillNotice,
    Notice,
    OrderNotice,
    ProposalNotice,
    ScanNotice,
    TradeNotice,
)
from engine.views.risk import (
    BreakerRowView,
    KillSwitchView,
    LimitLevel,
    LimitUseView,
    RiskEventView,
    RiskView,
    RowState,
)
from engine.views.trading import (
    KindResult,
    LimitView,
    OrderView,
    PortfolioView,
    PositionView,
    ProfitRow,
    ProposalView,
)

__all__ = [
    "AnyNotice",
    "AuditLine",
    "BreakdownView",
    "BreakerRowView",
    "BreakerView",
    "ChartView",
    "CostsView",
    "DecisionNotice",
    "DeskNotice",
    "FillNotice",
    "KillSwitchView",
    "KindResult",
    "LayerView",
    "Level",
    "LimitLevel",
    "LimitUseView",
    "LimitView",
    "Mark",
    "MarketView",
    "Notice",
    "OrderNotice",
    "OrderView",
    "Place",
    "PortfolioView",
    "PositionView",
    "PostRef",
    "ProfitRow",
    "ProposalNotice",
    "ProposalView",
    "RiskEventView",
    "RiskView",
    "RowState",
    "ScanNotice",
    "ScanRow",
    "ScanView",
    "StatusView",
    "TradeNotice",
    "VerifyView",
]
