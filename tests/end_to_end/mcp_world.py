"""
A service and an identity provider that know each other, both over TLS, and an agent of the
official SDK that knows neither: it finds everything out, as a host does that was given one URL.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.acl.identity.tls import certify
from tests.end_to_end.event_world import CONFIGURATION, SOURCE, EventWorld, lay_out, process
from tests.end_to_end.identity_provider import (
    CLIENT,
    REDIRECT,
    Provider,
    came_back,
    running,
    sign_in,
)
from tests.end_to_end.listening import listening

HOST: Final = "127.0.0.1"
DOCUMENTS: Final = {"plan": "alice", "hers": "alice", "his": "bob"}


@dataclass
class McpWorld:
    """
    Who serves, who knows the people, and where agents are told to go.
    """

    provider: Provider
    service: EventWorld
    url: str
    certificate: Path

    def trust(self) -> ssl.SSLContext:
        """
        Return what trusts the two servers, and nobody else.
        """
        return ssl.create_default_context(cafile=str(self.certificate))


@contextmanager
def mcp_world(directory: Path) -> Iterator[McpWorld]:
    """
    Start both, until the end of the block; skip where the provider cannot be run.
    """
    certificate = certify(directory)
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind((HOST, 0))
        url = f"https://{HOST}:{listener.getsockname()[1]}/mcp"
        provider = stack.enter_context(running(certificate, url, f"{url}/unused"))
        text = (
            CONFIGURATION.replace(AUDIENCE, url)
            .replace(ISSUER, provider.issuer)
            .replace('algorithms = ["ES256"]\njwks_file = "issuer.json"', 'ca_file = "ca.pem"')
            .replace('push_clients = ["pusher"]', f'push_clients = ["{CLIENT}"]')
        )
        file = lay_out(directory / "one", text=text)
        pem = certificate.read_text()
        public = file.parent / "ca.pem"
        public.write_text(pem[pem.index("-----BEGIN CERTIFICATE") :])
        public.chmod(0o600)
        service = stack.enter_context(process(file))
        stack.enter_context(listening(service, listener, certificate))
        _fill(provider, service, url)
        yield McpWorld(provider, service, url, certificate)


def _fill(provider: Provider, service: EventWorld, url: str) -> None:
    header = sign_in(provider, "alice", url).header()
    for name, reader in DOCUMENTS.items():
        said = {"title": name, "text": f"words of {name}", "acl": {"allow": [f"user:{reader}"]}}
        where = f"/v1/sources/{SOURCE}/documents/{name}"
        pushed = service.http.put(where, json=said, headers=header)
        assert 201 == pushed.status_code, pushed.text


@dataclass
class Memory:
    """
    What an agent keeps of its sign-in.
    """

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Agent:
    """
    The SDK's client, a person at its browser, and where it went, with a token or without.
    """

    world: McpWorld
    subject: str
    mode: str
    memory: Memory = field(default_factory=Memory)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    authorized: dict[str, list[str]] = field(default_factory=dict)
    came_back: dict[str, list[str]] = field(default_factory=dict)

    async def connected(self, stack: AsyncExitStack) -> Client:
        """
        Connect, knowing one URL.
        """
        auth = OAuthClientProvider(
            self.world.url,
            OAuthClientMetadata(
                client_name="an agent",
                redirect_uris=[AnyUrl(REDIRECT)],
                token_endpoint_auth_method="none",  # noqa: S106 - the name of a method
            ),
            self.memory,
            self._sign_in,
            self._callback,
        )
        http = await stack.enter_async_context(
            httpx2.AsyncClient(
                auth=auth,
                verify=self.world.trust(),
                trust_env=False,
                timeout=60,
                event_hooks={"request": [self._note]},
            )
        )
        transport = streamable_http_client(self.world.url, http_client=http)
        return await stack.enter_async_context(Client(transport, mode=self.mode))

    async def call(self, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        """
        Connect, call tools one after the other, and return their results.
        """
        async with AsyncExitStack() as stack:
            client = await self.connected(stack)
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    async def _note(self, request: httpx2.Request) -> None:
        self.asked.append((request.url.path, "authorization" in request.headers))

    async def _sign_in(self, address: str) -> None:
        self.authorized = parse_qs(urlsplit(address).query)
        self.came_back = came_back(self.world.provider, address, self.subject)

    async def _callback(self) -> AuthorizationCodeResult:
        said = self.came_back
        return AuthorizationCodeResult(
            code=said["code"][0], state=said["state"][0], iss=said["iss"][0]
        )
