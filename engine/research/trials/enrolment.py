"""A configuration on its way into the trial log: fingerprinted before it runs, recorded after.

Refuses to look at the last fifth before the log holds that it will.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.research.trials.entries import (
    DataUsed,
    Knob,
    LockOpening,
    Trial,
    data_used,
    trial_identity,
)
from engine.research.trials.log import TrialLog
from engine.research.trials.opening import open_lock


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What decides a trial's result; see `Trial` for the meaning of each part."""

    search: str
    knobs: Mapping[str, Knob]
    config_hash: str
    data: tuple[DataUsed, ...]

    @classmethod
    def on_files(
        cls, search: str, knobs: Mapping[str, Knob], config_hash: str, files: Mapping[str, Path]
    ) -> Enrolment:
        """Fingerprint files that are about to be studied.

        Parameters
        ----------
        files : mapping of symbol to Path

        Raises
        ------
        MarketDataError
            If a file cannot be read.
        """
        return cls(search, dict(knobs), config_hash, data_used(files))

    @property
    def identity(self) -> str:
        """What makes it the same trial as another; see `trial_identity`."""
        return trial_identity(self.search, self.knobs, self.config_hash, self.data)

    def open_lock(
        self, log: TrialLog, since: datetime, until: datetime, reason: str = ""
    ) -> LockOpening:
        """Record in `log` that the stretch from `since` to `until` will be seen.

        Raises
        ------
        LockedFifth
            If another trial opened it before, and no reason is given.
        """
        opening = LockOpening(
            by=f"executor {self.search}",
            symbols=tuple(each.symbol for each in self.data),
            since=since,
            until=until,
            identity=self.identity,
            reason=reason.strip(),
        )
        return open_lock(log, opening)

    def trial(
        self,
        first_at: datetime,
        last_at: datetime,
        metrics: Mapping[str, float],
        returns: Sequence[float] = (),
        period_days: float = 1.0,
        *,
        opened_lock: bool = False,
    ) -> Trial:
        """The entry of what was found."""
        return Trial(
            search=self.search,
            knobs=self.knobs,
            config_hash=self.config_hash,
            data=self.data,
            first_at=first_at,
            last_at=last_at,
            period_days=period_days,
            returns=tuple(map(float, returns)),
            metrics=dict(metrics),
            opened_lock=opened_lock,
        )
