"""
How the HTTP server is started.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from httpx2 import ASGITransport, AsyncClient

from acl.settings import load_configuration
from readership import serving
from readership.demo.issuer import UnsafeDemoIssuer
from tests.end_to_end.scim_world import CONFIGURATION


@pytest.mark.promise("sender-constraint")
def test_nobody_says_of_themselves_from_where_they_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A client certificate is believed by the address of who vouches for it; a header that any
    client can write must not become that address, on loopback least of all.
    """
    UnsafeDemoIssuer.create(tmp_path)
    file = tmp_path / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    app, started = FastAPI(), []

    @app.get("/whence")
    async def whence(request: Request) -> dict[str, object]:
        return {"client": request.client.host if request.client else None}

    monkeypatch.setattr(serving, "build_service", lambda *_: app)
    monkeypatch.setattr(
        uvicorn, "run", lambda served, **options: started.append(uvicorn.Config(served, **options))
    )
    serving.serve(load_configuration(file), host="127.0.0.1", port=0)
    (config,) = started

    assert {"client": "127.0.0.1"} == asyncio.run(_asked(config))


async def _asked(config: uvicorn.Config) -> Any:  # noqa: ANN401 - JSON
    config.load()
    through = ASGITransport(app=config.loaded_app, client=("127.0.0.1", 5))
    async with AsyncClient(transport=through, base_url="http://here") as client:
        return (await client.get("/whence", headers={"X-Forwarded-For": "10.9.9.9"})).json()
