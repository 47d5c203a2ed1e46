"""
Every route of the OpenAPI document is in the README, and no other.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from acl.index.hashing_embedder import HashingEmbedder
from acl.model.redaction import RedactedText
from acl.settings import load_configuration
from acl.wiring import open_ground, open_lease, prepare_data_dir
from readership.provisioning import open_scim_desk, scim_challenges
from readership.push_routes import push_routes
from readership.pushing import open_push_desk
from readership.scim.routes import scim_routes
from readership.serving import add_event_desk
from retrieval.wiring import Tools, build_app
from tests.docs.pages import README, section_of

CONFIGURATION = """
[service]
tenant = "acme"
resource = "https://rag.acme.example/mcp"
[[issuers]]
issuer = "https://idp.acme.example"
audiences = ["https://rag.acme.example/mcp"]
logout_clients = ["chat"]
[[transmitters]]
issuer = "https://ssf.acme.example"
audience = "https://rag.acme.example/ssf"
speaks_for = ["https://idp.acme.example"]
[embedding]
model = "hashing"
[[sources]]
name = "pushed"
authority = "acme"
push_clients = ["pusher"]
[[directories]]
name = "people"
kind = "scim"
authority = "acme"
clients = ["provisioner"]
user_id = "externalId"
group_id = "externalId"
"""


class SilentRedactor:
    """
    Finds nothing. The routes are there before anything is redacted.
    """

    fingerprint = "silent"

    def redact(self, text: str) -> RedactedText:
        """
        Return the text as it is.
        """
        return RedactedText(text, (), ())

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Return the texts as they are.
        """
        return [self.redact(text) for text in texts]


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[tuple[str, str]]]:
    """
    The routes of the real application with its push and event desks; it answers no request.
    """
    file: Path = tmp_path_factory.mktemp("routes") / "readership.toml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    file.chmod(0o600)
    configuration = load_configuration(file)
    prepare_data_dir(configuration)
    embedder = HashingEmbedder()
    with ExitStack() as stack:
        ground = open_ground(configuration, may_write=False)
        stack.callback(ground.close)
        lease = open_lease(ground, embedder)
        stack.callback(lease.close)
        app = build_app(ground, Tools(embedder, SilentRedactor(), lease))
        desk = open_push_desk(
            configuration, embedder, lease, stack, redactor=lambda _ground, _stack: SilentRedactor()
        )
        app.include_router(push_routes(desk))
        add_event_desk(app, configuration, stack)
        provisioning = open_scim_desk(configuration, stack)
        app.include_router(scim_routes(provisioning, scim_challenges(configuration)))
        paths = app.openapi()["paths"]
        yield {(method.upper(), path) for path, methods in paths.items() for method in methods}


def documented() -> set[tuple[str, str]]:
    """
    Return the routes in the README's table, without the document that lists them.
    """
    found = re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", section_of(README, "## HTTP"), re.MULTILINE)
    return {(method, path) for method, path in found if path != "/openapi.json"}


def test_the_application_has_the_routes_that_the_readme_lists(
    routes: set[tuple[str, str]],
) -> None:
    assert ("POST", "/v1/search") in routes
    assert routes == documented()
