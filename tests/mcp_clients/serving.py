"""
Serves a throw-away installation with one document over HTTP on the loopback address, and runs a
command against it.

    python -m tests.mcp_clients.serving COMMAND …

`{url}` in the command is the agents' address, and `{token}` a good token of alice. The official
conformance suite can send no token, so at `{open}` one is put in before the door sees a request;
nothing else of the request is touched.
"""

import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from retrieval.api.app import create_app
from retrieval.mcp.visitors import Visitors
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.ingestion.world import allow
from tests.scenarios.installation import installation
from tests.unlimited import lift_limits

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60


class WithToken:
    """
    Puts a token into requests that have none.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], self._header]}
        await self._app(scope, receive, send)


def main() -> int:
    """
    Serve, run the command, and return its status.
    """
    with tempfile.TemporaryDirectory() as directory, installation(Path(directory) / "a") as one:
        source = one.fresh()
        acl = allow("user:alice")
        one.write(source, [{"id": "plan", "title": "Plan", "text": "words of it", "acl": acl}])
        one.sync(source, "corp")
        token = one.bearer("alice", {"corp": "alice"})["Authorization"].partition(" ")[2]
        listeners = [_listener(), _listener()]
        names = [f"{HOST}:{each.getsockname()[1]}" for each in listeners]
        visitors = Visitors.of(AUDIENCE, names, [f"http://{each}" for each in names])
        app: FastAPI = create_app(
            one.room([source], ["corp"]),
            resource=AUDIENCE,
            issuers=[ISSUER],
            probes={},
            close=lambda: None,
            visitors=visitors,
        )
        _serve(app, listeners[0])
        _serve(WithToken(app, token), listeners[1])
        said = {"url": f"http://{names[0]}/mcp", "open": f"http://{names[1]}/mcp", "token": token}
        return subprocess.run(_filled(sys.argv[1:], said), check=False).returncode


def _filled(command: list[str], said: Mapping[str, str]) -> list[str]:
    for name, value in said.items():
        command = [part.replace(f"{{{name}}}", value) for part in command]
    return command


def _listener() -> socket.socket:
    made = socket.socket()
    made.bind((HOST, 0))
    return made


def _serve(app: ASGIApp, listener: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    )
    threading.Thread(target=server.run, args=([listener],), daemon=True).start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "the service did not start"
        time.sleep(0.01)


if __name__ == "__main__":
    lift_limits()
    sys.exit(main())
