"""Outside calls: whether one may be taken in, how it votes, and how it is held to its word.

Refuses to let a call open, size or loosen anything: all it can become is a vote, and a vote
weighs what its caller's closed record says, which is nothing at first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from engine.config.voices import SignalSettings
from engine.desk.calls import horizon_of
from engine.journal.ledger import Ledger
from engine.journal.voices import SignalRecord
from engine.model.bars import Bar, Timeframe
from engine.model.money import exact
from engine.model.signals import (
    Call,
    Signal,
    SignalOutcome,
    SignalResult,
    SignalSide,
    SignalVia,
)
from engine.model.verdicts import Refused
from engine.probability.scouts import SIGNAL

_DAY = timedelta(hours=24)


def signal_of(
    call: Call,
    who: str,
    via: SignalVia,
    *,
    ledger: Ledger,
    watched: tuple[str, ...],
    timeframe: Timeframe,
    settings: SignalSettings,
    now: datetime,
    counts: bool = True,
) -> Signal | Refused:
    """The signal that a call becomes now, or why it is not heard.

    Parameters
    ----------
    counts : bool
        Whether it may vote.
    """
    refused = (
        _not_watched(call, watched)
        or _out_of_time(call, timeframe, settings)
        or _out_of_place(call, ledger, settings)
        or _too_many(call, who, ledger, settings, now)
    )
    if refused is not None:
        return refused
    name = f"S-{len(ledger.signals) + 1}"
    return Signal(name, who, call, via, now, now + horizon_of(call), counts)


def _not_watched(call: Call, watched: tuple[str, ...]) -> Refused | None:
    if call.instrument in watched:
        return None
    return Refused("signal", "its instrument is not watched", f"one of {', '.join(watched)}")


def _out_of_time(call: Call, timeframe: Timeframe, settings: SignalSettings) -> Refused | None:
    shortest = timeframe.length
    if shortest <= horizon_of(call) <= settings.longest_for:
        return None
    bound = f"one bar ({timeframe.value}) to {settings.longest_days:g} days"
    return Refused("signal", f"a horizon of {call.hours} hours", bound)


def _out_of_place(call: Call, ledger: Ledger, settings: SignalSettings) -> Refused | None:
    price = ledger.prices.get(call.instrument)
    if price is None:
        return Refused("signal", f"{call.instrument} has no price yet", "", "Wait for a bar.")
    if call.target is None and call.stop is None:
        return None
    if call.target is None or call.stop is None:
        return Refused("signal", "only one of target and stop", "both or neither")
    long = call.side is SignalSide.LONG
    low, high = (call.stop, call.target) if long else (call.target, call.stop)
    if not low < price < high:
        bound = "stop, price, target" if long else "target, price, stop"
        told = f"target {call.target:f} and stop {call.stop:f} at {price:f}"
        return Refused("signal", told, f"{bound}, rising")
    factor = exact(settings.price_factor)
    if low < price / factor or high > price * factor:
        return Refused(
            "signal", f"levels {low:f} and {high:f}", f"within {factor} times {price:f}"
        )
    return None


def _too_many(
    call: Call, who: str, ledger: Ledger, settings: SignalSettings, now: datetime
) -> Refused | None:
    own = [record for record in ledger.signals.values() if record.signal.who == who]
    for record in own:
        if record.open and record.signal.call.instrument == call.instrument:
            # A call that could be taken back would never be wrong.
            told = f"{who} has {record.signal.id} open on {call.instrument}"
            return Refused("signal", told, "one at a time", "It is held to its word first.")
    if sum(record.signal.heard_at > now - _DAY for record in own) >= settings.calls_a_day:
        return Refused("signal", f"{who} has called enough", f"{settings.calls_a_day} in 24 hours")
    sources = {record.signal.who for record in ledger.signals.values()}
    if not own and len(sources) >= settings.most_sources:
        return Refused("signal", f"{len(sources)} sources are on record", "signals.most_sources")
    return None


# -------------------------------------------------------------------------- votes


def signal_votes(ledger: Ledger, instrument: str, at: datetime) -> dict[str, bool]:
    """Votes of unexpired calls on a candidate that began at `at`, by name of the witness.

    A long is a yes, a short a no. What was heard after `at` could have seen more than the
    candidate and has no vote, nor has what was heard while time was virtual.
    """
    return {
        SIGNAL + record.signal.who: record.signal.call.side is SignalSide.LONG
        for record in ledger.signals.values()
        if record.open
        and record.signal.counts
        and record.signal.call.instrument == instrument
        and record.signal.heard_at <= at < record.signal.until
    }


# -------------------------------------------------------------------------- held to its word


def ended(record: SignalRecord, bar: Bar, cost_frac: float) -> SignalResult | None:
    """How a call has ended with `bar`; None while it has not.

    It counts from the first close after it was heard (`SignalRecord.entry`). Where one bar holds
    both stop and target, the stop came first. A call with levels is right if its target came
    before its stop and its horizon, one without if the price stands in its direction at the first
    close at or after its horizon; either way only if that pays the round trip.

    Parameters
    ----------
    cost_frac : float, fraction of entry, >= 0
        Round trip of the instrument now.
    """
    if record.entry is None:
        return None
    call, entry = record.signal.call, record.entry
    leave, outcome = _touch(call, entry, bar)
    if outcome is None and bar.close_at < record.signal.until:
        return None
    if outcome is None:
        leave, outcome = exact(bar.close), SignalOutcome.HORIZON
    gross = float(leave / entry - 1) * (1.0 if call.side is SignalSide.LONG else -1.0)
    return SignalResult(
        outcome, _right(call, outcome, gross - cost_frac), entry, leave, gross, cost_frac
    )


def _right(call: Call, outcome: SignalOutcome, net_frac: float) -> bool | None:
    if outcome is SignalOutcome.VOID:
        return None
    if call.target is not None and outcome is not SignalOutcome.TARGET:
        return False
    return net_frac > 0.0


def _touch(call: Call, entry: Decimal, bar: Bar) -> tuple[Decimal, SignalOutcome | None]:
    """Price and kind of the level that was met, against the caller where it is not clear."""
    if call.target is None or call.stop is None:
        return entry, None
    # A short is a long of the price upside down.
    sign = 1 if call.side is SignalSide.LONG else -1
    first, worst, best = (
        (bar.open, bar.low, bar.high) if sign > 0 else (bar.open, bar.high, bar.low)
    )
    if sign * entry <= sign * call.stop:
        return entry, SignalOutcome.STOP
    if sign * entry >= sign * call.target:
        return entry, SignalOutcome.VOID
    if sign * exact(worst) <= sign * call.stop:
        gapped = sign * exact(first) <= sign * call.stop
        return (exact(first) if gapped else call.stop), SignalOutcome.STOP
    if sign * exact(best) >= sign * call.target:
        return call.target, SignalOutcome.TARGET
    return entry, None
