"""
What a client is told about getting a token, to the letter: ChatGPT, Claude and others read it.
"""

from collections.abc import Iterator

import pytest

from acl.errors import ReadershipError
from acl.identity.errors import TokenRejectedError
from acl.model.assurance import Demand
from acl.model.scopes import SCOPES, ScopeNames
from retrieval.api.problems import Challenges
from retrieval.errors import (
    InsufficientScopeError,
    NotAuthenticatedError,
    NotFoundError,
    StepUpRequiredError,
)
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.end_to_end.event_world import CONFIGURATION, EventWorld, lay_out, process

RESOURCE = "https://rag.acme.example/mcp"
METADATA = "https://rag.acme.example/.well-known/oauth-protected-resource/mcp"
PREFIX = f"{RESOURCE}/"
STATEMENTS = {"receiveSecurityEvent", "backchannelLogout"}


@pytest.mark.parametrize(
    ("error", "operation", "header"),
    [
        (
            NotAuthenticatedError(),
            None,
            f'Bearer resource_metadata="{METADATA}", scope="rag.search"',
        ),
        (
            NotAuthenticatedError(),
            "rag.ingest",
            f'Bearer resource_metadata="{METADATA}", scope="rag.ingest"',
        ),
        (
            TokenRejectedError("step 8"),
            "rag.read",
            f'Bearer error="invalid_token", resource_metadata="{METADATA}", scope="rag.read"',
        ),
        (
            InsufficientScopeError("rag.audit"),
            "rag.audit",
            f'Bearer error="insufficient_scope", resource_metadata="{METADATA}", scope="rag.audit"',
        ),
        (NotFoundError(), "rag.read", None),
    ],
)
def test_each_challenge_is_exactly_this(
    error: NotAuthenticatedError, operation: str | None, header: str | None
) -> None:
    """
    No `error` where no token was sent (RFC 6750, section 3.1).
    """
    assert header == Challenges(RESOURCE, "rag.search").header(error, operation)


@pytest.mark.parametrize(
    ("error", "scope"),
    [
        (InsufficientScopeError("rag.read"), f"{PREFIX}rag.read"),
        (StepUpRequiredError("rag.search", Demand(("phr",), scope="rag.confidential")), None),
        (StepUpRequiredError("rag.search", Demand(("phr",))), f"{PREFIX}rag.search"),
        (TokenRejectedError("step 8"), ""),
        (NotFoundError(), ""),
    ],
)
def test_a_tool_tells_what_its_host_must_ask_for(error: ReadershipError, scope: str | None) -> None:
    """
    ChatGPT asks for another sign-in only if `error` and `error_description` are both there.
    """
    told = Challenges(RESOURCE, "rag.search", ScopeNames(PREFIX)).for_tool(error)

    if scope == "":
        assert told is None
        return
    wanted = scope or f"{PREFIX}rag.search rag.confidential"
    assert {
        "mcp/www_authenticate": [
            (
                f'Bearer resource_metadata="{METADATA}", error="insufficient_scope", '
                f'error_description="{error.public_message}", scope="{wanted}"'
            )
        ]
    } == told
    assert '"' not in error.public_message


def test_scopes_are_asked_for_as_the_issuer_names_them() -> None:
    """
    Entra ID asks for `<App ID URI>/<scope>`.
    """
    named = Challenges(RESOURCE, "rag.search", ScopeNames(PREFIX))

    assert f'scope="{PREFIX}rag.search"' in str(named.header(NotAuthenticatedError()))
    assert f'scope="{PREFIX}rag.read"' in str(named.header(InsufficientScopeError("rag.read")))


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        ("https://rag.example", "https://rag.example/.well-known/oauth-protected-resource"),
        ("https://rag.example/", "https://rag.example/.well-known/oauth-protected-resource"),
        ("https://rag.example/mcp", "https://rag.example/.well-known/oauth-protected-resource/mcp"),
        ("https://rag.example/m/", "https://rag.example/.well-known/oauth-protected-resource/m/"),
        ("https://r.example/m?t=1", "https://r.example/.well-known/oauth-protected-resource/m?t=1"),
    ],
)
def test_the_metadata_is_where_the_standard_puts_it(resource: str, where: str) -> None:
    """
    RFC 9728, section 3.1.
    """
    assert where == Challenges(resource, "rag.search").metadata_url()


@pytest.mark.parametrize("prefix", ["", PREFIX, "api://1b2c/", "urn:acme:"])
def test_a_prefix_is_put_before_and_taken_off(prefix: str) -> None:
    """
    A scope that only looks alike is none of ours.
    """
    names = ScopeNames(prefix)

    assert f"{prefix}rag.search {prefix}rag.read" == names.asked_as("rag.search", "rag.read")
    assert SCOPES == names.own(f"{prefix}{one}" for one in SCOPES)
    assert SCOPES == names.own(SCOPES)
    for other in ("api://other/rag.search", "xrag.search", f"{prefix}x/rag.search"):
        assert "rag.search" not in names.own([other])


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventWorld]:
    named = CONFIGURATION.replace("[service]\n", f'[service]\nscope_prefix = "{PREFIX}"\n')
    with process(lay_out(tmp_path_factory.mktemp("prefixed") / "one", text=named)) as world:
        yield world


def test_the_metadata_says_where_tokens_come_from_and_what_to_ask_for(
    prefixed: EventWorld,
) -> None:
    """
    At the root and at the path of the resource, and nowhere else; names byte for byte.
    """
    where = "/.well-known/oauth-protected-resource"
    root, inserted = (prefixed.http.get(f"{where}{end}") for end in ("", "/mcp"))

    assert root.json() == inserted.json()
    assert {
        "resource": AUDIENCE,
        "authorization_servers": [ISSUER],
        "scopes_supported": [f"{PREFIX}rag.search", f"{PREFIX}rag.read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Readership",
        "jwks_uri": "https://rag.acme.example/.well-known/jwks.json",
        "resource_signing_alg_values_supported": ["Ed25519"],
    } == root.json()
    assert "application/json" == root.headers["content-type"]
    for end in ("/", "/other", "/mcp/", "/mcp/x", "/MCP", "//mcp"):
        assert 404 == prefixed.http.get(f"{where}{end}").status_code, end


@pytest.mark.parametrize("written", ["rag.search rag.read", f"{PREFIX}rag.search {PREFIX}rag.read"])
def test_a_token_may_name_scopes_with_or_without_the_prefix(
    prefixed: EventWorld, written: str
) -> None:
    assert 200 == prefixed.search(prefixed.token(scope=written)).status_code


@pytest.mark.promise("scopes-from-tokens")
@pytest.mark.parametrize(
    "scope", ["rag.read", "api://other/rag.search", f"{PREFIX}x/rag.search", "RAG.SEARCH"]
)
def test_another_scope_is_not_enough_and_is_told_what_is(prefixed: EventWorld, scope: str) -> None:
    answer = prefixed.search(prefixed.token(scope=scope))

    assert (403, "insufficient_scope") == (answer.status_code, answer.json()["code"])
    assert f'scope="{PREFIX}rag.search"' in answer.headers["www-authenticate"]


@pytest.mark.promise("uniform-401")
def test_every_route_names_its_own_scope(prefixed: EventWorld) -> None:
    """
    Without a token, and with one that proves nothing; each status with its challenge.
    """
    wanted = {
        "search": "rag.search",
        "store": "rag.search",
        "fetch": "rag.read",
        "passage": "rag.read",
        "explain": "rag.audit",
        "push": "rag.ingest",
        "push group": "rag.ingest",
        "delete": "rag.ingest",
    }
    for headers, error in (({}, ""), ({"Authorization": "Bearer x"}, 'error="invalid_token", ')):
        answers = prefixed.everywhere(headers)
        assert {401} == {one.status_code for one in answers.values()}
        assert {
            name: f'Bearer {error}resource_metadata="{METADATA}", scope="{PREFIX}{scope}"'
            for name, scope in wanted.items()
        } == {name: one.headers["www-authenticate"] for name, one in answers.items()}


@pytest.mark.promise("scopes-from-tokens")
def test_every_operation_declares_a_scope_or_needs_none(prefixed: EventWorld) -> None:
    """
    Statements prove themselves by a signature; the rest of the open ones tell nothing of anybody.
    """
    paths = prefixed.http.get("/openapi.json").json()["paths"]
    operations = {one["operationId"]: one for path in paths.values() for one in path.values()}
    scopes = {name: one.get("x-required-scope") for name, one in operations.items()}

    without = {name for name, scope in scopes.items() if scope is None}
    open_to_all = {"resourceMetadata", "provenanceKeys", "actions", "health", "ready"}
    assert open_to_all | STATEMENTS == without
    assert set(scopes.values()) - {None} <= SCOPES


@pytest.mark.promise("scopes-from-tokens")
@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_scope_opens_its_own_operations_and_no_other(prefixed: EventWorld, scope: str) -> None:
    """
    An operator's scope lets nobody read, and a reader's nobody operate.
    """
    answers = prefixed.everywhere(prefixed.token(scope=scope))

    opens = {
        "rag.search": {"search", "store"},
        "rag.read": {"fetch", "passage"},
        "rag.audit": {"explain"},
        "rag.ingest": {"push", "push group", "delete"},
    }
    open_to = {name for name, one in answers.items() if one.status_code != 403}
    assert opens.get(scope, set()) == open_to
