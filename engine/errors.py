"""The tree of faults. A refusal is a value, not an exception; these are for what went wrong.

Every message names the thing and the mend in one line, fit to be shown to the owner.
"""

from __future__ import annotations

from datetime import datetime


class ExecutorError(Exception):
    """Root of every fault that Executor raises on purpose."""


class ConfigError(ExecutorError):
    """A setting is missing, unknown or out of range."""


class MarketDataError(ExecutorError):
    """A market observation cannot be used."""


class StaleData(MarketDataError):
    """The newest observation is too old to act on."""


class DataGap(MarketDataError):
    """Bars that should exist are missing."""


class BadTick(MarketDataError):
    """An observation contradicts itself or its neighbours."""


class BrokerError(ExecutorError):
    """The venue did not do as asked."""


class BrokerUnavailable(BrokerError):
    """Nothing was sent: safe to try again."""


class OutcomeUnknown(BrokerError):
    """The order may be live: reconcile by client id, never resend blind.

    Attributes
    ----------
    ask_again_at : datetime or None, aware UTC
        When the venue can prove what became of it; None where that is not known.
    """

    def __init__(self, message: str, ask_again_at: datetime | None = None) -> None:
        super().__init__(message)
        self.ask_again_at = ask_again_at


class BeyondProof(OutcomeUnknown):
    """The venue can never say any more what became of the order: the owner has to look."""


class JournalError(ExecutorError):
    """The journal cannot be read or written."""


class SequenceConflict(JournalError):
    """Somebody else has written to this stream: two desks share one journal."""


class CorruptJournal(JournalError):
    """The hash chain or a payload does not verify."""


class UnknownEventVersion(JournalError):
    """The journal was written by a newer Executor."""


class ResearchError(ExecutorError):
    """A study cannot be run, or not honestly, as it was asked for."""


class LockedFifth(ResearchError):
    """The last fifth of a history was opened before: it is no test of anything new."""


class InvariantBroken(ExecutorError):
    """Something that must never happen did: the desk halts and stays halted."""


class ForbiddenCall(InvariantBroken):
    """Something asked a venue for what is not on the allow-list; nothing was sent."""
