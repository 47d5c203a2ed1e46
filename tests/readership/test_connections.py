"""
Over a real socket: a connection on which nothing is asked is closed, and no other.
"""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI

from readership import connections
from readership.connections import PromptProtocol

HOST = "127.0.0.1"
asked = threading.Event()
closed = threading.Event()


def wait_until_another_is_closed() -> dict[str, bool]:
    asked.set()
    return {"closed": closed.wait(60)}


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    app = FastAPI()
    app.add_api_route("/wait", wait_until_another_is_closed)
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        config = uvicorn.Config(app, http=PromptProtocol, ws="none", log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half"])
def test_a_connection_without_a_request_is_closed(port: int, sent: bytes) -> None:
    """
    While a request that takes longer is answered.
    """
    asked.clear()
    closed.clear()
    with socket.create_connection((HOST, port), 60) as working:
        working.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert asked.wait(60)
        with socket.create_connection((HOST, port), 60) as idle:
            idle.sendall(sent)
            assert b"" == idle.recv(1_000)
        closed.set()
        answer = b"".join(iter(lambda: working.recv(1_000), b""))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"closed":true}')
