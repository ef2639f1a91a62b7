"""What every test stands on: no network but loopback, and the plugins that serve it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

pytest_plugins = ("tests.kit.browser", "tests.kit.loopback_discord")

_LOOPBACK = ("127.", "::1", "localhost")


class NetworkForbidden(RuntimeError):
    """A test tried to leave this machine."""


def _check(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        if not host.startswith(_LOOPBACK):
            raise NetworkForbidden(f"a test may not connect to {host}")


@pytest.fixture(autouse=True)
def _only_loopback(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Block every socket but loopback, unless the test is marked `outside`."""
    if request.node.get_closest_marker("outside") is None:
        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
        sendto = socket.socket.sendto

        def guarded_connect(self: socket.socket, address: Any) -> None:
            _check(self.family, address)
            connect(self, address)

        def guarded_connect_ex(self: socket.socket, address: Any) -> int:
            _check(self.family, address)
            return connect_ex(self, address)

        def guarded_sendto(self: socket.socket, data: Any, *rest: Any) -> int:
            _check(self.family, rest[-1])
            return sendto(self, data, *rest)

        monkeypatch.setattr(socket.socket, "connect", guarded_connect)
        monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        monkeypatch.setattr(socket.socket, "sendto", guarded_sendto)
