"""The append-only, hash-chained record from which the desk is folded; see docs/journal.md.

Refuses edits. Nothing is re-exported here, so that the pure fold can be imported without SQLite.
"""
