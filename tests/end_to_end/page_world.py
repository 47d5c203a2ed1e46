"""
The reader's page behind TLS, a real OpenID provider, and documents for alice and bob.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from retrieval.addresses import origin_of, page_of
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.acl.identity.spoken import CHAT
from tests.acl.identity.tls import certify
from tests.end_to_end.event_world import (
    CONFIGURATION,
    PUSHER,
    SOURCE,
    EventWorld,
    lay_out,
    process,
    written,
)
from tests.end_to_end.identity_provider import CLIENT, Provider, running, sign_in
from tests.end_to_end.listening import listening

HOST: Final = "127.0.0.1"
PAGE_CLIENT: Final = "reader-page"
PAGE_SECRET: Final = "a throw-away secret of the page"  # noqa: S105 - of a provider in a test
HOSTILE_TITLE: Final = "</title><script>document.title='run'</script>"
HOSTILE_TEXT: Final = (
    "Before.\n\n<script>document.title='run'</script> <img src=x onerror=\"document.title='run'\"> "
    "[a](javascript:alert(1)) &lt;b&gt; </blockquote><style>*{display:none}</style>\n\nAfter."
)


@dataclass
class PageWorld:
    """
    A service with its page, and what was pushed to it.
    """

    provider: Provider
    world: EventWorld
    certificate: Path
    origin: str
    resource: str
    passages: dict[str, str]

    def address(self, document: str) -> str:
        """
        Return the address of the page of a document's first passage.
        """
        return page_of(self.origin, self.passages[document])

    def push(self, name: str, text: str, *readers: str, **more: object) -> None:
        """
        State a document and its readers; remember its first passage.
        """
        acl = {"allow": [f"user:{one}" for one in readers]}
        body = {"text": text, "acl": acl, "modified": "2026-10-02T09:00:00Z", **more}
        headers = self._headers(readers[0])
        where = f"/v1/sources/{SOURCE}/documents/{name}"
        pushed = self.world.http.put(where, json=body, headers=headers)
        assert pushed.status_code < 300, pushed.text
        asked = {"query": text[:100], "limit": 50}
        found = self.world.http.post("/v1/search", json=asked, headers=headers).json()["passages"]
        self.passages[name] = next(
            one["id"]
            for one in found
            if one["provenance"]["document"] == name and one["provenance"]["span"]["start"] == 0
        )

    def recorded(self, action: str) -> list[dict[str, Any]]:
        """
        Return the audit trail's records of one action.
        """
        return self.world.recorded(action)

    def _headers(self, subject: str) -> dict[str, str]:
        return sign_in(self.provider, subject, self.resource).header()


def configuration(issuer: str, resource: str) -> str:
    """
    Return the configuration of the other tests, with this provider, this address and the page.
    """
    text = (
        CONFIGURATION.replace(ISSUER, issuer)
        .replace(AUDIENCE, resource)
        .replace('algorithms = ["ES256"]\njwks_file = "issuer.json"', 'ca_file = "ca.pem"')
        .replace(f'logout_clients = ["{CHAT}"]', f'logout_clients = ["{PAGE_CLIENT}"]')
        .replace(f'push_clients = ["{PUSHER}"]', f'push_clients = ["{CLIENT}"]')
    )
    return text + (
        f'[reader_page]\nclient_id = "{PAGE_CLIENT}"\nclient_secret_file = "page.secret"\n'
    )


@contextmanager
def page_world(directory: Path) -> Iterator[PageWorld]:
    """
    Run provider and service until the end of the block; skip where there is no provider.
    """
    certificate = certify(directory)
    with ExitStack() as stack:
        plain, secure = (stack.enter_context(closing(socket.socket())) for _ in range(2))
        plain.bind((HOST, 0))
        secure.bind((HOST, 0))
        resource = f"https://{HOST}:{secure.getsockname()[1]}/mcp"
        told = f"http://{HOST}:{plain.getsockname()[1]}/backchannel-logout"
        provider = stack.enter_context(running(certificate, resource, told))
        file = lay_out(directory / "one", text=configuration(provider.issuer, resource))
        written(file.parent / "page.secret", f"{PAGE_SECRET}\n")
        pem = certificate.read_text()
        written(file.parent / "ca.pem", pem[pem.index("-----BEGIN CERTIFICATE") :])
        world = stack.enter_context(process(file))
        stack.enter_context(listening(world, plain))
        stack.enter_context(listening(world, secure, certificate))
        one = PageWorld(provider, world, certificate, origin_of(resource), resource, {})
        one.push("plan", "The plan of the year. " * 3, "alice", "bob", title="Plan & <b>more</b>")
        one.push("hers", "Only for alice to read.", "alice", title="Hers")
        one.push("hostile", HOSTILE_TEXT, "alice", title=HOSTILE_TITLE)
        yield one
