"""One look at the gateway for the doctor: does it answer, for whom, and what kind of account.

Refuses to place, cancel or change anything, and uses an API client number of its own, so that a
running desk is not disturbed.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.brokers.ibkr.account import account_fault, account_of, port_fault
from engine.brokers.ibkr.session import Gateway
from engine.brokers.ibkr.wire import Wire

_ASIDE = 10_000
"""Added to the desk's API client number."""


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """What the gateway showed.

    Attributes
    ----------
    sentence : str
        Account, kind and protocol version, one line.
    fault : str
        Why the desk may not trade through it; empty if it may.
    """

    sentence: str
    fault: str


async def probe(gateway: Gateway) -> GatewayFacts:
    """Connect, ask for time and account, and leave.

    Raises
    ------
    BrokerUnavailable
        If it does not answer; the line says why and what to do.
    """
    wire = Wire(gateway.request_seconds, lambda _: None)
    try:
        await wire.open(gateway.host, gateway.port, gateway.api_client + _ASIDE, gateway.account)
        await wire.clock()
        account = account_of(gateway.account, await wire.account_values())
        fault = account_fault(account, wire.accounts, live=gateway.live)
        hint = port_fault(gateway.port, live=gateway.live)
        told = f"{gateway.host}:{gateway.port} answers, protocol {wire.server_version}"
        if account.id in wire.accounts:
            kind = "paper" if account.is_paper else "live"
            told += f"; {account.id} is a {kind} account, {account.leverage}"
        return GatewayFacts(told, f"{fault}; {hint}" if fault and hint else fault)
    finally:
        wire.close()
