"""
How the HTTP server is started.
"""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from acl.errors import ConfigurationError
from acl.settings import load_configuration
from readership import serving
from readership.demo.issuer import UnsafeDemoIssuer
from tests.end_to_end.scim_world import CONFIGURATION


def configuration_in(folder: Path) -> Path:
    UnsafeDemoIssuer.create(folder)
    file = folder / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[object] = []
    monkeypatch.setattr(serving, "build_service", lambda *given: loaded.append(given))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError) as refused:
            serving.serve(
                load_configuration(configuration_in(tmp_path)), host="127.0.0.1", port=port
            )

    assert f"cannot listen on 127.0.0.1 port {port}" in refused.value.diagnostics()
    assert [] == loaded


@pytest.mark.promise("sender-constraint")
def test_nobody_says_of_themselves_from_where_they_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A client certificate is believed by the address of who vouches for it; a header that any
    client can write must not become that address, on loopback least of all.
    """
    file = configuration_in(tmp_path)
    app, started = FastAPI(), []

    @app.get("/whence")
    async def whence(request: Request) -> dict[str, object]:
        return {"client": request.client.host if request.client else None}

    monkeypatch.setattr(serving, "build_service", lambda *_: app)

    def run(self: uvicorn.Server, sockets: list[socket.socket]) -> None:
        assert sockets
        started.append(self.config)
        self.started = True

    monkeypatch.setattr(uvicorn.Server, "run", run)
    serving.serve(load_configuration(file), host="127.0.0.1", port=0)
    (config,) = started

    assert {"client": "127.0.0.1"} == asyncio.run(_asked(config))


async def _asked(config: uvicorn.Config) -> Any:  # noqa: ANN401 - JSON
    config.load()
    through = ASGITransport(app=config.loaded_app, client=("127.0.0.1", 5))
    async with AsyncClient(transport=through, base_url="http://here") as client:
        return (await client.get("/whence", headers={"X-Forwarded-For": "10.9.9.9"})).json()
