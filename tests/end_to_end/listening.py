"""
A service that listens on a socket, for those who come from outside.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from tests.end_to_end.event_world import EventWorld

START_SECONDS: Final = 60


@contextmanager
def listening(
    world: EventWorld, listener: socket.socket, certificate: Path | None = None
) -> Iterator[None]:
    """
    Serve a world until the end of the block, over TLS where there is a certificate.
    """
    settings = uvicorn.Config(
        world.http.app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        ssl_certfile=certificate,
        ssl_keyfile=certificate,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "the service did not start"
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join()
