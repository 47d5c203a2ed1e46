"""
A service that takes in security events and logouts beside questions and pushes; all of it real
but the embedder and the redactor.
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from acl.index.hashing_embedder import HashingEmbedder
from acl.settings import Configuration, load_configuration
from acl.wiring import Ground, open_ground, open_lease, prepare_data_dir, require_same_installation
from readership.push_routes import LARGER_BODIES, push_routes
from readership.pushing import open_push_desk
from readership.serving import add_event_desk
from retrieval.wiring import Tools, build_app
from tests.acl.identity.issuers import AUDIENCE, ISSUER, Issuer, public_jwk
from tests.acl.identity.spoken import CHAT, RECEIVER, TRANSMITTER, event, logout, speaker
from tests.ingestion.world import MarkingRedactor

SOURCE = "wiki"
PUSHER = "pusher"
SCOPES = "rag.search rag.read rag.audit rag.ingest"
CONFIGURATION = f"""
[service]
tenant = "acme"
resource = "{AUDIENCE}"
[[issuers]]
issuer = "{ISSUER}"
audiences = ["{AUDIENCE}"]
algorithms = ["ES256"]
jwks_file = "issuer.json"
logout_clients = ["{CHAT}"]
[[issuers.links]]
claim = "sub"
authority = "corp"
[[transmitters]]
issuer = "{TRANSMITTER}"
audience = "{RECEIVER}"
speaks_for = ["{ISSUER}"]
opaque_issuer = "{ISSUER}"
algorithms = ["ES256"]
jwks_file = "transmitter.json"
[embedding]
model = "hashing"
[[sources]]
name = "{SOURCE}"
authority = "corp"
push_clients = ["{PUSHER}"]
"""


@dataclass
class EventWorld:
    """
    One process of the service, and everybody who speaks to it.
    """

    configuration: Configuration
    issuer: Issuer
    ground: Ground
    http: TestClient

    def token(self, subject: str = "alice", *, age: int = 60, **claims: object) -> dict[str, str]:
        """
        Return the header of a token that was issued some seconds ago, and names its session.
        """
        issued = int(time.time()) - age
        said = {
            "sub": subject,
            "sid": f"own of {subject}",
            "iat": issued,
            "exp": issued + 1_800,
            "scope": SCOPES,
        }
        token = self.issuer.token(claims={**said, "client_id": PUSHER, **claims})
        return {"Authorization": f"Bearer {token}"}

    def search(self, headers: Mapping[str, str]) -> Response:
        """
        Ask for everything.
        """
        body = {"query": "words", "limit": 50}
        return self.http.post("/v1/search", json=body, headers=dict(headers))

    def everywhere(self, headers: Mapping[str, str]) -> dict[str, Response]:
        """
        Use a token for all that tokens are for.
        """
        sent = dict(headers)
        where = f"/v1/sources/{SOURCE}/documents/plan"
        return {
            "search": self.search(sent),
            "store": self.http.post(
                "/v1/vector_stores/all/search", json={"query": "words"}, headers=sent
            ),
            "fetch": self.http.get("/v1/documents/plan", headers=sent),
            "passage": self.http.get(f"/v1/passages/{uuid.UUID(int=0)}", headers=sent),
            "explain": self.http.post(
                "/v1/explain", json={"reader": "alice", "document": "plan"}, headers=sent
            ),
            "push": self.http.put(where, json=plan(), headers=sent),
            "push group": self.http.put(
                f"/v1/sources/{SOURCE}/groups/eng", json={"members": []}, headers=sent
            ),
            "delete": self.http.delete(f"/v1/sources/{SOURCE}/groups/gone", headers=sent),
        }

    def tell(self, claims: Mapping[str, Any] | None = None, **more: Any) -> Response:  # noqa: ANN401 - as `event`
        """
        Deliver a security event of just now.
        """
        said = {"jti": uuid.uuid4().hex, **(claims or {})}
        return self.deliver(event(said, now=int(time.time()), **more))

    def deliver(self, token: str, media_type: str = "application/secevent+jwt") -> Response:
        """
        Deliver whatever it is.
        """
        return self.http.post("/ssf/events", content=token, headers={"Content-Type": media_type})

    def log_out(self, claims: Mapping[str, Any] | None = None, **more: Any) -> Response:  # noqa: ANN401 - as `logout`
        """
        Deliver a logout of just now.
        """
        said = {"jti": uuid.uuid4().hex, **(claims or {})}
        return self.end(logout(said, now=int(time.time()), **more))

    def end(self, token: str) -> Response:
        """
        Deliver whatever it is.
        """
        return self.http.post("/backchannel-logout", data={"logout_token": token})

    def recorded(self, action: str) -> list[dict[str, Any]]:
        """
        Return the audit trail's records of one action.
        """
        events: list[dict[str, Any]] = list(self.ground.trail.events())
        return [one for one in events if one["action"] == action]


def plan() -> dict[str, object]:
    return {"text": "words of the plan", "acl": {"allow": ["user:alice", "user:bob"]}}


def lay_out(directory: Path, registry: str | None = None, text: str = CONFIGURATION) -> Path:
    """
    Write configuration and keys; the registry lies in a file unless an address is given.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for name, one in (("issuer", Issuer("ES256")), ("transmitter", speaker())):
        keys = json.dumps({"keys": [public_jwk("ES256", one.key)]})
        written(directory / f"{name}.json", keys)
    more = f'[registry]\nurl = "{registry}"\n' if registry else ""
    return written(directory / "readership.toml", text + more)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


@contextmanager
def process(file: Path) -> Iterator[EventWorld]:
    """
    Serve an installation as one more process would, with connections of its own.
    """
    configuration = load_configuration(file)
    prepare_data_dir(configuration)
    embedder = HashingEmbedder()
    require_same_installation(configuration, embedder)
    with ExitStack() as stack:
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        lease = open_lease(ground, embedder)
        stack.callback(lease.close)
        redactor = MarkingRedactor()
        desk = open_push_desk(configuration, embedder, lease, stack, redactor=lambda *_: redactor)
        app = build_app(ground, Tools(embedder, MarkingRedactor(), lease), LARGER_BODIES)
        app.include_router(push_routes(desk))
        add_event_desk(app, configuration, stack)
        http = stack.enter_context(TestClient(app, raise_server_exceptions=False))
        yield EventWorld(configuration, Issuer("ES256"), ground, http)
