"""What stands beside a setup on the desk: positions, offers, other setups, and what is unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engine.config import Settings
from engine.costs import Conditions, CostModel
from engine.desk.costing import Costing
from engine.desk.policy import policy_of
from engine.desk.proposing import card_of
from engine.desk.standing import NO_SHARES, Shares, shares_of, with_asked
from engine.journal.ledger import Ledger, ProposalRecord
from engine.model.fees import FeeTier
from engine.model.proposals import CardKind, ProposalStatus, ProposalTerms
from engine.model.setups import Assessment, LayerReading, LayerRole, Odds, Setup, SetupKind
from engine.model.verdicts import Refused
from engine.probability.worth import Miss, value_odds
from engine.risk import RiskPicture
from tests.engine.test_risk_entry import NOW, calm_market, calm_picture, exposure

GOLD, SILVER, BITCOIN = "XAU-USD", "XAG-USD", "BTC-USD"
PRICES = {GOLD: 2400.0, SILVER: 28.0, BITCOIN: 60_000.0}
POLICY = policy_of(Settings(), (GOLD, SILVER, BITCOIN))
APART = {(GOLD, SILVER): 0.0, (GOLD, BITCOIN): 0.0, (SILVER, BITCOIN): 0.0}
COSTING = Costing(
    CostModel(
        {venue: FeeTier(venue, "none", 0.0, 0.0, NOW.date()) for venue in ("kraken", "ibkr")},
        default_half_spread_frac=0.0003,
        slippage_frac=0.0002,
    ),
    POLICY.instruments,
    Conditions(),
    Ledger(),
)
PICTURE = calm_picture(markets=tuple(calm_market(name) for name in PRICES))


def an_open_gate(odds: Odds) -> str:
    return ""


def seen(instrument: str = GOLD, p_low: float = 0.60, volatility: float = 0.02) -> Assessment:
    price = PRICES[instrument]
    setup = Setup(
        instrument=instrument,
        kind=SetupKind.REVERSION,
        at=NOW,
        entry=price,
        target=price * 1.02,
        stop=price * 0.985,
        target_frac=0.02,
        stop_frac=0.015,
        horizon_days=2.0,
        volatility=volatility,
        anchor=price,
    )
    odds = value_odds(p_low, 0.7, p_low, 0.02, 0.015, Miss(1.0, 0.0), 0.001)
    return Assessment(instrument, NOW, price, (), setup, odds, (), {})


def quiet(instrument: str, volatility: float) -> Assessment:
    """A bar without a setup, on which layer 5 still spoke."""
    reading = LayerReading(
        name="volatility",
        role=LayerRole.SCALE,
        llr=0.0,
        variance=0.0,
        n_eff=0.0,
        weight=0.0,
        valid=True,
        reason="",
        diagnostics={"volatility_per_day": volatility},
    )
    return Assessment(instrument, NOW, PRICES[instrument], (reading,), None, None, (), {})


def shares(
    *passed: Assessment,
    ledger: Ledger | None = None,
    picture: RiskPicture = PICTURE,
    assessed: tuple[Assessment, ...] = (),
    correlations: dict[tuple[str, str], float] | None = None,
) -> Shares:
    newest = {a.instrument: a for a in (*assessed, *passed)}
    ties = APART if correlations is None else correlations
    return shares_of(passed, ledger or Ledger(), POLICY, picture, COSTING, newest, ties)


def terms(assessment: Assessment, granted: Shares, ledger: Ledger | None = None) -> ProposalTerms:
    card = card_of(assessment, an_open_gate, ledger or Ledger(), POLICY, PICTURE, COSTING, granted)
    assert card.kind is CardKind.PROPOSAL, card.sentence
    assert card.terms is not None
    return card.terms


def offering(assessment: Assessment) -> Ledger:
    """A ledger on which this setup's proposal waits for the owner."""
    asked = terms(assessment, shares(assessment))
    record = ProposalRecord(1, asked, asked.hash, assessment, asked=True)
    return Ledger(proposals={asked.id: record})


def grant(granted: Shares, instrument: str = GOLD) -> float:
    share = granted[instrument]
    assert isinstance(share, float), share
    return share


def test_alone_a_setup_gets_what_its_expected_return_deserves() -> None:
    # 0.25 * (0.6 * 0.02 - 0.4 * 0.015 - 0.001) / 2 days / 0.02**2 = 1.5625: more than the total.
    assert grant(shares(seen())) == pytest.approx(0.60)
    # Five times the volatility, a twenty-fifth of the share.
    assert grant(shares(seen(volatility=0.1))) == pytest.approx(1.5625 / 25)


def test_the_step_is_on_the_card_and_says_that_it_set_the_size() -> None:
    wild = seen(volatility=0.1)
    found = terms(wild, shares(wild))
    step = next(step for step in found.size_steps if step.name == "portfolio share")
    assert step.fraction == pytest.approx(0.0625)
    assert 0.0 < step.factor < 1.0
    assert found.size_set_by == "portfolio share"


def test_a_proposal_whose_share_nobody_worked_out_has_no_size() -> None:
    card = card_of(seen(), an_open_gate, Ledger(), POLICY, PICTURE, COSTING, NO_SHARES)
    assert (card.kind, card.terms) == (CardKind.WATCH, None)
    assert card.sentence.endswith("nothing is left after portfolio share.")


def test_a_position_takes_from_what_moves_along_with_it() -> None:
    held = replace(PICTURE, positions=(exposure("2000", "30"),))
    beside = (quiet(SILVER, 0.05),)
    tied, wild = {(GOLD, SILVER): 0.5}, seen(volatility=0.05)
    # c mu / S = 0.25; less rho * silver's volatility * 0.2 / gold's = 0.1.
    alone = shares(wild, picture=held, assessed=beside)
    assert grant(alone) == pytest.approx(0.25)
    along = shares(wild, picture=held, assessed=beside, correlations=tied)
    assert grant(along) == pytest.approx(0.15)
    unknown = shares(wild, picture=held, assessed=beside, correlations={})
    assert grant(unknown) == pytest.approx(0.05)


def test_a_position_without_a_forecast_leaves_no_share() -> None:
    held = replace(PICTURE, positions=(exposure("2000", "30"),))
    for beside in ((), (quiet(SILVER, 0.05),)):
        nothing = tuple(replace(a, readings=()) for a in beside)
        share = shares(seen(), picture=held, assessed=nothing)[GOLD]
        assert isinstance(share, Refused)
        assert "by portfolio: no forecast for XAG-USD, which is held." in share.sentence
        card = card_of(seen(), an_open_gate, Ledger(), POLICY, PICTURE, COSTING, {GOLD: share})
        assert card.terms is None


@pytest.mark.parametrize("equity", [None, Decimal(0), Decimal("NaN")])
def test_an_unknown_equity_leaves_no_share(equity: Decimal | None) -> None:
    share = shares(seen(), picture=replace(PICTURE, equity_usd=equity))[GOLD]
    assert isinstance(share, Refused)
    assert share.limit == "equity"


def test_unknown_positions_leave_no_share() -> None:
    share = shares(seen(), picture=replace(PICTURE, positions=None))[GOLD]
    assert isinstance(share, Refused)


def test_setups_of_one_instant_share_the_room() -> None:
    three = [seen(name) for name in (GOLD, SILVER, BITCOIN)]
    granted = shares(*three)
    assert sum(grant(granted, name) for name in PRICES) == pytest.approx(0.60)
    assert grant(granted) == pytest.approx(0.20)


def test_an_offer_counts_as_taken_until_it_is_decided() -> None:
    ledger = offering(seen(SILVER))
    (record,) = ledger.proposals.values()
    offered = float(record.terms.notional_usd / 10_000)
    assert offered == pytest.approx(0.30, abs=0.001)
    beside = {"ledger": ledger, "assessed": (seen(SILVER),)}
    assert grant(shares(seen(), **beside)) == pytest.approx(0.60 - offered)  # type: ignore[arg-type]
    record.status = ProposalStatus.REJECTED
    assert grant(shares(seen(), **beside)) == pytest.approx(0.60)  # type: ignore[arg-type]


def test_an_offer_takes_room_and_cash_from_every_other_card() -> None:
    ledger = offering(seen(SILVER))
    (record,) = ledger.proposals.values()
    asked = record.terms
    beside = with_asked(PICTURE, ledger, POLICY)
    assert beside.pending is not None
    assert [e.notional_usd for e in beside.pending] == [asked.notional_usd]
    assert [e.risk_usd for e in beside.pending] == [asked.risk_usd]
    cost = 1 + Decimal(repr(asked.costs.total_frac))
    assert beside.settled_cash_usd == Decimal(10_000) - asked.notional_usd * cost
    assert with_asked(PICTURE, ledger, POLICY, SILVER) == PICTURE
    # Gold and silver move as one: 40 % for both, and 30 % are offered.
    found = terms(seen(), shares(seen(), ledger=ledger, assessed=(seen(SILVER),)), ledger)
    assert found.size_set_by == "gold and silver together"
    assert float(found.notional_usd) == pytest.approx(1000, abs=30)


def test_with_asked_leaves_the_unknown_unknown() -> None:
    blank = replace(PICTURE, pending=None, settled_cash_usd=None)
    assert with_asked(blank, offering(seen(SILVER)), POLICY) == blank


def test_one_instrument_is_asked_about_once() -> None:
    ledger = offering(seen())
    share = shares(seen(), ledger=ledger)[GOLD]
    assert isinstance(share, Refused)
    (name,) = ledger.proposals
    assert share.sentence == f"Refused by one at a time: {name} is still open."


def test_no_setup_has_no_shares() -> None:
    assert shares() == {}


def test_returns_are_compared_per_day() -> None:
    fast = seen(volatility=0.1)
    assert fast.setup is not None
    slow = replace(fast, setup=replace(fast.setup, horizon_days=4.0))
    assert grant(shares(slow)) == pytest.approx(grant(shares(fast)) / 2)


def test_an_old_forecast_is_still_the_newest() -> None:
    held = replace(PICTURE, positions=(exposure("2000", "30"),))
    old = replace(quiet(SILVER, 0.05), at=NOW - timedelta(hours=3))
    assert grant(shares(seen(volatility=0.05), picture=held, assessed=(old,))) > 0.0
