"""
A reading room behind real HTTP on the loopback address, and one reader who keeps a connection.
"""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Final
from urllib.parse import quote

import uvicorn

from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 30


@dataclass(frozen=True)
class Reply:
    """
    All that came back.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Caller:
    """
    One reader's connection.
    """

    connection: HTTPConnection
    headers: Mapping[str, str]

    def search(self, words: str, limit: int) -> Reply:
        """
        Ask a question.
        """
        body = json.dumps({"query": words, "limit": limit}).encode()
        return self._sent("POST", "/v1/search", body)

    def document(self, name: str) -> Reply:
        """
        Fetch a document.
        """
        return self._sent("GET", f"/v1/documents/{quote(name, safe='')}")

    def passage(self, name: str) -> Reply:
        """
        Fetch a passage.
        """
        return self._sent("GET", f"/v1/passages/{quote(name, safe='')}")

    def _sent(self, method: str, where: str, body: bytes | None = None) -> Reply:
        headers = {**self.headers, "Content-Type": "application/json"} if body else self.headers
        self.connection.request(method, where, body, dict(headers))
        response = self.connection.getresponse()
        return Reply(response.status, tuple(response.getheaders()), response.read())


@contextmanager
def served(room: ReadingRoom) -> Iterator[int]:
    """
    Serve a reading room until the end of the block; yields the port.
    """
    app = create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)
    settings = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(settings)
    # Named as TCP: else asyncio leaves Nagle's algorithm on, and answers wait for 40 ms.
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        listener.bind((HOST, 0))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        _wait_for(server)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


@contextmanager
def calling(port: int, headers: Mapping[str, str]) -> Iterator[Caller]:
    """
    Yield a reader's connection.
    """
    with closing(HTTPConnection(HOST, port, timeout=60)) as connection:
        yield Caller(connection, headers)


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
