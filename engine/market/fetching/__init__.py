"""A venue's past as a Parquet file: fetched page by page, kept as it comes, gone on with later.

Refuses bars that still form, files of another market, and a stretch that the venue cannot give.
"""

from __future__ import annotations

from engine.market.fetching.fetch import Fetched, FetchPlan, fetch_history
from engine.market.fetching.store import Stored, read_stored, write_stored

__all__ = [
    "FetchPlan",
    "Fetched",
    "Stored",
    "fetch_history",
    "read_stored",
    "write_stored",
]
