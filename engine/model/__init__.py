"""The nouns of the trade: frozen values, no behaviour that touches the world.

Refuses to know clocks, sockets, storage or Discord; time, seeds and prices come in as arguments.
"""
