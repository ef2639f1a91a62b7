"""The analyzer of a desk, made from its settings: whether it is asked, whom, with which bounds.

Refuses to ask where time is virtual: a model may have read the past, and its prices are real.
"""

from __future__ import annotations

from engine.analyzer import Analyzer, AnalyzerPlan
from engine.config import Secrets, Settings
from engine.config.addresses import is_here
from engine.llm import Caps, ChatClient, Dialect, Provider
from engine.metering.plan import meter_plan_of
from engine.opening.witnesses import Aids
from engine.ports import Analyst, Clock
from engine.views import MarketView


def why_not_asked(settings: Settings, aids: Aids, *, paced: bool) -> str:
    """Why the analyzer is not asked, in a few words; empty if it is.

    Parameters
    ----------
    paced : bool
        Whether time is virtual.
    """
    if not settings.analyzer.enabled:
        return "off"
    if paced:
        return "not asked in virtual time"
    if not _key(aids.secrets) and not is_here(settings.analyzer.base_url):
        return "no DEEPSEEK_API_KEY"
    return ""


def analyst_of(settings: Settings, aids: Aids, market: MarketView, clock: Clock) -> Analyst | None:
    """The analyzer of ``[analyzer]``; None where it is not asked.

    Raises
    ------
    ConfigError
        If the address or the key cannot be one.
    """
    if why_not_asked(settings, aids, paced=market.paced):
        return None
    chosen = settings.analyzer
    caps = Caps(chosen.answer_seconds, chosen.answer_tokens, attempts=chosen.attempts)
    plan = AnalyzerPlan(
        model=chosen.model,
        caps=caps,
        fact_tolerance_frac=chosen.fact_tolerance_frac,
        prices=meter_plan_of(settings).prices,
    )
    return Analyzer(ChatClient(analyzer_provider(settings, aids.secrets)), plan, clock)


def analyzer_provider(settings: Settings, secrets: Secrets | None) -> Provider:
    """The server of the analyzer.

    Raises
    ------
    ConfigError
        If the address or the key cannot be one.
    """
    chosen = settings.analyzer
    return Provider(
        name=chosen.provider,
        base_url=chosen.base_url,
        dialect=Dialect(chosen.dialect),
        key=_key(secrets),
        local=is_here(chosen.base_url),
    )


def _key(secrets: Secrets | None) -> str:
    key = secrets.deepseek_api_key if secrets is not None else None
    return key.get_secret_value() if key is not None else ""
