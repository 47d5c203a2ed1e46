"""
Connections of `serve`: whoever opens one sends a request, or loses it.

There are places for so many at a time, security events among them, and a connection on which
nothing is asked takes one. The server closes such a connection after a response only if nothing
comes; here a whole head of a request must come, also on a new connection.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

HEAD_SECONDS: Final = 10.0


class PromptProtocol(H11Protocol):
    """
    HTTP/1.1 with a limit to how long a connection may be without a request.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """
        Begin to wait for the first request.
        """
        super().connection_made(transport)
        self._await_request()

    def on_response_complete(self) -> None:
        """
        Begin to wait for the next.
        """
        super().on_response_complete()
        self._await_request()

    def _await_request(self) -> None:
        self.loop.call_later(HEAD_SECONDS, self._close_without_request, self.cycle)

    def _close_without_request(self, before: RequestResponseCycle | None) -> None:
        answered = before is None or before.response_complete
        if self.cycle is before and answered and not self.transport.is_closing():
            self.transport.close()
