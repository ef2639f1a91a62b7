"""What a scholar must still rule on: shown, and decided nowhere.

Refuses to answer any of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what the desk does until somebody answers it."""

    asks: str
    until_then: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Is bitcoin property that may be traded? Views differ: currency, asset, impermissible.",
        "It is bought live only once its form is attested by a name in config.toml.",
    ),
    Question(
        "Does a token on gold (PAXG) pass possession of allocated bars, and can it be redeemed?",
        "The same; unattested it trades on paper only.",
    ),
    Question(
        "Is metal at a broker allocated? Spot XAUUSD and XAGUSD at IBKR are unallocated London "
        "metal by the venue's own words; PHYS and PSLV are trusts of held bars.",
        "The same; what is unallocated may not be attested.",
    ),
    Question(
        "T+1: is it enough that title passes at the trade where nothing is resold before "
        "settlement?",
        "A lot that is not settled is not sold and has no resting stop.",
    ),
    Question(
        "Does a stop that rests at the venue sell what is not yet possessed, or promise a sale?",
        "Stops rest only on settled lots.",
    ),
    Question(
        "Stablecoin reserves earn interest: may one be used as cash?",
        "None is: the quote is the dollar.",
    ),
    Question(
        "The venue's other business (margin, lending, staking): may it be used for spot?",
        "Only allow-listed calls reach it; its ledger is watched.",
    ),
    Question(
        "Incidental interest: how much is to be given away, to whom, by when?",
        "It is summed in /purification; the owner notes what was given.",
    ),
    Question(
        "Zakat: gold or silver nisab, lunar or solar year, market or cost value, which debts?",
        "/zakat shows the figure for each choice and moves nothing.",
    ),
    Question(
        "Is frequent speculative trading blameworthy where each sale is valid?",
        "Entries a day are limited; the record is open to whoever judges.",
    ),
)
