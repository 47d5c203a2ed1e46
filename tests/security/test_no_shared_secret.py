"""
No static secret opens a door of this service: whoever comes shows what somebody has signed.
"""

import ast
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel

from acl.settings import Settings
from tests.end_to_end.event_world import lay_out, process
from tests.security.test_caches import modules

SECRET: Final = re.compile(
    r"secret|passw|token|credential|api_?key|bearer|shared|hmac|auth(?!ority|orities)",
    re.IGNORECASE,
)
OURS_TO_SHOW: Final = {
    "registry.password_file": "this service shows it to PostgreSQL",
    "issuers.introspection.client_secret_file": "this service shows it to the issuer",
    "reader_page.client_secret_file": "the reader's page shows it to the issuer",
    "limits.password_file": "this service shows it to the storage of the limits",
    "directories.password_file": "this service shows it to the directory",
}
"""
Secrets that are configured. None is what somebody else shows to us.
"""

COMPARING: Final = {
    "acl/audit/chain.py": "MACs of records, under a key that never leaves",
    "acl/identity/dpop.py": "thumbprints and hashes of what the same request brings",
    "acl/identity/id_tokens.py": "the nonce of a sign-in with the one that it began with",
    "acl/identity/possession.py": "a certificate's thumbprint with the token's",
    "acl/keys/acl_seal.py": "MACs of permissions, under a key that never leaves",
    "acl/keys/envelope.py": "commitments of data keys",
    "retrieval/console/routes.py": "a form with the session that came with it; it signs out only",
    "retrieval/console/sessions.py": "the state of a sign-in with the one that it began with",
}
"""
Where secrets are compared in constant time.
"""


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    """
    Yield every key of the configuration, with what it may hold.
    """
    for name, field in model.model_fields.items():
        inner = [one for one in _parts(field.annotation) if _is_model(one)]
        for one in inner:
            yield from keys(one, f"{prefix}{name}.")
        if not inner:
            yield f"{prefix}{name}", field.annotation


def _parts(annotation: object) -> Iterator[typing.Any]:
    yield annotation
    for inner in typing.get_args(annotation):
        yield from _parts(inner)


def _is_model(one: object) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)


@pytest.mark.promise("scopes-from-tokens")
def test_no_key_of_the_configuration_is_a_secret_that_somebody_shows_us() -> None:
    """
    A new key that sounds like one must say here which way it is shown.
    """
    named = {name: kind for name, kind in keys(Settings) if SECRET.search(name.rpartition(".")[2])}

    assert OURS_TO_SHOW.keys() == named.keys()
    assert all(Path in set(_parts(kind)) for kind in named.values()), "secrets stand in files"


@pytest.mark.promise("scopes-from-tokens")
def test_the_walk_finds_keys_at_every_depth() -> None:
    """
    A walk that finds nothing would pass.
    """
    found = dict(keys(Settings))

    assert {"service.tenant", "issuers.links.claim", "transmitters.jwks_file"} <= found.keys()
    for name in ("push_secret", "shared_key", "admin_token", "api_key", "basic_auth", "password"):
        assert SECRET.search(name)
    assert not SECRET.search("authority")


@pytest.mark.promise("scopes-from-tokens")
def test_bearer_tokens_are_the_only_scheme(tmp_path: Path) -> None:
    """
    And no operation takes a header or parameter that sounds like another.
    """
    with process(lay_out(tmp_path / "one")) as world:
        described = world.http.get("/openapi.json").json()

    schemes = described["components"]["securitySchemes"].values()
    assert [("http", "bearer", "JWT")] == [
        (one["type"], one["scheme"], one["bearerFormat"]) for one in schemes
    ]
    operations = [one for path in described["paths"].values() for one in path.values()]
    parameters = {given["name"] for one in operations for given in one.get("parameters", ())}
    assert {"passage_id", "document_id"} <= parameters
    assert set() == {name for name in parameters if SECRET.search(name)}


@pytest.mark.promise("scopes-from-tokens")
def test_nothing_that_was_sent_is_compared_with_a_secret() -> None:
    """
    A door that knows a secret would compare it; these compare what this service has made itself.
    """
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and getattr(node, "attr", getattr(node, "id", "")) in {"compare_digest", "bytes_eq"}
    }

    assert found
    assert found <= COMPARING.keys()
