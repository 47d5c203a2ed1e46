"""
Whatever verifies tokens in one process knows each issuer once: one set of keys, one set of
answers, one bound on what is asked.
"""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from acl.index.hashing_embedder import HashingEmbedder
from acl.settings import load_configuration
from readership import serving as product
from readership.pushing import open_push_desk
from tests.acl.identity.issuers import AUDIENCE, Issuer, public_jwk
from tests.acl.identity.spoken import CHAT, logout
from tests.acl.identity.tls import Asked, TlsServer, certify, sent, serving
from tests.end_to_end.event_world import written
from tests.ingestion.world import MarkingRedactor

CONFIGURATION = """
[service]
tenant = "acme"
resource = "{audience}"
[[issuers]]
issuer = "{issuer}"
audiences = ["{audience}"]
algorithms = ["ES256"]
ca_file = "{certificate}"
logout_clients = ["{logging_out}"]
[issuers.introspection]
endpoint = "{issuer}/introspect"
client_id = "rag"
client_secret_file = "secret"
when = "signed"
cache_for = "5m"
[[issuers.links]]
claim = "sub"
authority = "corp"
[embedding]
model = "hashing"
[[sources]]
name = "wiki"
authority = "corp"
push_clients = ["chat"]
[[directories]]
name = "people"
kind = "scim"
authority = "corp"
clients = ["chat"]
user_id = "externalId"
group_id = "externalId"
unknown_users = "allow"
"""


@dataclass
class Process:
    """
    The service as `serve` builds it, and its issuer.
    """

    issuer: Issuer
    server: TlsServer
    http: TestClient

    def asked(self) -> list[str]:
        return sorted(one.path for one in self.server.asked)


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    def answer(asked: Asked, handler: BaseHTTPRequestHandler) -> None:
        address = f"https://127.0.0.1:{server.port}"
        said = {
            "/.well-known/openid-configuration": {"issuer": address, "jwks_uri": f"{address}/keys"},
            "/keys": {"keys": [public_jwk("ES256", Issuer("ES256").key)]},
            "/introspect": {"active": True},
        }
        sent(handler, json.dumps(said[asked.path]).encode())

    certificate = certify(tmp_path)
    with ExitStack() as stack:
        server = stack.enter_context(serving(answer, certificate))
        written(tmp_path / "secret", "s3cret\n")
        text = CONFIGURATION.format(
            audience=AUDIENCE,
            issuer=server.address,
            certificate=certificate.name,
            logging_out=CHAT,
        )
        configuration = load_configuration(written(tmp_path / "readership.toml", text))
        # What takes a minute to load; everything else is as `serve` builds it.
        monkeypatch.setattr(product, "build_embedder", lambda _: HashingEmbedder())
        monkeypatch.setattr(product, "build_question_redactor", lambda *_: MarkingRedactor())
        light = partial(open_push_desk, redactor=lambda *_: MarkingRedactor())
        monkeypatch.setattr(product, "open_push_desk", light)
        http = stack.enter_context(TestClient(product.build_service(configuration, stack)))
        yield Process(Issuer("ES256", issuer=server.address), server, http)


@pytest.mark.promise("introspection")
def test_an_issuer_is_asked_once_by_a_process(process: Process) -> None:
    """
    One token at the reading room, the push desk and the SCIM desk, and a logout: the issuer is
    asked for its keys once, and about the token once.
    """
    now = int(time.time())
    scope = "rag.search rag.read rag.ingest rag.scim"
    token = process.issuer.token(claims={"iat": now - 60, "exp": now + 600, "scope": scope})
    sent_with = {"Authorization": f"Bearer {token}"}
    http = process.http

    found = [
        http.post("/v1/search", json={"query": "words"}, headers=sent_with),
        http.put("/v1/sources/wiki/groups/eng", json={"members": []}, headers=sent_with),
        http.get("/scim/v2/Users", headers=sent_with),
        http.post(
            "/backchannel-logout",
            data={"logout_token": logout({"iss": process.issuer.issuer, "sub": "bob"}, now=now)},
        ),
    ]

    assert [200, 201, 200, 200] == [one.status_code for one in found], [one.text for one in found]
    assert ["/.well-known/openid-configuration", "/introspect", "/keys"] == process.asked()
