"""Risk never enlarges, never exceeds a cap, and never lets the unknown pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.model.money import exact
from engine.model.proposals import CardKind
from engine.model.verdicts import Approved, Refused
from engine.risk import EntryRequest, Limits, RiskPicture, assess_entry, breaker_changes
from tests.engine.test_risk_entry import GOLD, calm_picture, exposure

LIMITS = Limits()
amounts = st.decimals(0, 4000, places=2)
exposures = st.lists(st.builds(exposure, amounts.map(str), st.just("10")), max_size=2).map(tuple)
requests = st.builds(
    EntryRequest,
    instrument=st.just(GOLD),
    kind=st.sampled_from([CardKind.PROPOSAL, CardKind.EXPLORATORY]),
    price=st.decimals(100, 4000, places=2),
    quantity=st.integers(1, 10_000).map(lambda lots: lots * GOLD.lot),
    stop_frac=st.floats(0.001, 0.2),
    cost_frac=st.floats(0.0, 0.03),
)
pictures = st.builds(
    lambda held, waiting, cash, rho, used: calm_picture(
        positions=held,
        pending=waiting,
        settled_cash_usd=cash,
        metals_correlation=rho,
        exploratory_week_usd=used,
    ),
    exposures,
    exposures,
    st.decimals(0, 20_000, places=2),
    st.one_of(st.none(), st.floats(-1, 1)),
    st.decimals(0, 300, places=2),
)


@given(requests, pictures)
def test_risk_never_enlarges_and_never_passes_a_cap(
    request: EntryRequest, picture: RiskPicture
) -> None:
    verdict = assess_entry(request, picture, LIMITS)
    if isinstance(verdict, Refused):
        return
    equity = picture.equity_usd or Decimal(0)
    notional = verdict.quantity * request.price
    held = sum((e.notional_usd for e in picture.exposures or ()), Decimal(0))
    at_risk = notional * (exact(request.stop_frac) + exact(request.cost_frac))
    heat = sum((e.risk_usd for e in picture.exposures or ()), Decimal(0))
    hair = Decimal("1e-9")
    assert Decimal(0) < verdict.quantity <= request.quantity
    assert verdict.quantity % GOLD.lot == 0
    assert notional <= Decimal("0.30") * equity
    assert held + notional <= Decimal("0.60") * equity + hair
    assert at_risk <= Decimal("0.01") * equity + hair
    assert heat + at_risk <= Decimal("0.03") * equity + hair
    assert notional * (1 + exact(request.cost_frac)) <= (picture.settled_cash_usd or 0) + hair


@given(requests, pictures, amounts)
def test_more_exposure_never_allows_more(
    request: EntryRequest, picture: RiskPicture, more: Decimal
) -> None:
    fuller = replace(picture, positions=(*(picture.positions or ()), exposure(str(more))))
    before, after = assess_entry(request, picture, LIMITS), assess_entry(request, fuller, LIMITS)
    if isinstance(before, Refused):
        assert isinstance(after, Refused)
    elif not isinstance(after, Refused):
        assert after.quantity <= before.quantity


@given(pictures, st.decimals(1, 20_000, places=2))
def test_a_lower_equity_never_resets_a_breaker(picture: RiskPicture, equity: Decimal) -> None:
    now = replace(picture, equity_usd=equity)
    tripped = {change.name for change in breaker_changes(now, LIMITS)}
    worse = replace(picture, equity_usd=equity / 2)
    assert tripped <= {change.name for change in breaker_changes(worse, LIMITS)}


@given(requests)
def test_what_a_verdict_cut_is_approved_when_asked_again(request: EntryRequest) -> None:
    picture = calm_picture()
    verdict = assess_entry(request, picture, LIMITS)
    if not isinstance(verdict, Refused):
        again = replace(request, quantity=verdict.quantity)
        assert assess_entry(again, picture, LIMITS) == Approved(verdict.quantity)
