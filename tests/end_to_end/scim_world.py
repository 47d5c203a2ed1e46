"""
A service that is provisioned by SCIM, with documents that its groups and users may read.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from acl.index.hashing_embedder import HashingEmbedder
from acl.settings import Configuration, load_configuration
from acl.wiring import Ground, open_ground, open_lease, prepare_data_dir
from readership.demo.issuer import DEMO_RESOURCE, UNSAFE_DEMO_ISSUER, UnsafeDemoIssuer
from readership.provisioning import open_scim_desk, scim_challenges
from readership.push_routes import LARGER_BODIES, push_routes
from readership.pushing import open_push_desk
from readership.scim.desk import ScimDesk
from readership.scim.routes import LARGER_BODIES as LARGER_SCIM_BODIES
from readership.scim.routes import scim_routes
from retrieval.wiring import Tools, build_app
from tests.ingestion.world import MarkingRedactor

IDP: Final = "idp"
PUSHER: Final = "pusher"
DIRECTORY: Final = "people"
WIKI: Final = "wiki"
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
CONFIGURATION: Final = f"""
[service]
tenant = "acme"
resource = "{DEMO_RESOURCE}"
data_dir = "data"
[[issuers]]
issuer = "{UNSAFE_DEMO_ISSUER}"
audiences = ["{DEMO_RESOURCE}"]
algorithms = ["ES256"]
jwks_file = "unsafe-demo-issuer.jwks.json"
max_lifetime = "24h"
[[issuers.links]]
claim = "sub"
authority = "corp"
[embedding]
model = "hashing"
[[sources]]
name = "{WIKI}"
authority = "corp"
push_clients = ["{PUSHER}"]
[[directories]]
name = "{DIRECTORY}"
kind = "scim"
authority = "corp"
clients = ["{IDP}"]
user_id = "externalId"
group_id = "externalId"
"""


@dataclass(frozen=True)
class ScimWorld:
    """
    One running service, an identity provider that provisions, and readers.
    """

    directory: Path
    configuration: Configuration
    issuer: UnsafeDemoIssuer
    ground: Ground
    desk: ScimDesk
    app: FastAPI
    http: TestClient

    def bearer(self, subject: str, client: str, scope: str) -> dict[str, str]:
        """
        Return the headers of a client.
        """
        token = self.issuer.token(subject, scope=scope, client=client)
        return {"Authorization": f"Bearer {token}"}

    def provisioner(self) -> dict[str, str]:
        """
        Return the headers of the identity provider.
        """
        return self.bearer("service", IDP, "rag.scim")

    def scim(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Any = None,  # noqa: ANN401 - a mapping of strings
        **query: str,
    ) -> Response:
        """
        Ask as the identity provider; a body of bytes is sent as it is.
        """
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.request(
            method,
            f"/scim/v2/{path}",
            content=None if body is None else content,
            params=query,
            headers={
                **self.provisioner(),
                "Content-Type": "application/scim+json",
                **(headers or {}),
            },
        )

    def user(self, name: str, **more: object) -> str:
        """
        Provision an active user whose principal has this name; return the id.
        """
        body = {"schemas": [USER], "userName": f"{name}@acme.example", "externalId": name}
        answer = self.scim("POST", "Users", {**body, "active": True, **more})
        assert 201 == answer.status_code, answer.text
        return str(answer.json()["id"])

    def group(self, name: str, *members: str) -> str:
        """
        Provision a group whose principal has this name; return the id.
        """
        listed = [{"value": one} for one in members]
        body = {"schemas": [GROUP], "displayName": name, "externalId": name, "members": listed}
        answer = self.scim("POST", "Groups", body)
        assert 201 == answer.status_code, answer.text
        return str(answer.json()["id"])

    def patch(self, path: str, *operations: object, **headers: str) -> Response:
        """
        Patch one resource.
        """
        return self.scim("PATCH", path, {"schemas": [PATCH], "Operations": operations}, headers)

    def document(self, name: str, *allowed: str, deny: tuple[str, ...] = ()) -> None:
        """
        Push a document.
        """
        body = {"text": f"words of {name}", "acl": {"allow": list(allowed), "deny": list(deny)}}
        headers = self.bearer(PUSHER, PUSHER, "rag.ingest")
        answer = self.http.put(f"/v1/sources/{WIKI}/documents/{name}", json=body, headers=headers)
        assert answer.status_code in {200, 201}, answer.text

    def search(self, reader: str) -> Response:
        """
        Ask for everything that a reader may find.
        """
        headers = self.bearer(reader, "chat", "rag.search rag.read")
        return self.http.post("/v1/search", json={"query": "words", "limit": 50}, headers=headers)

    def found(self, reader: str) -> set[str]:
        """
        Return the documents that a search finds for a reader.
        """
        answer = self.search(reader)
        assert 200 == answer.status_code, answer.text
        return {one["provenance"]["document"] for one in answer.json()["passages"]}

    def fetch(self, reader: str, document: str) -> Response:
        """
        Fetch a document by its id.
        """
        headers = self.bearer(reader, "chat", "rag.search rag.read")
        return self.http.get(f"/v1/documents/{document}", headers=headers)

    def explain(self, reader: str, document: str, **more: object) -> dict[str, Any]:
        """
        Explain one decision, as an operator who is provisioned.
        """
        headers = self.bearer("operator", "console", "rag.audit")
        body = {"reader": reader, "document": document, **more}
        answer = self.http.post("/v1/explain", json=body, headers=headers)
        assert 200 == answer.status_code, answer.text
        (found,) = answer.json()["explanations"]
        return dict(found)

    def events(self) -> list[dict[str, Any]]:
        """
        Return the audit trail's records of provisioning.
        """
        events: list[dict[str, Any]] = list(self.ground.trail.events())
        return [event for event in events if event["action"] == "provision"]


@contextmanager
def serving(
    directory: Path, *, registry: str = "", edit: Mapping[str, str] | None = None
) -> Iterator[ScimWorld]:
    """
    Serve from a directory; `registry` is an address of PostgreSQL, `edit` changes configuration.
    """
    directory.mkdir(parents=True, exist_ok=True)
    issuer = UnsafeDemoIssuer.create(directory)
    text = CONFIGURATION
    for before, after in (edit or {}).items():
        assert before in text, before
        text = text.replace(before, after)
    if registry:
        text += f'[registry]\nurl = "{registry}"\n'
    file = directory / "readership.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    with served(load_configuration(file), issuer) as world:
        yield world


@contextmanager
def served(configuration: Configuration, issuer: UnsafeDemoIssuer) -> Iterator[ScimWorld]:
    """
    Serve a configuration.
    """
    prepare_data_dir(configuration)
    with ExitStack() as stack:
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        embedder = HashingEmbedder()
        lease = open_lease(ground, embedder)
        stack.callback(lease.close)
        app = build_app(
            ground,
            Tools(embedder, MarkingRedactor(), lease),
            {**LARGER_BODIES, **LARGER_SCIM_BODIES},
        )
        pushes = open_push_desk(
            configuration,
            embedder,
            lease,
            stack,
            redactor=lambda _ground, _stack: MarkingRedactor(),
        )
        app.include_router(push_routes(pushes))
        desk = open_scim_desk(configuration, stack)
        app.include_router(scim_routes(desk, scim_challenges(configuration)))
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        directory = configuration.file.parent
        yield ScimWorld(directory, configuration, issuer, ground, desk, app, http)
