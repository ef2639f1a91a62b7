"""Settings of places: Discord, schedule, journal file and log. They decide no trade.

Refuses secrets; nothing here is part of the settings' hash.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from engine.config.fields import Name, Section, Snowflake, frac, number, setting

_ID = "Discord id, or empty"
ChannelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]


class DiscordSettings(Section):
    """Where the bot lives and who may command it; the token is DISCORD_TOKEN."""

    owner_id: Snowflake = setting("", "The only one who approves and resumes", _ID)
    overseer_ids: tuple[Snowflake, ...] = setting(
        (), "Who may read everything and halt, people or bots", "Discord ids"
    )
    guild_id: Snowflake = setting("", "Guild to live in; empty where the bot has only one", _ID)
    category: Name = setting("Executor", "Category of both channels", "name")
    research_channel: ChannelName = setting(
        "research-trader", "Channel of scans and breakdowns", "name"
    )
    execution_channel: ChannelName = setting(
        "trader-execution", "Channel of proposals, fills and exits", "name"
    )
    read_halt_messages: bool = number(
        False,
        "Whether a plain message halt halts; needs the Message Content intent in the portal",
        "true or false",
    )
    read_signals: bool = number(
        False,
        "Whether calls said by signal_ids in the research channel go on record; needs the intent",
        "true or false",
    )
    signal_ids: tuple[Snowflake, ...] = setting(
        (), "Accounts whose calls are read there, people or bots", "Discord ids"
    )
    research_channel_id: Snowflake = setting("", "Takes the place of the name above", _ID)
    execution_channel_id: Snowflake = setting("", "Takes the place of the name above", _ID)

    @field_validator("overseer_ids", "signal_ids")
    @classmethod
    def _no_empty_id(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        if "" in ids:
            raise ValueError("must not hold an empty id")
        return ids


class ScheduleSettings(Section):
    """When the desk posts by itself."""

    scan_min_gap_seconds: float = number(
        5.0, "Least time between two scan posts in a fast replay", "real seconds", ge=0, le=3600
    )
    daily_summary_at: time = setting(time(0, 5), "Time of the daily summary", "HH:MM, UTC")
    weekly_review_on: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = setting(
        "mon", "Day of the weekly review", "mon, tue, wed, thu, fri, sat or sun"
    )
    weekly_review_at: time = setting(time(7, 0), "Time of the weekly review", "HH:MM, UTC")


class ReviewSettings(Section):
    """What the review reads beside the record, and the goal that it tracks."""

    trials: str = setting(
        "trials.jsonl",
        "Trial log of everything ever tried; without the file there is no full go",
        "path, or empty",
    )
    backtest: str = setting(
        "",
        "metrics.json of the backtest whose promise a pilot must keep; becomes part of the plan",
        "path, or empty",
    )
    goal_low_frac: float = frac(
        0.01, "Lower end of the stated daily goal: tracked, decides nothing", "equity a day"
    )
    goal_high_frac: float = frac(
        0.02, "Upper end of the stated daily goal: tracked, decides nothing", "equity a day"
    )

    @model_validator(mode="after")
    def _goal_is_a_range(self) -> ReviewSettings:
        if self.goal_low_frac > self.goal_high_frac:
            raise ValueError(
                f"goal_low_frac ({self.goal_low_frac}) must not be above goal_high_frac "
                f"({self.goal_high_frac})"
            )
        return self


class JournalSettings(Section):
    """Where the record is kept."""

    path: Path = setting(Path("executor.sqlite"), "File of the journal", "path")
    kill_file: str = setting(
        "",
        "One more file that halts the desk while it is there, beside the journal's own .halt",
        "path, or empty",
    )


class LogSettings(Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "Least severity that is written", "debug, info, warning or error"
    )
    format: Literal["text", "json"] = setting(
        "text", "How a line is written: for eyes, or one JSON object", "text or json"
    )
