"""Venues behind the one ``Broker`` port.

Refuses to know each other, the journal or Discord; see README.md for the flow of an order.
"""
