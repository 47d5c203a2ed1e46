"""
Who asks is looked at before what they ask: nothing of a stranger's request is read, and whoever
proves nothing is told that, and not what is wrong with their request.

The framework reads parameters and bodies before a route is called, and looks for every fault in
them. So a sender is verified before it does; the route gets whom it comes from.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from anyio import to_thread
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from acl.identity.reader import VerifiedReader
from retrieval.answer import ReadingRoom
from retrieval.api.presented import presented_by
from retrieval.authenticate import authenticate

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_SENDER: Final = "readership.sender"


def admitting(room: ReadingRoom) -> type[APIRoute]:
    """
    Return the kind of route on which every request is of somebody who is known, and a malformed
    one of somebody who is let in.
    """

    class AdmittingRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            handle = super().get_route_handler()

            async def admitted(request: Request) -> Response:
                came = presented_by(request)
                reader = await to_thread.run_sync(authenticate, came, room.verifier)
                request.scope[_SENDER] = reader
                try:
                    return await handle(request)
                except (RequestValidationError, HTTPException):
                    # Whatever they ask for: that was not to be read.
                    await to_thread.run_sync(room.authorizer.require_welcome, reader)
                    raise

            return admitted

    return AdmittingRoute


def sender_of(request: Request) -> VerifiedReader:
    """
    Return whom a request comes from; only an admitting route knows.
    """
    sender: VerifiedReader = request.scope[_SENDER]
    return sender
