"""Backtests, sweeps and labels over history; see docs/STRATEGY.md.

Refuses to touch a running desk.
"""
