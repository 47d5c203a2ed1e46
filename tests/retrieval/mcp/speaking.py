"""
Speaks MCP by hand, in either era, so that tests see and send what no client would.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi.testclient import TestClient
from httpx2 import Response

PATH: Final = "/mcp"
HOST: Final = "rag.acme.example"
HANDSHAKE: Final = "2025-11-25"
SESSIONLESS: Final = "2026-07-28"
ERAS: Final = (HANDSHAKE, SESSIONLESS)
META: Final = "io.modelcontextprotocol/"


def headers_of(era: str, method: str = "", name: str = "") -> dict[str, str]:
    """
    Return what a client of an era sends beside its token.
    """
    sent = {
        "Host": HOST,
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": era,
    }
    if era == SESSIONLESS:
        sent |= {"Mcp-Method": method} | ({"Mcp-Name": name} if name else {})
    return sent


def message(era: str, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Return a request as a client of an era writes it.
    """
    said = dict(params or {})
    if era == SESSIONLESS:
        said["_meta"] = {
            f"{META}protocolVersion": era,
            f"{META}clientCapabilities": {},
            f"{META}clientInfo": {"name": "test", "version": "1"},
        }
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": said}


@dataclass
class Speaker:
    """
    A client of one era, with one token.
    """

    http: TestClient
    token: Mapping[str, str]
    era: str = HANDSHAKE
    more: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, params: Mapping[str, Any] | None = None, *, name: str = ""
    ) -> Response:
        """
        Send one request.
        """
        headers = {**headers_of(self.era, method, name), **self.token, **self.more}
        return self.http.post(PATH, json=message(self.era, method, params), headers=headers)

    def call(self, tool: str, **arguments: Any) -> Response:  # noqa: ANN401 - JSON
        """
        Call a tool; return the whole response.
        """
        return self.ask("tools/call", {"name": tool, "arguments": arguments}, name=tool)

    def result(self, tool: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """
        Call a tool; return its result, whether it is an answer or an error.
        """
        answer = self.call(tool, **arguments)
        assert 200 == answer.status_code, answer.text
        result: dict[str, Any] = answer.json()["result"]
        return result

    def told(self, tool: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """
        Call a tool; return what it answers.
        """
        result = self.result(tool, **arguments)
        assert not result["isError"], result
        told: dict[str, Any] = result["structuredContent"]
        return told
