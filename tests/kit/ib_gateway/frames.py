"""Frames of the TWS API: four bytes of length, then fields that end in NUL.

Server version 178, the newest that ib_async 2.1 speaks. Field orders follow IB's published API.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kit.ib_gateway.venue import Contract, VenueExec, VenueOrder

SERVER_VERSION = 178


def frame(*fields: object) -> bytes:
    """One message."""
    body = "".join(f"{_text(field)}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


def _text(field: object) -> str:
    if isinstance(field, bool):
        return "1" if field else "0"
    return str(field)


def fields_of(body: bytes) -> list[str]:
    """Fields of one message's body."""
    return body.decode().split("\0")[:-1]


def placed(fields: Sequence[str]) -> dict[str, str]:
    """The fields of placeOrder that matter to a venue."""
    return {
        "order_id": fields[1],
        "con_id": fields[2],
        "symbol": fields[3],
        "sec_type": fields[4],
        "exchange": fields[9],
        "action": fields[16],
        "quantity": fields[17],
        "type": fields[18],
        "limit": fields[19],
        "stop": fields[20],
        "tif": fields[21],
        "oca_group": fields[22],
        "account": fields[23],
        "order_ref": fields[26],
        "transmit": fields[27],
        "outside_rth": fields[33],
        "oca_type": fields[46],
    }


def _contract(c: Contract) -> list[object]:
    return [c.con_id, c.symbol, c.sec_type, "", 0, "", "", c.exchange, "USD", c.symbol, c.symbol]


def _order(o: VenueOrder) -> list[object]:
    asked = o.asked
    return [
        *_contract(o.contract), asked["action"], o.quantity, asked["type"], asked["limit"],
        asked["stop"], asked["tif"], asked["oca_group"], asked["account"], "", 0, o.order_ref,
    ]  # fmt: skip


def open_order(o: VenueOrder) -> bytes:
    """openOrder (5)."""
    return frame(
        5, o.order_id, *_order(o), o.api_client, o.perm_id, o.asked["outside_rth"], 0, 0, "", "",
        "", "", "",
        "", "", "", "", "", 0, "", -1, 0, "", "", "", "", "", 0, 0, 0, 0, "", o.asked["oca_type"],
        0, 0, "", 0, 0, "", 0, "", "",
        0, 0, "", "", "", "", "",
        0, 0, 0, "", "", "", "",
        0, "", "", 0, 0, "",
        0, 0, o.status, *([""] * 9), "", "", "", "", "", 0, 0,
        0, "None", "", "", "", "", "", "", 0, "", "", "", "", 0, 0, 0, 0,
        "", "", 0, "", "", "", "", "",
    )  # fmt: skip


def completed_order(o: VenueOrder) -> bytes:
    """completedOrder (101): IB gives neither order id nor API client here."""
    return frame(
        101, *_order(o), o.perm_id, o.asked["outside_rth"], 0, 0, "", "", "", "",
        "", "", "", "", "", 0, "", -1, "", "", "", "", "", 0, 0, 0, "", o.asked["oca_type"], 0,
        "", 0, "", "",
        0, 0, "", "", "",
        0, 0, 0, "", "", "", "",
        "", "", 0, 0, "",
        0, o.status, 0, 0,
        0, "", "", "", 0, 0, "", o.filled, 0, 0, "", 0, 0, 0, "20260302 10:00:00 UTC", o.ending,
        "", "", "", "", "",
    )  # fmt: skip


def order_status(o: VenueOrder) -> bytes:
    """orderStatus (3)."""
    return frame(
        3, o.order_id, o.status, o.filled, o.quantity - o.filled, o.average, o.perm_id, 0,
        o.average, o.api_client, "", 0,
    )  # fmt: skip


def execution(request_id: int, e: VenueExec) -> bytes:
    """execDetails (11)."""
    o = e.order
    c = o.contract
    side = "BOT" if o.asked["action"] == "BUY" else "SLD"
    return frame(
        11, request_id, o.order_id, c.con_id, c.symbol, c.sec_type, "", 0, "", "", c.exchange,
        "USD", c.symbol, c.symbol, e.exec_id, f"{e.at:%Y%m%d %H:%M:%S} UTC", o.asked["account"],
        c.exchange, side, e.quantity, e.price, o.perm_id, o.api_client, 0, e.quantity, e.price,
        o.order_ref, "", "", "", 1, 0,
    )  # fmt: skip


def commission(e: VenueExec) -> bytes:
    """commissionReport (59)."""
    return frame(59, 1, e.exec_id, e.commission, e.commission_currency, "", "", "")


def contract_details(request_id: int, c: Contract) -> bytes:
    """contractData (10)."""
    return frame(
        10, request_id, c.symbol, c.sec_type, "", 0, "", c.exchange, "USD", c.symbol, c.symbol,
        c.symbol, c.con_id, c.min_tick, "", ",".join(c.order_types), "SMART", 1, 0, c.symbol,
        c.primary_exchange, "", "", "", "", "US/Eastern", "", "", "", 0, 0,
        1, "", "", "26", "", "ETF", c.min_size, c.size_increment, c.size_increment,
    )  # fmt: skip


def position(account: str, c: Contract, quantity: object) -> bytes:
    """position (61)."""
    return frame(
        61, 3, account, c.con_id, c.symbol, c.sec_type, "", 0, "", "", c.exchange, "USD",
        c.symbol, c.symbol, quantity, 0,
    )  # fmt: skip


def error(request_id: int, code: int, text: str) -> bytes:
    """errMsg (4)."""
    return frame(4, 2, request_id, code, text, "")
