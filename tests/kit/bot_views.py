"""View values for the cards' tests: one plausible desk, every part of it replaceable.

Refuses to be realistic where a test needs an extreme: pass it in.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.facade import (
    DESK,
    Actor,
    Assessment,
    AuditLine,
    Bar,
    BreakdownView,
    BreakerRowView,
    BreakerView,
    CardKind,
    ChartView,
    CostLines,
    DeskState,
    KillSwitchView,
    LayerReading,
    LayerRole,
    LayerView,
    Level,
    LimitLevel,
    LimitUseView,
    LimitView,
    Mark,
    MarketView,
    Odds,
    Order,
    OrderState,
    OrderType,
    OrderView,
    PortfolioView,
    Position,
    PositionView,
    ProfitRow,
    ProposalStatus,
    ProposalTerms,
    ProposalView,
    Purpose,
    RiskEventView,
    RiskView,
    Role,
    RowState,
    ScanRow,
    ScanView,
    Setup,
    SetupKind,
    Side,
    SizeStep,
    StatusView,
    Timeframe,
    Trade,
)

AT = datetime(2024, 5, 3, 14, tzinfo=UTC)
OWNER = Actor("100", "B", Role.OWNER)
OVERSEER = Actor("200", "Arki", Role.OVERSEER)

LIVE = MarketView("kraken", "Kraken public data", False, False, Timeframe.H1)
REPLAY = MarketView("replay", "recorded history at 3600 x", False, True, Timeframe.H1)
SIMULATED = MarketView("simulated", "simulated market, seed 7", True, False, Timeframe.H1)

LAYERS = [
    "base_rate",
    "market_regime",
    "mean_reversion",
    "momentum",
    "volatility",
    "order_flow",
    "seasonality",
    "cross_asset",
    "tail_risk",
    "scouts",
    "fusion",
    "calibration",
]
SILENT = ("Alpha (no model server)", "Beta (no model server)", "Gamma (no model server)")


def odds(**changes: Any) -> Odds:
    """Odds a little above break-even."""
    base = Odds(0.36, 0.412, 0.371, 0.389, 0.0012, -0.0009, 0.0052)
    return replace(base, **changes)


def layers(reason: str = "not enough evidence: 12 closed labels, 40 needed") -> list[LayerView]:
    """All twelve, three of them heard."""
    moved = {1: -0.575, 3: 0.31, 12: -0.09}
    return [
        LayerView(
            number, name, name.replace("_", " ").capitalize(), LayerRole.EVIDENCE, "what it reads",
            LayerReading(
                name, LayerRole.EVIDENCE, moved.get(number, 0.0), 0.01, 120.0, 0.8,
                number in moved, "price is 2.1 sd below its mean" if number in moved else reason,
            ),
            moved.get(number, 0.0),
        )
        for number, name in enumerate(LAYERS, start=1)
    ]  # fmt: skip


WATERFALL = (
    ("prior", math.log(0.36 / 0.64)),
    ("mean reversion", 0.31),
    ("volatility", 0.0),
    ("calibration", -0.0904),
)


def assessment(instrument: str = "BTC-USD", **changes: Any) -> Assessment:
    """A closed bar with a reversion setup."""
    setup = Setup(
        instrument, SetupKind.REVERSION, AT, 64123.4, 65900.0, 63000.0, 0.0277, 0.0175, 3.0,
        0.02, 65200.0,
    )  # fmt: skip
    readings = tuple(layer.reading for layer in layers())
    base = Assessment(instrument, AT, 64123.4, readings, setup, odds(), WATERFALL, {})
    return replace(base, **changes)


def terms(**changes: Any) -> ProposalTerms:
    """Terms of a proposal that waits."""
    base = ProposalTerms(
        id="P-7K3Q", kind=CardKind.PROPOSAL, setup_kind=SetupKind.REVERSION,
        instrument="BTC-USD", venue="kraken", order_type=OrderType.MARKET,
        entry=Decimal("64123.4"), target=Decimal(65900), stop=Decimal(63000),
        quantity=Decimal("0.01230"), notional_usd=Decimal("788.72"), risk_usd=Decimal("18.10"),
        size_frac=0.0789,
        size_steps=(SizeStep("quarter Kelly", 0.25, 0.12), SizeStep("BTC-USD cap", 0.66, 0.0789)),
        size_set_by="the instrument cap of 10 %",
        costs=CostLines(0.0040, 0.0002, 0.0010, "Kraken entry tier, taker 0.40 %, 2026-11-01"),
        p_prior=0.36, p_mean=0.412, p_low=0.371, break_even=0.389, ev_mean_frac=0.0012,
        ev_low_frac=-0.0009, horizon_days=3.0, created_at=AT,
        expires_at=AT + timedelta(minutes=30),
        time_limit_at=AT + timedelta(days=3), config_hash="c" * 64,
    )  # fmt: skip
    return replace(base, **changes)


def proposal(status: ProposalStatus = ProposalStatus.OPEN, **changes: Any) -> ProposalView:
    """A proposal in any state, decided by the owner where it is final."""
    asked_for: ProposalTerms = changes.pop("terms", None) or terms()
    decided = status is not ProposalStatus.OPEN
    approved = status is ProposalStatus.APPROVED
    base = ProposalView(
        seq=41, terms=asked_for, short_hash=asked_for.short_hash, status=status, asked=True,
        assessment=assessment(), layers_for=("Mean reversion +0.31: 2.1 sd below its mean",),
        layers_against=("Calibration -0.09: odds this high came true less often",),
        witnesses=SILENT, decided_by=OWNER if decided else None,
        decided_at=AT + timedelta(minutes=4) if decided else None,
        decided_quantity=asked_for.quantity if approved else Decimal(0),
        decision_price=Decimal(64150) if decided else None,
        reason="looks *fine*" if decided else "", outcome="Open: bought." if approved else "",
        price_now=Decimal(64140), post=None, market=LIVE,
    )  # fmt: skip
    return replace(base, **changes)


def scan_row(instrument: str = "BTC-USD", card: CardKind | None = None, **changes: Any) -> ScanRow:
    """One instrument of a scan."""
    base = ScanRow(
        instrument, AT, Decimal("64123.4"), 0.0123, card,
        "expected value −0.21 % after 0.52 % costs", "", assessment(instrument),
    )  # fmt: skip
    return replace(base, **changes)


def scan(*rows: ScanRow, market: MarketView = LIVE, seq: int = 41) -> ScanView:
    """A scan of the given rows, or of three quiet instruments."""
    quiet = tuple(scan_row(name) for name in ("BTC-USD", "PAXG-USD", "XAG-USD"))
    return ScanView(seq, AT, market, rows or quiet, Decimal(10000), DeskState.ACTIVE, SILENT)


def breakdown(market: MarketView = LIVE, **changes: Any) -> BreakdownView:
    """All twelve layers with a waterfall."""
    base = BreakdownView(
        "BTC-USD", AT, Decimal("64123.4"), assessment(), tuple(layers()), WATERFALL,
        CardKind.WATCH, "expected value −0.21 % after 0.52 % costs", terms(), market,
    )  # fmt: skip
    return replace(base, **changes)


def bars(count: int = 120, first: float = 64000.0, step: float = 0.004) -> tuple[Bar, ...]:
    """A deterministic wander."""
    made, value = [], first
    for i in range(count):
        opened = value
        value = opened * (1 + step * math.sin(i * 0.37) * math.cos(i * 0.11))
        high, low = max(opened, value) * (1 + step / 3), min(opened, value) * (1 - step / 3)
        at = AT - timedelta(hours=count - i)
        made.append(
            Bar(
                "BTC-USD", Timeframe.H1, at, at + timedelta(hours=1), opened, high, low, value, 9.0
            )
        )
    return tuple(made)


def chart(market: MarketView = LIVE, **changes: Any) -> ChartView:
    """Candles with four levels and a fill."""
    shown = bars()
    last = Decimal(repr(shown[-1].close))
    base = ChartView(
        "BTC-USD", Timeframe.H1, shown,
        (
            Level("target", last * Decimal("1.0277")), Level("entry", last),
            Level("stop", last * Decimal("0.9825")), Level("anchor", last * Decimal("1.0253")),
        ),
        (Mark(AT - timedelta(hours=20), Decimal(repr(shown[-20].low)), True),
         Mark(AT - timedelta(hours=4), Decimal(repr(shown[-4].high)), False)),
        market,
    )  # fmt: skip
    return replace(base, **changes)


def position(**changes: Any) -> Position:
    """An open long."""
    from engine.model.positions import LotState

    base = Position(
        "P-7K3Q", CardKind.PROPOSAL, "BTC-USD", Decimal("0.0123"), Decimal("0.0123"),
        Decimal(64150), Decimal(790), Decimal("1.6"), Decimal(0), Decimal(65900),
        Decimal(63000), AT, AT + timedelta(days=3), LotState.SELLABLE, Decimal(63900),
        Decimal(64800),
    )  # fmt: skip
    return replace(base, **changes)


def position_view(**changes: Any) -> PositionView:
    """The same at the present price."""
    base = PositionView(
        position(), Decimal(64500), Decimal("793.35"), Decimal("4.31"), 0.3, "Its stop rests."
    )
    return replace(base, **changes)


def portfolio(market: MarketView = LIVE, **changes: Any) -> PortfolioView:
    """Ten thousand dollars and a little history."""
    curve = tuple(
        (AT - timedelta(hours=300 - i), Decimal(10000 + round(80 * math.sin(i / 25) + i / 4, 2)))
        for i in range(300)
    )
    base = PortfolioView(
        "paper", Decimal("10074.31"), Decimal("9280.96"), Decimal("9280.96"), Decimal("12.5"),
        Decimal("-3.2"), Decimal("74.31"), 0.0041, (position_view(),),
        (LimitView("gross exposure", 0.079, 0.5), LimitView("BTC-USD", 0.079, 0.1)), curve, market,
    )  # fmt: skip
    return replace(base, **changes)


def order(**changes: Any) -> Order:
    """A working stop."""
    base = Order(
        "ex-7k3q-stop-1", "P-7K3Q", "BTC-USD", Side.SELL, OrderType.STOP, Purpose.STOP,
        Decimal("0.0123"), AT, stop_price=Decimal(63000),
    )  # fmt: skip
    return replace(base, **changes)


def order_view(state: OrderState = OrderState.WORKING, reason: str = "") -> OrderView:
    """An order and where it stands."""
    return OrderView(order(), state, Decimal(0), reason)


def trade(**changes: Any) -> Trade:
    """A trade that reached its target."""
    base = Trade(
        "P-7K3Q", CardKind.PROPOSAL, "BTC-USD", Decimal("0.0123"), Decimal(64150),
        Decimal(65900), Decimal("3.2"), Decimal("18.32"), 1.01, AT, AT + timedelta(hours=30),
        Purpose.TARGET, -0.004, 0.028, 0.412,
    )  # fmt: skip
    return replace(base, **changes)


def status(**changes: Any) -> StatusView:
    """A desk that is active, with one breaker armed."""
    breaker = BreakerView("daily loss", False, None, "−0.4 %", "−2.0 %", "at 00:00 UTC")
    base = StatusView(
        mode="paper", state=DeskState.ACTIVE, now=AT, started_at=AT, market=LIVE,
        instruments=("BTC-USD", "PAXG-USD"), last_bars_at=AT, halted_by=None, halted_reason="",
        halted_at=None, breakers=(breaker,), open_proposals=1, open_positions=1, open_orders=1,
        equity_usd=Decimal("10074.31"), cash_usd=Decimal("9280.96"), journal_seq=88,
        journal_hash="a" * 64, config_hash="c" * 64, software="0.1.0", restarts=2, labels=140,
    )  # fmt: skip
    return replace(base, **changes)


def profit_rows() -> tuple[ProfitRow, ...]:
    """A week with two trades."""
    return tuple(
        ProfitRow(date(2024, 4, 27 + i) if i < 4 else date(2024, 5, i - 3), i % 2, Decimal(i - 2))
        for i in range(7)
    )


def audit_line(seq: int = 88) -> AuditLine:
    """An entry in words."""
    return AuditLine(seq, AT, "Halted", "B halted entries: testing", "abcdef012345")


def limit_use(name: str = "BTC-USD", used: float | None = 0.1, bound: float = 0.3) -> LimitUseView:
    """One limit; its level follows from its use."""
    use = None if used is None else max(used, 0.0) / bound
    level = LimitLevel.UNKNOWN
    if use is not None:
        level = (
            LimitLevel.REACHED if use >= 1 else LimitLevel.NEAR if use >= 0.75 else LimitLevel.EASY
        )
    return LimitUseView(name, "fraction of equity", used, bound, use, level)


def breaker_row(name: str = "daily loss", **changes: Any) -> BreakerRowView:
    """A breaker that is armed, unless told otherwise."""
    made = BreakerRowView(
        name=name, instrument="", state=RowState.ARMED, value="0.40 %", bound="2.00 %",
        tripped_at=None, tripped_value="", resets="It resets at the next 00:00 UTC.",
        note="",
    )  # fmt: skip
    return replace(made, **changes)


def risk_event(seq: int = 12, **changes: Any) -> RiskEventView:
    """A breaker that tripped."""
    made = RiskEventView(
        seq=seq, at=AT, what="tripped", name="daily loss", by=DESK, value="2.41 %",
        bound="2.00 %", reason="It resets at the next 00:00 UTC.",
    )  # fmt: skip
    return replace(made, **changes)


def risk(**changes: Any) -> RiskView:
    """A desk in the middle of a bad day: one limit reached, one near, one unknown."""
    made = RiskView(
        mode="paper", state=DeskState.REDUCING, as_of=AT, market=LIVE, market_name="kraken",
        equity_usd=Decimal("9812.40"), halted_by=None, halted_reason="", halted_at=None,
        kill_switch=KillSwitchView(("/data/executor.sqlite.halt",), False, "", None, ""),
        limits=(
            limit_use(), limit_use("XAU-USD", 0.24), limit_use("gold and silver", None, 0.4),
            limit_use("everything", 0.34, 0.6), limit_use("loss today", 0.0241, 0.02),
            limit_use("loss this week", -0.004, 0.04),
        ),
        breakers=(
            breaker_row(
                state=RowState.TRIPPED, value="2.41 %", tripped_at=AT, tripped_value="2.05 %"
            ),
            breaker_row("volatility XAG-USD", state=RowState.NOT_MEASURED, value="unknown"),
            breaker_row("weekly loss"),
        ),
        history=(risk_event(),), account=None, contradictions=(), journal_seq=40,
        journal_hash="ab" * 32, config_hash="cd" * 32, limits_hash="cd" * 32,
    )  # fmt: skip
    return replace(made, **changes)
