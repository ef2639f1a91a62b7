"""One connection to the gateway: each request once, bounded in time, answered in plain data.

Refuses to be used again after a request timed out: a late answer could be mistaken for the answer
to the next request, and a list cut in half would look like proof that an order does not exist.
Refuses calls that are not on the allow-list of engine/compliance.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from engine.brokers.ibkr.codes import CLIENT_ID_IN_USE, LOST, RESTORED, Meaning, meaning
from engine.brokers.ibkr.facts import (
    TAKEN_STATES,
    AccountValue,
    Fault,
    Holding,
    Listing,
    VenueExecution,
    VenueOrder,
)
from engine.brokers.ibkr.reading import (
    account_value,
    completed_order,
    execution,
    holding,
    listing,
    open_order,
)
from engine.brokers.ibkr.tickets import Answer, Outcome, Ticket, as_ib
from engine.compliance import check_gateway_call
from engine.errors import BrokerUnavailable, ForbiddenCall

if TYPE_CHECKING:
    import ib_async

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")
_SUMMARY_TAGS = "AccountType,SettledCash,AvailableFunds,BuyingPower,NetLiquidation,$LEDGER:ALL"
_ID_STRIDE = 100
_SEEN_COUNT = 200
_PROVING = (5, 11, 101)  # openOrder, execDetails, completedOrder: their absence proves something


class Wire:
    """A connection that has been opened, until it is lost.

    Parameters
    ----------
    request_seconds : float, > 0
        Longest wait for one answer.
    on_execution : callable of VenueExecution
        Hears of each execution as it happens: a drop would take it away before it is asked for.

    Attributes
    ----------
    linked : bool
        Whether the gateway has IB's servers; without them it answers from memory.
    stirred : int
        Counts everything heard about orders and executions: unchanged means nothing new.
    upheavals : int
        Counts losses of IB's servers and returns, and messages about orders that could not be
        read: what was asked before proves nothing after.
    """

    def __init__(
        self, request_seconds: float, on_execution: Callable[[VenueExecution], None]
    ) -> None:
        self._seconds = request_seconds
        self._on_execution = on_execution
        self._ib = _new_ib()
        self._client: Any = self._ib.client  # without annotations in ib_async
        self._turn = asyncio.Lock()
        self._waiting: dict[int, _Waiting] = {}
        self._endings: dict[int, str] = {}
        self.faults: list[Fault] = []
        self.linked = True
        self.stirred = 0
        self.upheavals = 0
        self._ib.errorEvent += self._heard
        self._ib.orderStatusEvent += self._seen
        self._ib.openOrderEvent += self._seen
        self._ib.execDetailsEvent += self._executed
        self._ib.disconnectedEvent += self._dropped
        self._keep_endings()
        self._notice_unreadable()

    # ------------------------------------------------------------------ the connection

    @property
    def alive(self) -> bool:
        """Whether the socket is up; the data may still be stale, see `linked`."""
        return self._ib.isConnected()

    @property
    def accounts(self) -> tuple[str, ...]:
        """Accounts that the gateway is logged in to."""
        return tuple(self._ib.managedAccounts())

    @property
    def server_version(self) -> int:
        """Protocol version that was agreed on."""
        return int(self._client.serverVersion())

    async def open(self, host: str, port: int, api_client: int, account: str) -> None:
        """Connect, or say in one line why not.

        Raises
        ------
        BrokerUnavailable
            If nobody listens, the client id is in use, or the gateway does not answer in time.
        """
        refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client.apiError += lambda _: refused.cancel()
        nothing = _startup_fetch_nothing()
        opening = asyncio.ensure_future(
            self._ib.connectAsync(
                host, port, api_client, self._seconds, account=account,
                raiseSyncErrors=True, fetchFields=nothing,
            )
        )  # fmt: skip
        try:
            await asyncio.wait({opening, refused}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
            await opening
        except (OSError, TimeoutError, asyncio.CancelledError):
            self.close()
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise BrokerUnavailable(self._why_not_open(host, port, api_client)) from None
        finally:
            opening.cancel()
            refused.cancel()

    def _why_not_open(self, host: str, port: int, api_client: int) -> str:
        where = f"the IB Gateway at {host}:{port}"
        if any(fault.code == CLIENT_ID_IN_USE for fault in self.faults):
            return (
                f"{where} already serves a client {api_client}: stop the other program, or give "
                "brokers.ibkr.api_client another number"
            )
        return f"{where} does not answer: start it, log in and let it accept API connections"

    def close(self) -> None:
        """Let go of the socket; whoever waits is told that the outcome is unknown."""
        self._dropped()
        if self._client.isConnected():
            self._client.disconnect()

    # ------------------------------------------------------------------ questions

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """Every order of the login that may still trade, also those placed by hand."""
        found = await self._ask("reqAllOpenOrders", self._ib.reqAllOpenOrdersAsync)
        return tuple(open_order(trade) for trade in found)

    async def completed_orders(self) -> tuple[VenueOrder, ...]:
        """Orders that ended today, as far as the gateway remembers."""
        found = await self._ask(
            "reqCompletedOrders", lambda: self._ib.reqCompletedOrdersAsync(apiOnly=False)
        )
        return tuple(
            completed_order(trade, self._endings.get(trade.order.permId, "")) for trade in found
        )

    async def ask_executions(self) -> tuple[VenueExecution, ...]:
        """Today's executions asked for again, with those heard of meanwhile."""
        await self._ask("reqExecutions", self._ib.reqExecutionsAsync)
        return self.executions()

    def executions(self) -> tuple[VenueExecution, ...]:
        """Executions that this connection has heard of, without asking."""
        return tuple(execution(fill) for fill in self._ib.fills())

    async def holdings(self) -> tuple[Holding, ...]:
        """Positions of all accounts of the login."""
        await self._ask("reqPositions", self._ib.reqPositionsAsync)
        return tuple(holding(position) for position in self._ib.positions())

    async def account_values(self) -> tuple[AccountValue, ...]:
        """The account's cash and kind, asked for now: a kept subscription may be minutes old."""
        wrapper: Any = self._ib.wrapper

        async def summary() -> None:
            number = self._client.getReqId()
            answered = wrapper.startReq(number)
            self._client.reqAccountSummary(number, "All", _SUMMARY_TAGS)
            try:
                await answered
            finally:
                if self._client.isConnected():
                    self._client.cancelAccountSummary(number)

        wrapper.acctSummary.clear()
        await self._ask("reqAccountSummary", summary)
        return tuple(account_value(value) for value in wrapper.acctSummary.values())

    async def listings(
        self, symbol: str, sec_type: str, exchange: str, currency: str
    ) -> tuple[Listing, ...]:
        """What IB lists under these terms; empty if nothing (code 200)."""
        import ib_async

        wanted = ib_async.Contract(
            symbol=symbol, secType=sec_type, exchange=exchange, currency=currency
        )
        try:
            found = await self._ask(
                "reqContractDetails", lambda: self._ib.reqContractDetailsAsync(wanted)
            )
        except RequestRefused as refused:
            if refused.fault.code == 200:
                return ()
            raise
        return tuple(listing(details) for details in found)

    async def clock(self) -> None:
        """Ask the gateway for its time: the cheapest proof that it answers."""
        await self._ask("reqCurrentTime", self._ib.reqCurrentTimeAsync)

    async def _ask(self, name: str, request: Callable[[], Awaitable[_T]]) -> _T:
        import ib_async

        _require_allowed(name)
        async with self._turn:
            self._require_alive()
            try:
                async with asyncio.timeout(self._seconds):
                    return await request()
            except TimeoutError:
                self.close()
                raise BrokerUnavailable(
                    f"the IB Gateway did not answer {name} in {self._seconds:g} s"
                    f"{self._read_only_hint()}; the connection is made anew"
                ) from None
            except ConnectionError:
                raise BrokerUnavailable(
                    f"the IB Gateway was lost while it was asked {name}"
                ) from None
            except ib_async.wrapper.RequestError as error:
                fault = Fault(error.reqId, error.code, error.message)
                raise RequestRefused(fault) from None

    def _require_alive(self) -> None:
        if not self.alive:
            raise BrokerUnavailable("the IB Gateway is not connected")

    def _read_only_hint(self) -> str:
        read_only = any("read-only" in fault.text.lower() for fault in self.faults)
        return " (its API is read-only: untick Read-Only API)" if read_only else ""

    # ------------------------------------------------------------------ orders

    async def place(self, ticket: Ticket, ack_seconds: float) -> Answer:
        """Put one order on the wire and wait for what becomes of it.

        Raises
        ------
        BrokerUnavailable
            If nothing was sent.
        """
        _require_allowed("placeOrder")
        async with self._turn:
            self._require_alive()
            order_id = self._client.getReqId()
            contract, order = as_ib(ticket, order_id)
            waiting = self._await(order_id)
            self._ib.placeOrder(contract, order)
            answer = await self._answer(order_id, waiting, ack_seconds)
        if answer.outcome is Outcome.DUPLICATE_ID:
            self._client.updateReqId(order_id + _ID_STRIDE)
        return answer

    async def cancel(self, found: VenueOrder, ack_seconds: float) -> Answer:
        """Ask for one of our orders to be canceled and wait for what becomes of it.

        Raises
        ------
        BrokerUnavailable
            If nothing was sent.
        """
        import ib_async

        _require_allowed("cancelOrder")
        async with self._turn:
            self._require_alive()
            waiting = self._await(found.order_id, canceling=True)
            order = ib_async.Order(
                orderId=found.order_id, clientId=found.api_client, permId=found.perm_id
            )
            self._ib.cancelOrder(order)
            return await self._answer(found.order_id, waiting, ack_seconds)

    def _await(self, order_id: int, *, canceling: bool = False) -> _Waiting:
        waiting = _Waiting(asyncio.get_running_loop().create_future(), canceling)
        self._waiting[order_id] = waiting
        return waiting

    async def _answer(self, order_id: int, waiting: _Waiting, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await waiting.answered
        except TimeoutError:
            return Answer(Outcome.UNKNOWN, f"IBKR did not answer in {seconds:g} s")
        finally:
            self._waiting.pop(order_id, None)

    def _tell(self, order_id: int, answer: Answer) -> None:
        waiting = self._waiting.get(order_id)
        if waiting is not None and not waiting.answered.done():
            waiting.answered.set_result(answer)

    # ------------------------------------------------------------------ what the gateway says

    def _heard(self, request_id: int, code: int, text: str, _: Any) -> None:
        fault = Fault(request_id, code, text)
        self.faults = [*self.faults[-_SEEN_COUNT:], fault]
        self.stirred += 1
        if code in LOST:
            self.linked = False
            self.upheavals += 1
        if code in RESTORED:
            self.linked = True
            self.upheavals += 1
        answer = _answer_of(fault)
        if answer is not None:
            self._tell(request_id, answer)

    def _seen(self, trade: ib_async.Trade) -> None:
        self.stirred += 1
        status, log, order_id = trade.orderStatus.status, trade.log, trade.order.orderId
        waiting = self._waiting.get(order_id)
        if waiting is None or trade.order.clientId != self._client.clientId:
            return
        if log and log[-1].errorCode:
            return  # ib_async marks an order canceled after any error about it
        perm_id = trade.order.permId or trade.orderStatus.permId
        if status in ("Cancelled", "ApiCancelled"):
            self._tell(order_id, Answer(Outcome.CANCELED, "", perm_id))
        elif waiting.canceling and status == "Filled":
            self._tell(order_id, Answer(Outcome.NOT_CANCELED, "it has filled", perm_id))
        elif not waiting.canceling and status in TAKEN_STATES and perm_id:
            self._tell(order_id, Answer(Outcome.TAKEN, status, perm_id))

    def _executed(self, _: object, fill: ib_async.Fill) -> None:
        self.stirred += 1
        try:
            heard = execution(fill)
        except BrokerUnavailable as fault:
            # An event's listener has nobody to raise to: the next question for executions raises.
            self.upheavals += 1
            _log.warning("an execution of the IB Gateway cannot be read", why=str(fault))
            return
        self._on_execution(heard)

    def _dropped(self) -> None:
        self.upheavals += 1
        for order_id in list(self._waiting):
            self._tell(order_id, Answer(Outcome.UNKNOWN, "the connection was lost"))

    def _keep_endings(self) -> None:
        """Keep IB's words on how an order ended, which ib_async reads and throws away."""
        wrapper: Any = self._ib.wrapper
        read = wrapper.completedOrder

        def completed(contract: Any, order: Any, state: Any) -> None:
            self._endings[order.permId] = state.completedStatus
            read(contract, order, state)

        wrapper.completedOrder = completed

    def _notice_unreadable(self) -> None:
        """Count what ib_async could not decode: it drops such a message and goes on."""
        handlers = self._client.decoder.handlers
        for number in _PROVING:
            handlers[number] = self._counting(handlers[number])

    def _counting(self, read: Callable[[list[str]], None]) -> Callable[[list[str]], None]:
        def counted(fields: list[str]) -> None:
            try:
                read(fields)
            except Exception as fault:
                self.upheavals += 1
                _log.warning("a message of the IB Gateway cannot be read", why=str(fault))
                raise

        return counted


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Who waits for what becomes of an order, and whether it is being canceled."""

    answered: asyncio.Future[Answer]
    canceling: bool


class RequestRefused(BrokerUnavailable):
    """The gateway answered a question with an error; nothing was acted on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.sentence)
        self.fault = fault


def _answer_of(fault: Fault) -> Answer | None:
    outcome = {
        Meaning.REFUSED: Outcome.REFUSED,
        Meaning.CANCELED: Outcome.CANCELED,
        Meaning.DUPLICATE_ID: Outcome.DUPLICATE_ID,
        Meaning.NOT_CANCELED: Outcome.NOT_CANCELED,
        Meaning.UNCLEAR: Outcome.UNKNOWN,
    }.get(meaning(fault.code))
    return None if outcome is None else Answer(outcome, fault.text, 0, fault.code)


def _require_allowed(name: str) -> None:
    refused = check_gateway_call(name)
    if refused is not None:
        raise ForbiddenCall(refused.sentence)


def _new_ib() -> ib_async.IB:
    try:
        import ib_async
    except ImportError:
        raise BrokerUnavailable(
            "ib_async is not installed: pip install 'executor[ibkr]'"
        ) from None
    # It logs whole orders and balances, and as errors what is told here in plain words.
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    ib = ib_async.IB()
    # Without this a failed request answers with an empty list: absence that proves nothing.
    ib.RaiseRequestErrors = True
    return ib


def _startup_fetch_nothing() -> Any:
    from ib_async.ib import StartupFetchNONE

    return StartupFetchNONE
