"""Settings of the scouts: which server, which models, how often, and the bounds of each question.

Refuses to hide from the hash: another model is another witness, and moves the odds in time.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from engine.config.fields import Name, Section, frac, number, over_known, setting

Address = Annotated[str, Field(pattern=r"^(https?://[^\s]+)?$", max_length=300)]


class ScoutSettings(Section):
    """One scout: when it is asked and how long its word stands."""

    every_minutes: int = number(
        ..., "Time between two rounds, counted from midnight", "minutes", ge=1, le=1440
    )
    valid_minutes: int = number(
        ..., "How long an opinion may be heard by candidates", "minutes", ge=1, le=10_080
    )
    alert_frac: float = frac(
        ..., "Confidence from which long or exit is posted; 1 posts only certainty", "certainty"
    )

    @model_validator(mode="after")
    def _stands_until_the_next(self) -> ScoutSettings:
        if self.valid_minutes < self.every_minutes:
            raise ValueError(
                f"valid_minutes ({self.valid_minutes}) must not be below every_minutes "
                f"({self.every_minutes}): no opinion would stand until the next"
            )
        return self


def _scout(every: int, valid: int, alert: float) -> ScoutSettings:
    return ScoutSettings(every_minutes=every, valid_minutes=valid, alert_frac=alert)


KNOWN_SCOUTS: dict[str, ScoutSettings] = {
    "alpha": _scout(15, 90, 0.9),
    "beta": _scout(60, 300, 0.9),
    "gamma": _scout(240, 480, 0.9),
}


class ScoutsSettings(Section):
    """Three witnesses on an OpenAI-compatible server; without an address they are silent."""

    base_url: Address = setting(
        "", "Model server, such as http://127.0.0.1:1234/v1; empty asks nobody", "address"
    )
    provider: Name = setting("lm_studio", "Name under which its tokens are billed", "name")
    dialect: Literal["lm_studio", "deepseek", "generic"] = setting(
        "lm_studio", "How it wants to be asked for JSON", "lm_studio, deepseek or generic"
    )
    vision_model: Name = setting(
        "*qwen2.5-vl-3b*", "Model of Alpha and Beta, as /v1/models lists it", "pattern with *"
    )
    text_model: Name = setting(
        "*gemma-2-2b*", "Model of Gamma, as /v1/models lists it", "pattern with *"
    )
    answer_seconds: float = number(
        60.0, "Cap on one answer, attempts included", "real seconds", gt=0, le=600
    )
    load_seconds: float = number(
        180.0, "Cap on a model's first answer: it may have to be loaded", "real seconds",
        gt=0, le=1800,
    )  # fmt: skip
    round_seconds: float = number(
        600.0, "Cap on one round of questions", "real seconds", gt=0, le=3600
    )
    at_once: int = number(1, "Questions at the same time to one model", "count", ge=1, le=16)
    answer_tokens: int = number(500, "Cap on the tokens of one answer", "tokens", ge=50, le=8000)
    tokens_a_day: int = number(
        500_000, "Tokens of a UTC day after which scouts rest", "tokens", ge=0
    )
    attempts: int = number(
        2, "Attempts at one answer where nothing was billed or it was blank", "count", ge=1, le=5
    )
    level_tolerance_frac: float = number(
        0.005,
        "Farthest that a price a scout claims to see may be off before its opinion is void",
        "fraction of the price",
        gt=0,
        le=0.1,
    )
    alpha: ScoutSettings = Field(default_factory=lambda: KNOWN_SCOUTS["alpha"])
    beta: ScoutSettings = Field(default_factory=lambda: KNOWN_SCOUTS["beta"])
    gamma: ScoutSettings = Field(default_factory=lambda: KNOWN_SCOUTS["gamma"])

    @field_validator("alpha", "beta", "gamma", mode="before")
    @classmethod
    def _lay_over_the_known(cls, table: object, info: ValidationInfo) -> object:
        name = str(info.field_name)
        return over_known({name: KNOWN_SCOUTS[name]}, {name: table})[name]  # type: ignore[index]

    @property
    def scouts(self) -> dict[str, ScoutSettings]:
        """The three by name."""
        return {"alpha": self.alpha, "beta": self.beta, "gamma": self.gamma}

    @property
    def enabled(self) -> bool:
        """Whether there is a server to ask."""
        return bool(self.base_url)
