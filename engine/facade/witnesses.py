"""The witnesses as the desk's guests see them: scouts, outside calls, and their records.

Refuses to decide any of it: a witness weighs what its own closed record says.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.model.actors import Actor
from engine.model.verdicts import Refused
from engine.views.voices import SignalsView, SignalView, SourcesView
from engine.views.witnesses import ScoutsView

if TYPE_CHECKING:
    from engine.engine import Engine


class WitnessDesk:
    """A wing of the door.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def scouts(self) -> ScoutsView:
        """What the scouts said, why they did not, and what their record makes of it."""
        return self._engine.present.scouts.all()

    def signals(self) -> SignalsView:
        """Outside calls: the open ones, then the newest that ended."""
        return self._engine.present.voices.signals()

    def sources(self) -> SourcesView:
        """Who called, how often they were right, and what their next vote would weigh."""
        return self._engine.present.voices.sources()

    async def add_signal(
        self,
        actor: Actor,
        who: str,
        instrument: str,
        side: str,
        horizon: str,
        *,
        target: Decimal | None = None,
        stop: Decimal | None = None,
        link: str = "",
    ) -> SignalView | Refused:
        """Put a call on record that somebody made elsewhere; needs the owner.

        Parameters
        ----------
        who : str
            Handle of the caller, 2 to 32 of a-z, 0-9, _ and .
        side : str
            ``long`` or ``short``.
        horizon : str
            A number with ``h``, ``d`` or ``w``.
        target, stop : Decimal or None, quote currency
            Both or neither.
        """
        from engine.desk.calls import call_of

        call = call_of(instrument.strip().upper(), side, horizon, target, stop, link)
        if isinstance(call, Refused):
            return call
        return await self._engine.listening.add(actor, who, call)

    async def overhear(self, actor: Actor, line: str) -> SignalView | Refused | None:
        """Put on record what an allow-listed account said, if it is a call and nothing else.

        Whether the account is allow-listed is the guest's to know, as who somebody is.

        Returns
        -------
        SignalView or Refused or None
            None for whatever is no call: it is data, and nothing of it is kept.
        """
        return await self._engine.listening.overhear(actor, line)
