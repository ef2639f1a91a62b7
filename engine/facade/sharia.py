"""The law as the desk's guests see it: invariants, ledger lines, zakat, purification.

Refuses to decide any of it; what changes the record needs the owner and a reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from engine.model.actors import Actor
from engine.model.verdicts import Refused
from engine.views.sharia import PurificationView, ShariaView, ZakatReport

if TYPE_CHECKING:
    from engine.engine import Engine


class ShariaDesk:
    """A wing of the door.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self) -> ShariaView:
        """Every invariant with its attempts, what waits, and what a scholar must rule on."""
        return self._engine.present.sharia.state()

    def zakat(self, nisab: str = "", year: str = "") -> ZakatReport | Refused:
        """What zakat on the desk's goods would come to now; moves nothing.

        Parameters
        ----------
        nisab : str
            ``gold`` or ``silver``; empty takes config.toml's.
        year : str
            ``lunar`` or ``solar``; empty takes config.toml's.
        """
        from engine.compliance.zakat import Nisab, ZakatYear
        from engine.desk.zakat import ZakatChoice

        if nisab not in ("", *Nisab) or year not in ("", *ZakatYear):
            return Refused("zakat", f"{nisab} {year}".strip(), "gold or silver, lunar or solar")
        choice = ZakatChoice(
            nisab=Nisab(nisab) if nisab else None, year=ZakatYear(year) if year else None
        )
        return self._engine.present.sharia.zakat(choice)

    def purification(self) -> PurificationView:
        """Incidental interest that was received, and what was done about it."""
        return self._engine.present.sharia.purification()

    async def classify(
        self, actor: Actor, venue: str, kind: str, meaning: str, reason: str
    ) -> ShariaView | Refused:
        """Say what an unknown kind of ledger line means; needs the owner and a reason."""
        return await self._engine.law.classify(actor, venue, kind, meaning, reason)

    async def give(
        self, actor: Actor, amount_usd: Decimal, reason: str
    ) -> PurificationView | Refused:
        """Note that incidental interest was given away; needs the owner and a reason."""
        return await self._engine.law.give(actor, amount_usd, reason)
