"""Witnesses: models that look at charts and numbers, and the analyzer.

Refuses to decide: a witness has weight only from its own record.
"""
