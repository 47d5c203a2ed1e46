"""
Who knocks with which token, byte for byte as it is.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
from fastapi import FastAPI

from retrieval.answer import ReadingRoom
from retrieval.api.app import create_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.retrieval.mcp.speaking import PATH as MCP_PATH
from tests.retrieval.mcp.speaking import headers_of, message
from tests.security.bytewise import Reply, exchanged


@dataclass(frozen=True)
class Door:
    """
    Where to knock, and what to ask there.
    """

    path: str
    asked: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


SEARCH: Final = Door("/v1/search", {"query": "anything"})


def agents_door(era: str) -> Door:
    """
    Return the one that agents come in by.
    """
    called = {"name": "search", "arguments": {"query": "anything"}}
    asked = message(era, "tools/call", called)
    return Door(MCP_PATH, asked, headers_of(era, "tools/call", "search"))


def knock(room: ReadingRoom, tokens: Iterable[str], door: Door = SEARCH) -> list[Reply]:
    """
    Ask a question with each token, one after the other.
    """
    app = create_app(room, resource=AUDIENCE, issuers=[ISSUER], probes={}, close=lambda: None)
    return anyio.run(_each, app, door, list(tokens))


async def _each(app: FastAPI, door: Door, tokens: list[str]) -> list[Reply]:
    said = [f"Bearer {one}".encode("utf-8", "surrogatepass") for one in tokens]
    return [await _asked(app, door, one) for one in said]


async def _asked(app: FastAPI, door: Door, authorization: bytes) -> Reply:
    named = {"Host": "rag.acme.example", "Content-Type": "application/json", **door.headers}
    headers = [(name.lower().encode(), value.encode()) for name, value in named.items()]
    headers.append((b"authorization", authorization))
    return await exchanged(app, "POST", door.path, headers, json.dumps(door.asked).encode())
