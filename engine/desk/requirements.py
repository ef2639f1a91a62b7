"""What must be true before a desk may trade real money, as its record and settings tell it.

Refuses to take silence for consent and the unknown for met: each line says what is missing, and
what mends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.config import Settings
from engine.journal.ledger import Ledger
from engine.model.actors import Actor, Role
from engine.model.verdicts import Refused
from engine.review.plan import as_mode
from engine.review.standing import standing_of

_HOW = "see docs/howto/live.md"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that live needs.

    Attributes
    ----------
    met : bool or None
        None where nobody can tell; that is not met.
    mend : str
        What to do, one clause; empty where it is met.
    """

    thing: str
    met: bool | None
    detail: str
    mend: str = ""

    @property
    def sentence(self) -> str:
        """The line for people."""
        return f"{self.thing}: {self.detail}" + (f"; {self.mend}" if self.mend else "")


def unmet(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Those that are not proved to be met."""
    return tuple(each for each in requirements if each.met is not True)


def requirements_of(settings: Settings, ledger: Ledger) -> tuple[Requirement, ...]:
    """Everything that record and settings can tell, in the order in which it is mended."""
    return (
        _mode(settings),
        _owner(settings),
        _place(settings),
        *_forms(settings),
        *_venues(settings),
        _record(ledger),
        _kill(ledger),
        _review(settings, ledger),
        _word(settings, ledger),
        _flat(ledger),
    )


def unlock_phrase(parameters_hash: str) -> str:
    """What the owner types to unlock live over a review of these settings.

    Examples
    --------
    >>> unlock_phrase("0123456789abcdef")
    'trade real money as reviewed 01234567'
    """
    return f"trade real money as reviewed {parameters_hash[:8]}"


def before_unlocking(settings: Settings, ledger: Ledger) -> tuple[Requirement, ...]:
    """What the owner's word must wait for: a sound record, no kill, a go of these settings."""
    return unmet((_record(ledger), _kill(ledger), _review(settings, ledger)))


def cannot_unlock(ledger: Ledger, settings: Settings, actor: Actor, phrase: str) -> Refused | None:
    """Whether `actor` may unlock live with these words: the owner alone, over a go, word by word.

    Returns
    -------
    Refused or None
        None when the unlocking may be journaled.
    """
    if actor.role is not Role.OWNER:
        return Refused("live", f"asked by {actor.name}", "the owner", "Ask the owner.")
    wanting = before_unlocking(settings, ledger)
    if wanting:
        told = "; ".join(each.sentence for each in wanting)
        return Refused("live", told, "a review that says GO, of these settings")
    wanted = unlock_phrase(as_mode(settings, "paper").hash)
    if " ".join(phrase.split()) != wanted:
        return Refused("live", "the phrase is another one", f"exactly: {wanted}", "Type it again.")
    return None


def _mode(settings: Settings) -> Requirement:
    if settings.desk.mode == "live":
        return Requirement("mode", True, "desk.mode is live")
    mend = 'set desk.mode = "live" in config.toml once the rest is true'
    return Requirement("mode", False, "desk.mode is paper", mend)


def _owner(settings: Settings) -> Requirement:
    if settings.discord.owner_id:
        return Requirement("owner", True, f"Discord user {settings.discord.owner_id}")
    mend = "set discord.owner_id in config.toml to your Discord user id"
    return Requirement("owner", False, "nobody owns the desk", mend)


def _place(settings: Settings) -> Requirement:
    if settings.law is not None:
        return Requirement("jurisdiction", True, settings.law.name)
    mend = 'set compliance.jurisdiction, for example "CA-ON"'
    return Requirement("jurisdiction", False, "none is set, so nobody knows the law", mend)


def _forms(settings: Settings) -> Iterable[Requirement]:
    for each in settings.watched:
        thing = f"form of {each.symbol}"
        if each.attested_by:
            yield Requirement(thing, True, f"{each.form}, attested by {each.attested_by}")
        else:
            mend = (
                f"have it attested and write the name as instruments.{each.symbol}.attested_by, "
                "or take it out of desk.watch"
            )
            yield Requirement(thing, False, "nobody has attested it", mend)


def _venues(settings: Settings) -> Iterable[Requirement]:
    law = settings.law
    for each in settings.watched if law is not None else ():
        allowed = law is not None and each.venue in law.venues
        detail = f"{each.venue} {'may' if allowed else 'may not'} serve {law.name if law else ''}"
        mend = "" if allowed else f"take {each.symbol} out of desk.watch, or name another venue"
        yield Requirement(f"venue of {each.symbol}", allowed, detail, mend)


def _record(ledger: Ledger) -> Requirement:
    if ledger.opened_at is None:
        mend = "run the desk on paper first, for at least eight weeks"
        return Requirement("record", False, "nothing was ever traded on paper here", mend)
    if ledger.mode == "rehearsal":
        mend = "name the paper record with --db"
        return Requirement("record", False, "it is the record of a rehearsal", mend)
    if ledger.simulated:
        mend = "run on paper at a venue's public market, with a record of its own"
        return Requirement("record", False, "it was made on a simulated market", mend)
    if ledger.broken:
        mend = "find out why, mend it, and begin a new record"
        return Requirement("record", False, f"it contradicts itself: {ledger.broken[-1]}", mend)
    return Requirement(
        "record", True, f"open since {ledger.opened_at:%Y-%m-%d} on {ledger.market}"
    )


def _kill(ledger: Ledger) -> Requirement:
    if ledger.paper_only_since is None:
        return Requirement("drawdown kill", True, "it has never tripped")
    detail = f"it sent this desk back to paper on {ledger.paper_only_since:%Y-%m-%d %H:%M} UTC"
    mend = "set desk.mode to paper; a new record has to earn live again"
    return Requirement("drawdown kill", False, detail, mend)


def _review(settings: Settings, ledger: Ledger) -> Requirement:
    standing, plan = standing_of(ledger), ledger.registration
    if standing.verdict is None:
        mend = "run executor review once eight weeks of paper are on record"
        return Requirement("review", None, standing.reason.rstrip("."), mend)
    if not standing.goes:
        mend = "executor review says what each gate still needs"
        return Requirement("review", False, f"the verdict is {standing.verdict}", mend)
    now, reviewed = as_mode(settings, "paper").hash, plan.event.parameters_hash if plan else ""
    if reviewed != now:
        detail = f"{standing.verdict} was for the settings {reviewed[:12]}, not for {now[:12]}"
        mend = "go back to the reviewed settings, or let the eight weeks begin again"
        return Requirement("review", False, detail, mend)
    return Requirement("review", True, f"{standing.verdict}, of these very settings")


def _word(settings: Settings, ledger: Ledger) -> Requirement:
    unlocked, plan = ledger.unlocked, ledger.registration
    if unlocked is None or plan is None or unlocked.plan_seq != plan.seq:
        typed = f"B types: {unlock_phrase(as_mode(settings, 'paper').hash)}"
        mend = typed if standing_of(ledger).goes else f"first the review; {_HOW}"
        return Requirement("owner's word", False, "B has not unlocked live", mend)
    if unlocked.by.id != settings.discord.owner_id:
        detail = f"live was unlocked by user {unlocked.by.id}, who does not own the desk now"
        return Requirement("owner's word", False, detail, "the present owner unlocks it anew")
    told = f"given by {unlocked.by.name} on {unlocked.at:%Y-%m-%d %H:%M} UTC"
    return Requirement("owner's word", True, told)


def _flat(ledger: Ledger) -> Requirement:
    if ledger.mode == "live" or not (ledger.positions or ledger.open_orders()):
        return Requirement("paper positions", True, "none are open")
    held = ", ".join(each.instrument for each in ledger.positions.values()) or "an order"
    mend = "close them on paper first: they are not real"
    return Requirement("paper positions", False, f"{held} is open on paper", mend)
