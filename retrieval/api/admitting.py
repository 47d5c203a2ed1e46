"""
Who asks is looked at before what they ask: whoever proves nothing is told that, and not what is
wrong with their request.

The framework reads parameters and bodies before a route is called. Where they are malformed the
route never is, so its question about the sender is asked here.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from retrieval.answer import ReadingRoom
from retrieval.api.presented import presented_by
from retrieval.authenticate import Asking, authenticate

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def admitting(room: ReadingRoom) -> type[APIRoute]:
    """
    Return the kind of route on which a malformed request is one of somebody who is let in.
    """

    class AdmittingRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def admitted(request: Request) -> Response:
                try:
                    return await handle(request)
                except RequestValidationError:
                    await to_thread.run_sync(_admit, room, presented_by(request))
                    raise

            return admitted

    return AdmittingRoute


def _admit(room: ReadingRoom, credentials: Asking) -> None:
    # Whatever they ask for: that was not to be read.
    room.authorizer.require_welcome(authenticate(credentials, room.verifier))
