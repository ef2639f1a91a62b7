"""The witnesses of a desk, made from its settings: who is asked, where, and with which bounds.

Refuses to ask anybody whose address nobody gave.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.clock import SystemClock
from engine.config import Secrets, Settings
from engine.config.addresses import is_here
from engine.llm import Caps, ChatClient, Dialect, Provider
from engine.metering.plan import meter_plan_of
from engine.ports import ChartPainter, Clock, Headlines, Scouts
from engine.scouts import Swarm, SwarmPlan

_NO_SERVER = "no model server"


@dataclass(frozen=True, slots=True)
class Aids:
    """What a desk may use beside its market.

    Attributes
    ----------
    secrets : Secrets or None
        Keys of venues and of model servers.
    painter : ChartPainter or None
        Draws charts for scouts that look at pictures.
    """

    secrets: Secrets | None = None
    painter: ChartPainter | None = None


NO_AIDS = Aids()


def scouts_of(
    settings: Settings, aids: Aids, clock: Clock, headlines: Headlines | None
) -> Scouts | None:
    """The swarm of ``[scouts]``; None where it names no server.

    Raises
    ------
    ConfigError
        If the address or the key cannot be one.
    """
    return swarm_of(settings, aids, clock, headlines) if settings.scouts.enabled else None


def swarm_of(
    settings: Settings, aids: Aids, clock: Clock, headlines: Headlines | None = None
) -> Swarm:
    """The swarm of ``[scouts]``.

    Raises
    ------
    ConfigError
        If the address or the key cannot be one.
    """
    client = ChatClient(scouts_provider(settings, aids.secrets))
    plan = swarm_plan(settings)
    return Swarm(client, plan, clock, SystemClock(), aids.painter, headlines)


def scouts_provider(settings: Settings, secrets: Secrets | None) -> Provider:
    """The server of the scouts.

    Raises
    ------
    ConfigError
        If the address or the key cannot be one.
    """
    scouts = settings.scouts
    key = secrets.lm_studio_api_key if secrets is not None else None
    return Provider(
        name=scouts.provider,
        base_url=scouts.base_url,
        dialect=Dialect(scouts.dialect),
        key=key.get_secret_value() if key is not None else "",
        local=is_here(scouts.base_url),
    )


def swarm_plan(settings: Settings) -> SwarmPlan:
    """Models and bounds of the swarm."""
    scouts = settings.scouts
    return SwarmPlan(
        vision_model=scouts.vision_model,
        text_model=scouts.text_model,
        answer=Caps(
            seconds=scouts.answer_seconds,
            answer_tokens=scouts.answer_tokens,
            attempts=scouts.attempts,
        ),
        load_seconds=scouts.load_seconds,
        round_seconds=scouts.round_seconds,
        at_once=scouts.at_once,
        level_tolerance_frac=scouts.level_tolerance_frac,
        prices=meter_plan_of(settings).prices,
    )


def silent_witnesses(settings: Settings, why_no_analyzer: str = "off") -> tuple[str, ...]:
    """Witnesses that cannot speak at all, each with the reason.

    Parameters
    ----------
    why_no_analyzer : str
        Why the analyzer is not asked; empty if it is.
    """
    mute = () if settings.scouts.enabled else ("Alpha", "Beta", "Gamma")
    scouts = tuple(f"{name} ({_NO_SERVER})" for name in mute)
    return (*scouts, f"Analyzer ({why_no_analyzer})") if why_no_analyzer else scouts
