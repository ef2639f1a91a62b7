"""Outside voices: calls that go on record, by command or by message, and nothing more.

Refuses whatever is not a call in the one strict form; of that nothing is kept or answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.config.voices import SignalSettings
from engine.desk.calls import call_in, source_named
from engine.desk.costing import Costing
from engine.desk.present import Present
from engine.desk.signals import ended, signal_of
from engine.engine.recorder import Recorder
from engine.engine.turns import Turns
from engine.journal.ledger import Ledger
from engine.model import events as happened
from engine.model.actors import Actor, Permission
from engine.model.bars import BarsClosed, Timeframe
from engine.model.signals import Call, Signal, SignalVia
from engine.model.verdicts import Refused
from engine.ports import Clock
from engine.views import SignalView


@dataclass(frozen=True, slots=True)
class Listening:
    """What people outside say of the market.

    Attributes
    ----------
    counts : bool
        Whether calls may vote: only where time is real.
    """

    turns: Turns
    clock: Clock
    recorder: Recorder
    present: Present
    settings: SignalSettings
    watched: tuple[str, ...]
    timeframe: Timeframe
    counts: bool

    async def add(self, actor: Actor, who: str, call: Call) -> SignalView | Refused:
        """Put a call on record that somebody made elsewhere; needs the owner."""
        source = source_named(who)
        if isinstance(source, Refused):
            return source
        return await self.turns.take(lambda: self._add(actor, source, call))

    async def _add(self, actor: Actor, who: str, call: Call) -> SignalView | Refused:
        refused = await self.recorder.permit(actor, Permission.DECIDE, "record a signal")
        if refused is not None:
            return refused
        return await self._hear(actor, who, call, SignalVia.COMMAND)

    async def overhear(self, actor: Actor, line: str) -> SignalView | Refused | None:
        """Put on record what an allow-listed account said, if it is a call and nothing else.

        Returns
        -------
        SignalView or Refused or None
            None for whatever is no call; it is data, and passed over.
        """
        call = call_in(line)
        if call is None:
            return None
        who = f"discord:{actor.id}"
        return await self.turns.take(lambda: self._hear(actor, who, call, SignalVia.MESSAGE))

    async def _hear(
        self, actor: Actor, who: str, call: Call, via: SignalVia
    ) -> SignalView | Refused:
        signal = signal_of(
            call,
            who,
            via,
            ledger=self.recorder.ledger,
            watched=self.watched,
            timeframe=self.timeframe,
            settings=self.settings,
            now=self.clock.now(),
            counts=self.counts,
        )
        if isinstance(signal, Signal):
            await self.recorder.record(happened.SignalHeard(signal, actor))
            return self.present.voices.signal(self.recorder.ledger.signals[signal.id])
        return signal


def calls_ended(
    ledger: Ledger, batch: BarsClosed, costing: Costing
) -> Iterable[happened.SignalClosed]:
    """Open calls that the bars of `batch` end, each held to its word."""
    cost_of = costing.fracs(batch.at)
    bars = {bar.instrument: bar for bar in batch.bars}
    for name, record in ledger.signals.items():
        bar = bars.get(record.signal.call.instrument)
        if bar is None or not record.open:
            continue
        result = ended(record, bar, cost_of(bar.instrument, bar.close))
        if result is not None:
            yield happened.SignalClosed(name, result)
