"""Who may open the page: the holder of the printed address, from this machine's own browser.

It refuses a foreign Host (DNS rebinding), a foreign Origin (another site's script or socket), and
any request without the token or the session cookie it was exchanged for.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NO_ENTRY = (
    "This page opens only with the full address that the program printed, token included: "
    "copy it from the terminal."
)
_WRONG_HOST = "This server answers only to 127.0.0.1 and localhost."
_WRONG_ORIGIN = "This request came from another site and was refused."


class PageAccess:
    """The page's lock.

    Parameters
    ----------
    port : int, TCP port
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self._session = secrets.token_urlsafe(32)
        # Cookies know no ports: two sandboxes on one machine must not share a name.
        self._cookie = f"sandbox_{port}"
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._content_policy = "; ".join(
            (
                "default-src 'self'",
                "connect-src 'self' " + " ".join(f"ws://{host}" for host in sorted(self._hosts)),
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
                "object-src 'none'",
            )
        )

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Check one request; the API and attachments need only the right Host."""
        refusal = self._refusal(request)
        if refusal is not None:
            return web.Response(status=403, text=refusal, headers=self._headers())
        response = await handler(request)
        if not response.prepared:
            response.headers.update(self._headers())
        return response

    def admit(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the session cookie to who came with the token."""
        if self._has_token(request):
            response.set_cookie(
                self._cookie, self._session, httponly=True, samesite="Strict", path="/"
            )

    def _refusal(self, request: web.Request) -> str | None:
        if request.host not in self._hosts:
            return _WRONG_HOST
        if request.path.startswith(("/api/", "/gateway", "/attachments/", "/embed/")):
            return None
        asks_to_act = request.method != "GET" or "Upgrade" in request.headers
        if asks_to_act and request.headers.get("Origin") != f"http://{request.host}":
            return _WRONG_ORIGIN
        if self._has_session(request) or (request.path == "/" and self._has_token(request)):
            return None
        return _NO_ENTRY

    def _has_session(self, request: web.Request) -> bool:
        given = request.cookies.get(self._cookie, "")
        return secrets.compare_digest(given.encode(), self._session.encode())

    def _has_token(self, request: web.Request) -> bool:
        given = request.query.get("token", "")
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _headers(self) -> dict[str, str]:
        return {
            "Content-Security-Policy": self._content_policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
