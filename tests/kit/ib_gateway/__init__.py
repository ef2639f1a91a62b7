"""A loopback IB Gateway that speaks the TWS API as far as ib_async uses it for a desk.

The venue (orders, executions, cash, positions) outlives its connections, as the real one does.
"""

from tests.kit.ib_gateway.gateway import LoopbackGateway
from tests.kit.ib_gateway.venue import Contract, LoopbackVenue, VenueExec, VenueOrder

__all__ = ["Contract", "LoopbackGateway", "LoopbackVenue", "VenueExec", "VenueOrder"]
