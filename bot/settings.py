"""What the bot must be told before it starts: whose it is, where it speaks, how often.

Refuses to read files or the environment; the composition root maps configuration to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class BotSettings:
    """Everything about Discord that is not a secret.

    Attributes
    ----------
    owner_id : int
        Discord id of B; 0 is refused by `ExecutorBot`.
    overseer_ids : frozenset of int
        Who may read everything and halt.
    guild_id : int or None
        The guild to work in; None takes the first one and registers commands globally.
    research_channel_id, execution_channel_id : int or None
        Existing channels to use instead of finding them by name.
    scan_min_gap_seconds : float, real seconds, >= 0
        Least time between two scan posts; only the newest scan waits.
    daily_summary_at, weekly_review_at : time, UTC
    weekly_review_on : str
        ``mon`` to ``sun``.
    read_halt_messages : bool
        Hear a halt that does not name the bot; asks for the Message Content intent.
    read_signals : bool
        Hear calls of `signal_ids` in the research channel; asks for the same intent.
    signal_ids : frozenset of int
        Accounts whose calls are heard there.
    auto_setup : bool
        Create the missing channels at start, as the sandbox wants.
    """

    owner_id: int
    overseer_ids: frozenset[int] = frozenset()
    guild_id: int | None = None
    category: str = "Executor"
    research_channel: str = "research-trader"
    execution_channel: str = "trader-execution"
    research_channel_id: int | None = None
    execution_channel_id: int | None = None
    scan_min_gap_seconds: float = 60.0
    daily_summary_at: time = time(0, 5)
    weekly_review_on: str = "mon"
    weekly_review_at: time = time(7, 0)
    read_halt_messages: bool = False
    read_signals: bool = False
    signal_ids: frozenset[int] = frozenset()
    auto_setup: bool = False
