"""What the views are made from.

Refuses to change any of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engine.config import Settings
from engine.desk.picture import Moment, picture_of
from engine.desk.policy import Policy
from engine.journal.ledger import Ledger
from engine.metering.plan import MeterPlan
from engine.model.verdicts import Refused
from engine.ports import Clock, Journal, KillSwitch, MarketFeed
from engine.probability.scouts import ScoutBook
from engine.risk import RiskPicture
from engine.views import MarketView


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a view can be filled from.

    Attributes
    ----------
    started_at : datetime, aware UTC
        When this process took the desk up.
    software : str
        Version of Executor.
    silent : callable () -> tuple of str
        Witnesses of whom no word stands, each with the reason.
    meter : MeterPlan
        What running the desk may cost.
    moment : callable (instant) -> Moment
        Prices and assessments as they are known then.
    before : callable (instrument) -> Decimal or None
        Price of a day before the newest bar.
    witnesses : ScoutBook
        Closed records of all who vote.
    kill_switch : KillSwitch or None
    guards : mapping of str to str
        Who guards the stop of each instrument, one clause.
    """

    ledger: Ledger
    settings: Settings
    policy: Policy
    market: MarketView
    feed: MarketFeed
    journal: Journal
    clock: Clock
    instruments: tuple[str, ...]
    started_at: datetime
    software: str
    silent: Callable[[], tuple[str, ...]]
    meter: MeterPlan
    moment: Callable[[datetime], Moment]
    before: Callable[[str], Decimal | None]
    witnesses: ScoutBook
    kill_switch: KillSwitch | None = None
    guards: Mapping[str, str] = field(default_factory=dict)

    def picture(self) -> RiskPicture:
        """What risk sees now."""
        return picture_of(self.ledger, self.policy, self.moment(self.clock.now()))

    def unwatched(self, instrument: str) -> Refused:
        """The answer to a question about what is not watched."""
        watched = ", ".join(self.instruments)
        return Refused(
            "instrument", f"{instrument!r} is not watched", "", f"Watched are {watched}."
        )
