"""Settings of the analyzer: when it is asked, whom, and within which bounds.

Refuses to ask anybody by default: a memo costs money. Its key is DEEPSEEK_API_KEY, from the
environment only; its month's budget and prices stand under ``[meter]``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from engine.config.addresses import SecureAddress
from engine.config.fields import Exact, Name, Section, number, setting


class AnalyzerSettings(Section):
    """Reads large and contested proposals again; it can lower odds or ask B, and nothing more."""

    enabled: bool = number(False, "Whether memos are asked for; each costs money", "true or false")
    above_usd: Exact = setting(
        Decimal(1000), "Notional of a proposal from which on a memo is wanted", "US dollars", ge=0
    )
    contested_frac: float = number(
        0.3,
        "Share of the evidence that pulls against its sum from which on a memo is wanted",
        "fraction of the absolute weighted log-odds",
        gt=0,
        le=0.5,
    )
    base_url: SecureAddress = setting("https://api.deepseek.com", "Its server", "address")
    provider: Name = setting("deepseek", "Name under which its tokens are billed", "name")
    dialect: Literal["deepseek", "lm_studio", "generic"] = setting(
        "deepseek", "How it wants to be asked for JSON", "deepseek, lm_studio or generic"
    )
    model: Name = setting("deepseek-flash", "Its model", "name")
    answer_seconds: float = number(
        45.0, "Cap on one memo, attempts included", "real seconds", gt=0, le=300
    )
    answer_tokens: int = number(900, "Cap on the tokens of one answer", "tokens", ge=100, le=8000)
    attempts: int = number(
        2, "Attempts where nothing was billed or the answer was blank", "count", ge=1, le=5
    )
    fact_tolerance_frac: float = number(
        0.01,
        "Farthest that a number a memo relies on may be off before the memo is void",
        "fraction of the number",
        ge=0,
        le=0.1,
    )
    headlines: int = number(8, "Headlines that it is given at most", "count", ge=0, le=50)
