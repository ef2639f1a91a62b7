"""Interactive Brokers behind the ``Broker`` port, through ib_async and a local IB Gateway.

Refuses margin accounts, contracts that are none of the four known ones, and every blind resend:
what may have arrived is looked up by its ``orderRef`` among open orders, completed orders and
executions. Flow: ``broker`` asks ``session`` for a connection whose data is in, ``session`` owns
the one ``wire``, and everything past the wire is plain exact data (``facts``), never ib_async's.
"""
