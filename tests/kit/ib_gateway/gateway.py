"""The gateway's sockets: one venue, many connections, faults on demand.

Stops by itself after `lifetime_seconds`, so that no test can leave it behind.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from tests.kit.ib_gateway import frames
from tests.kit.ib_gateway.venue import LoopbackVenue, VenueExec, VenueOrder

_LONGEST_FRAME = 1 << 20


class _Connection:
    """One API client."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.api_client = -1
        self.ready = False

    def send(self, *messages: bytes) -> None:
        for message in messages:
            self.writer.write(message)

    def drop(self) -> None:
        self.writer.transport.abort()


class LoopbackGateway:
    """IB Gateway on 127.0.0.1, for one test.

    Attributes
    ----------
    on_place : callable of (dict) or None
        Asked before an order is booked: ``"drop"`` loses it and the socket, ``"drop after"`` books
        it and drops before the answer, ``"mute"`` books it and answers nothing, ``"lose"`` neither
        books nor answers, ``(code, text)`` refuses it, ``None`` takes it.
    mute : set of int
        Requests, by message number, that get no answer.
    on_request : dict of int to callable
        What happens before a request, by message number, is handled.
    mangle : set of str
        ``orderRef`` of open orders that are listed in a way nobody can read.
    refuse : dict of int to (code, text)
        Requests that are answered with an error.
    hold_commissions, commission_first : bool
        Whether commission reports are kept back, or sent before the execution they belong to.
    """

    def __init__(
        self, venue: LoopbackVenue | None = None, *, lifetime_seconds: float = 60.0
    ) -> None:
        self.venue = venue or LoopbackVenue()
        self.port = 0
        self.on_place: Callable[[dict[str, str]], object] | None = None
        self.on_cancel: Callable[[VenueOrder], object] | None = None
        self.mute: set[int] = set()
        self.mangle: set[str] = set()
        self.refuse: dict[int, tuple[int, str]] = {}
        self.on_request: dict[int, Callable[[], None]] = {}
        self.busy_clients: set[int] = set()
        self.read_only = False
        self.hold_commissions = False
        self.commission_first = False
        self.requests: list[int] = []
        self.connections_made = 0
        self._lifetime = lifetime_seconds
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        await self.come_up()
        self._end = asyncio.get_running_loop().call_later(self._lifetime, self._stop)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._end is not None:
            self._end.cancel()
        await self.go_down()

    async def come_up(self) -> None:
        """Listen, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def go_down(self) -> None:
        """Close every socket and refuse new ones, as in the nightly restart."""
        tasks = list(self._tasks)
        self._stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self.drop()

    def drop(self) -> None:
        """Reset every connection."""
        for connection in self._connections:
            connection.drop()

    # ------------------------------------------------------------------ what tests make happen

    def tell(self, *messages: bytes) -> None:
        """Send to every client."""
        for connection in self._connections:
            if connection.ready:
                connection.send(*messages)

    def fill(self, order_ref: str, quantity: str, price: str) -> VenueExec:
        """Execute at the venue and report it to whoever is connected."""
        order = self.venue.named(order_ref)
        before = {o.perm_id: o.status for o in self.venue.orders}
        each = self.venue.execute(order, quantity, price)
        self.report(each)
        self.tell(frames.order_status(order))
        for other in self.venue.orders:
            if other is not order and before[other.perm_id] != other.status:
                self.tell(frames.order_status(other))
        return each

    def report(self, each: VenueExec) -> None:
        """Report an execution, perhaps not for the first time."""
        told, paid = frames.execution(-1, each), frames.commission(each)
        if self.hold_commissions:
            self.tell(told)
        elif self.commission_first:
            self.tell(paid, told)
        else:
            self.tell(told, paid)

    def pay(self, each: VenueExec) -> None:
        """Report a commission."""
        self.tell(frames.commission(each))

    def end(self, order_ref: str, status: str, ending: str, code: int = 0) -> None:
        """End an order at the venue and tell so."""
        order = self.venue.named(order_ref)
        self.venue.end(order, status, ending)
        if code:
            self.tell(frames.error(order.order_id, code, ending))
        self.tell(frames.order_status(order))

    def lose_servers(self) -> None:
        """1100: IB's servers are gone, the gateway lives."""
        self.tell(frames.error(-1, 1100, "Connectivity between IB and TWS has been lost."))

    def regain_servers(self, *, data_lost: bool = False) -> None:
        """1101 or 1102."""
        code = 1101 if data_lost else 1102
        self.tell(frames.error(-1, code, "Connectivity between IB and TWS has been restored"))

    # ------------------------------------------------------------------ wire

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = _Connection(writer)
        self._tasks.add(task)
        self._connections.add(connection)
        self.connections_made += 1
        try:
            assert await reader.readexactly(4) == b"API\0"
            await _frame(reader)
            connection.send(frames.frame(frames.SERVER_VERSION, "20260302 11:00:00 EST"))
            while True:
                self._handle(connection, frames.fields_of(await _frame(reader)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._connections.discard(connection)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._tasks.discard(task)

    def _handle(self, connection: _Connection, fields: list[str]) -> None:
        kind = int(fields[0])
        self.requests.append(kind)
        if kind in self.on_request:
            self.on_request[kind]()
        if kind in self.mute:
            return
        if kind in self.refuse:
            code, text = self.refuse[kind]
            connection.send(frames.error(_request_id(kind, fields), code, text))
            return
        answers = {
            3: self._place, 4: self._cancel, 7: self._executions, 9: self._details,
            16: self._open_orders, 49: self._time, 61: self._positions, 62: self._summary,
            71: self._start, 99: self._completed,
        }  # fmt: skip
        answer = answers.get(kind)
        if answer is not None:
            answer(connection, fields)

    def _start(self, connection: _Connection, fields: list[str]) -> None:
        connection.api_client = int(fields[2])
        if connection.api_client in self.busy_clients:
            text = "Unable to connect as the client id is already in use."
            connection.send(frames.error(-1, 326, text))
            connection.writer.close()
            return
        connection.ready = True
        connection.send(
            frames.frame(15, 1, self.venue.account),
            frames.frame(9, 1, self.venue.next_order_id),
            frames.error(-1, 2104, "Market data farm connection is OK:usfarm"),
        )

    def _place(self, connection: _Connection, fields: list[str]) -> None:
        asked = frames.placed(fields)
        order_id = int(asked["order_id"])
        if self.read_only:
            text = "Error validating request.-'bO' : cause - The API interface is currently in Read-Only mode."  # noqa: E501
            connection.send(frames.error(order_id, 321, text))
            return
        if order_id < self.venue.next_order_id and self._used(order_id, connection.api_client):
            connection.send(frames.error(order_id, 103, "Duplicate order id"))
            return
        what = self.on_place(asked) if self.on_place is not None else None
        if isinstance(what, tuple):
            connection.send(frames.error(order_id, *what))
            return
        if what in ("drop", "lose"):
            if what == "drop":
                connection.drop()
            return
        order = self.venue.take(asked, connection.api_client)
        if what == "drop after":
            connection.drop()
        elif what != "mute":
            connection.send(frames.open_order(order), frames.order_status(order))

    def _used(self, order_id: int, api_client: int) -> bool:
        return any((o.order_id, o.api_client) == (order_id, api_client) for o in self.venue.orders)

    def _cancel(self, connection: _Connection, fields: list[str]) -> None:
        order_id = int(fields[2])
        for order in self.venue.orders:
            if (order.order_id, order.api_client) != (order_id, connection.api_client):
                continue
            what = self.on_cancel(order) if self.on_cancel is not None else None
            if what == "mute":
                return
            if not order.open:
                text = f"OrderId {order_id} that needs to be cancelled cannot be cancelled, state: {order.status}."  # noqa: E501
                connection.send(frames.error(order_id, 10148, text))
                return
            self.venue.end(order, "Cancelled", "Cancelled by Trader")
            connection.send(
                frames.order_status(order), frames.error(order_id, 202, "Order Canceled - reason:")
            )
            return
        text = f"OrderId {order_id} that needs to be cancelled is not found."
        connection.send(frames.error(order_id, 10147, text))

    def _open_orders(self, connection: _Connection, _: list[str]) -> None:
        for order in self.venue.orders:
            if order.open and order.order_ref in self.mangle:
                connection.send(frames.frame(5, order.order_id, "what is this"))
            elif order.open:
                connection.send(frames.open_order(order), frames.order_status(order))
        connection.send(frames.frame(53, 1))

    def _completed(self, connection: _Connection, _: list[str]) -> None:
        for order in self.venue.orders:
            if not order.open:
                connection.send(frames.completed_order(order))
        connection.send(frames.frame(102))

    def _executions(self, connection: _Connection, fields: list[str]) -> None:
        number = int(fields[2])
        for each in self.venue.executions:
            connection.send(frames.execution(number, each))
            if not self.hold_commissions:
                connection.send(frames.commission(each))
        connection.send(frames.frame(55, 1, number))

    def _details(self, connection: _Connection, fields: list[str]) -> None:
        number, contract = int(fields[2]), self.venue.listed(fields[4], fields[5])
        if contract is None:
            text = "No security definition has been found for the request"
            connection.send(frames.error(number, 200, text))
            return
        connection.send(frames.contract_details(number, contract), frames.frame(52, 1, number))

    def _time(self, connection: _Connection, _: list[str]) -> None:
        connection.send(frames.frame(49, 1, int(self.venue.now.timestamp())))

    def _positions(self, connection: _Connection, _: list[str]) -> None:
        for contract in self.venue.contracts:
            quantity = self.venue.positions.get(contract.symbol)
            if quantity is not None:
                connection.send(frames.position(self.venue.account, contract, quantity))
        connection.send(frames.frame(62, 1))

    def _summary(self, connection: _Connection, fields: list[str]) -> None:
        number, v = int(fields[2]), self.venue
        lines = (
            ("AccountType", v.kind, ""),
            ("SettledCash", v.settled_usd, v.settled_currency),
            ("AvailableFunds", v.available, v.settled_currency),
            ("BuyingPower", v.buying_power, v.settled_currency),
            ("CashBalance", v.cash_usd, "USD"),
        )
        for tag, value, currency in lines:
            if value:
                connection.send(frames.frame(63, 1, number, v.account, tag, value, currency))
        connection.send(frames.frame(64, 1, number))


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if length > _LONGEST_FRAME:
        raise ConnectionError(f"a frame of {length} bytes")
    return await reader.readexactly(length)


def _request_id(kind: int, fields: list[str]) -> int:
    where = {3: 1, 4: 2, 7: 2, 9: 2, 62: 2}.get(kind)
    return -1 if where is None else int(fields[where])
