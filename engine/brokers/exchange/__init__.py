"""Spot exchanges behind the ``Broker`` port: Kraken and Coinbase, by way of ccxt.

Refuses margin, leverage and every call that is not on compliance's allow-list; and refuses to
send an order again whose answer was lost. README.md of ``engine/brokers`` tells the whole path.
"""
