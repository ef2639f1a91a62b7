"""The engine decides, records and acts; it knows nothing of who asks.

Refuses to import Discord; guests come in by ``engine.facade``.
"""
