"""A venue that plays Kraken on this machine, and the drill of the live path against it.

Refuses every address that is not loopback: nothing here can reach a real venue.
"""
