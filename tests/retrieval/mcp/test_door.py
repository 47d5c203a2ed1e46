"""
Who comes in to the agents' face, and in which form: everything else is refused before it is read.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from httpx2 import Response

from acl.model.revocations import CutOff, TokensOf
from acl.registry.revoking import RevocationBoard
from retrieval.errors import HostRefusedError, OriginRefusedError
from retrieval.mcp.visitors import Visitors
from tests.acl.identity.issuers import ISSUER
from tests.retrieval.mcp.library import Library
from tests.retrieval.mcp.speaking import (
    ERAS,
    HANDSHAKE,
    PATH,
    SESSIONLESS,
    Speaker,
    headers_of,
    message,
)
from tests.scenarios.installation import client

METADATA = "https://rag.acme.example/.well-known/oauth-protected-resource/mcp"
BOTH = "rag.search rag.read"
SEARCH = {"name": "search", "arguments": {"query": "heronword"}}
eras = pytest.mark.parametrize("era", ERAS)


def sent(library: Library, body: bytes, **headers: str) -> Response:
    """
    Send any bytes with a good token, as a client of the handshake.
    """
    said = {**headers_of(HANDSHAKE), "Content-Type": "application/json", **library.token("alice")}
    return client(library.room).post(PATH, content=body, headers={**said, **headers})


def listing(**members: object) -> bytes:
    return json.dumps({**message(HANDSHAKE, "tools/list"), **members}).encode()


@pytest.mark.promise("mcp-visitors")
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 200, None),
        ({"Host": "rag.acme.example:443"}, 200, None),
        ({"Host": "RAG.acme.example"}, 200, None),
        ({"Host": "rag.acme.example:8080"}, 421, "host_refused"),
        ({"Host": "127.0.0.1"}, 421, "host_refused"),
        ({"Host": "localhost:8080"}, 421, "host_refused"),
        ({"Host": "evil.example"}, 421, "host_refused"),
        ({"Host": "rag.acme.example.evil.example"}, 421, "host_refused"),
        ({"Host": "rag.acme.example@evil.example"}, 421, "host_refused"),
        ({"Host": ""}, 421, "host_refused"),
        ({"Host": "*"}, 421, "host_refused"),
        ({"Origin": "https://rag.acme.example"}, 200, None),
        ({"Origin": "http://rag.acme.example"}, 403, "origin_refused"),
        ({"Origin": "https://rag.acme.example:444"}, 403, "origin_refused"),
        ({"Origin": "https://evil.example"}, 403, "origin_refused"),
        ({"Origin": "https://rag.acme.example.evil.example"}, 403, "origin_refused"),
        ({"Origin": "null"}, 403, "origin_refused"),
        ({"Origin": ""}, 403, "origin_refused"),
        ({"Origin": "*"}, 403, "origin_refused"),
        ({"X-Forwarded-Host": "evil.example"}, 200, None),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_only_its_own_name_and_pages_come_in(
    library: Library, method: str, headers: dict[str, str], status: int, code: str | None
) -> None:
    """
    Whatever the method, and before a token is looked at.
    """
    said = {**headers_of(HANDSHAKE), **headers}
    http = client(library.room)

    def asked(token: Mapping[str, str]) -> Response:
        body = message(HANDSHAKE, "tools/list") if method == "POST" else None
        return http.request(method, PATH, json=body, headers={**said, **token})

    answer, stranger = asked(library.token("alice")), asked({})

    assert (status if method == "POST" or code else 405) == answer.status_code
    if code:
        assert {code} == {answer.json()["code"], stranger.json()["code"]}
        assert "www-authenticate" not in stranger.headers
        assert "mcp.allowed_" in answer.json()["detail"]
    else:
        assert 401 == stranger.status_code


@pytest.mark.promise("mcp-visitors")
def test_the_names_of_a_resource_are_its_own() -> None:
    """
    A port that is not the scheme's belongs to the name.
    """
    odd = Visitors.of("https://RAG.example:8443/mcp", ["10.0.0.7:8080"], ["https://Chat.example"])

    assert {"rag.example:8443", "10.0.0.7:8080"} == odd.hosts
    assert {"https://rag.example:8443", "https://chat.example"} == odd.origins
    odd.require_welcome(["rag.EXAMPLE:8443"], [])
    odd.require_welcome(["10.0.0.7:8080"], ["https://chat.example", "https://rag.example:8443"])
    for hosts in ([], ["rag.example"], ["rag.example:8443", "rag.example:8443"]):
        with pytest.raises(HostRefusedError):
            odd.require_welcome(hosts, [])
    with pytest.raises(OriginRefusedError):
        odd.require_welcome(["10.0.0.7:8080"], ["https://chat.example", "https://evil.example"])


@pytest.mark.promise("mcp-visitors")
def test_refused_visitors_are_recorded_for_operators(library: Library) -> None:
    speaker = library.speaker()
    for header, value in (("Host", "evil.example"), ("Origin", "https://evil.example")):
        speaker.more = {header: value}
        speaker.ask("tools/list")

    events: list[dict[str, Any]] = list(library.premises.ground.trail.events())
    host, origin = events[-2:]

    assert {"refused"} == {host["outcome"], origin["outcome"]}
    assert "Host ['evil.example']" == host["details"]["reason"]
    assert "Origin ['https://evil.example']" == origin["details"]["reason"]


@pytest.mark.promise("uniform-401")
@pytest.mark.parametrize(
    ("header", "error"),
    [
        ({}, ""),
        ({"Authorization": "Basic YTpi"}, ""),
        ({"Authorization": "Bearer"}, ""),
        ({"Authorization": "Bearer x"}, 'error="invalid_token", '),
        ({"Authorization": "Bearer a.b.c"}, 'error="invalid_token", '),
    ],
    ids=str,
)
@eras
@pytest.mark.parametrize("method", ["initialize", "ping", "tools/list", "tools/call", "nope"])
def test_every_request_needs_a_token(
    library: Library, era: str, method: str, header: dict[str, str], error: str
) -> None:
    """
    The exact challenge that ChatGPT and Claude read; no `error` where no token was sent.
    """
    answer = Speaker(client(library.room), header, era).ask(method)

    assert 401 == answer.status_code
    assert (
        f'Bearer {error}resource_metadata="{METADATA}", scope="{BOTH}"'
        == answer.headers["www-authenticate"]
    )
    assert "application/problem+json" == answer.headers["content-type"]


@pytest.mark.promise("uniform-401")
def test_a_token_in_the_address_is_no_token(library: Library) -> None:
    token = library.token("alice")["Authorization"].removeprefix("Bearer ")

    answer = client(library.room).post(
        f"{PATH}?access_token={token}",
        json=message(HANDSHAKE, "tools/list"),
        headers=headers_of(HANDSHAKE),
    )

    assert 401 == answer.status_code


@pytest.mark.promise("scopes-from-tokens")
@pytest.mark.parametrize("scope", ["rag.audit", "rag.ingest", "openid", "RAG.SEARCH"])
@eras
def test_a_token_for_no_tool_is_told_every_scope(library: Library, era: str, scope: str) -> None:
    token = library.token("alice", scope=scope)

    answer = Speaker(client(library.room), token, era).ask("tools/list")

    assert 403 == answer.status_code
    assert (
        f'Bearer error="insufficient_scope", resource_metadata="{METADATA}", scope="{BOTH}"'
        == answer.headers["www-authenticate"]
    )


@pytest.mark.promise("token-revocation")
@eras
def test_whoever_was_revoked_sees_no_tools(library: Library, era: str) -> None:
    """
    Not even the list of them: every request is authorised.
    """
    reader = f"carol of {era}"
    speaker = library.speaker(reader, era)
    assert 200 == speaker.ask("tools/list").status_code

    now = library.premises.clock()
    tokens = TokensOf(ISSUER, "sub", reader)
    board = RevocationBoard(library.premises.ground.database)
    board.apply([CutOff(tokens, now)], reason="a test", now=now)
    answer = speaker.ask("tools/list")

    assert 401 == answer.status_code
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@eras
def test_there_is_nothing_to_listen_to_and_nothing_to_end(
    library: Library, era: str, method: str
) -> None:
    headers = {**headers_of(era), **library.token("alice"), "Mcp-Session-Id": "1"}

    answer = client(library.room).request(method, PATH, headers=headers)

    assert (405, "POST") == (answer.status_code, answer.headers["allow"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_not_there(library: Library, method: str) -> None:
    answer = client(library.room).request(method, PATH, headers=headers_of(HANDSHAKE))

    assert 405 == answer.status_code


@pytest.mark.promise("mcp-no-session")
@pytest.mark.parametrize("session", ["1", "x" * 5_000, "../..", "\x7f"], ids=ascii)
@eras
def test_a_session_that_a_client_names_is_nothing(library: Library, era: str, session: str) -> None:
    """
    Neither needed, nor believed, nor given.
    """
    speaker = library.speaker(era=era)
    plain = speaker.told("search", query="heronword")
    speaker.more = {"Mcp-Session-Id": session, "Last-Event-ID": "1"}

    answer = speaker.call("search", query="heronword")

    assert plain == answer.json()["result"]["structuredContent"]
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32_700),
        (b"{", -32_700),
        (b"null", -32_700),
        (b'"tools/list"', -32_700),
        (b"\xff\xfe", -32_700),
        (listing()[:-1] + b',"method":"ping"}', -32_700),
        (listing(id=1) + b"{}", -32_700),
        (b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', -32_700),
        (b'{"a":' * 40 + b"1" + b"}" * 40, -32_700),
        (b'{"jsonrpc":"2.0","id":1' + b"0" * 30 + b',"method":"ping"}', -32_700),
        (b"[" + listing() + b"]", -32_600),
        (b" []", -32_600),
        (listing(jsonrpc="1.0"), -32_600),
        (listing(id={}), -32_600),
        (listing(id=None), -32_600),
        (listing(id=True), -32_600),
        (listing(id=1.5), -32_600),
        (listing(method=None), -32_600),
        (listing(method=["ping"]), -32_600),
        (listing(params=[]), -32_600),
        (listing(result={}), -32_600),
        (listing(error={"code": 1, "message": "no"}), -32_600),
        (json.dumps({"jsonrpc": "2.0", "id": 1, "result": {}}).encode(), -32_600),
    ],
    ids=lambda one: ascii(one[:40]) if isinstance(one, bytes) else None,
)
@eras
def test_what_is_not_one_request_is_refused(
    library: Library, era: str, body: bytes, code: int
) -> None:
    """
    Alike in both eras, and without repeating what was sent.
    """
    answer = sent(library, body, **headers_of(era, "tools/list"))

    assert 400 == answer.status_code, answer.text
    assert code == answer.json()["error"]["code"]
    assert {"jsonrpc", "id", "error"} == answer.json().keys()
    assert "ping" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({"Content-Type": "application/octet-stream"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Accept": "*/*"}, 200),
        ({"Accept": "application/json"}, 200),
        ({"Accept": "text/html"}, 406),
        ({"MCP-Protocol-Version": "1999-01-01"}, 400),
        ({"MCP-Protocol-Version": "x" * 2_000}, 400),
    ],
    ids=str,
)
def test_headers_are_taken_as_hosts_send_them(
    library: Library, headers: dict[str, str], status: int
) -> None:
    """
    OpenAI's scanner sends a stream of octets and accepts anything.
    """
    assert status == sent(library, listing(), **headers).status_code


def test_without_accept_anything_is_accepted(library: Library) -> None:
    http = client(library.room)
    del http.headers["accept"]
    headers = {**headers_of(HANDSHAKE), **library.token("alice")}
    del headers["Accept"]

    assert 200 == http.post(PATH, json=message(HANDSHAKE, "ping"), headers=headers).status_code


@eras
def test_a_body_is_as_small_as_everywhere(library: Library, era: str) -> None:
    """
    Announced or not: the limit is that of REST.
    """
    large = json.dumps(message(era, "tools/call", {"name": "search", "pad": "x" * 70_000}))
    headers = {**headers_of(era, "tools/call", "search"), **library.token("alice")}
    headers["Content-Type"] = "application/json"
    http = client(library.room)

    announced = http.post(PATH, content=large.encode(), headers=headers)
    streamed = http.post(PATH, content=iter([large.encode()]), headers=headers)

    assert (413, "too_large") == (announced.status_code, announced.json()["code"])
    assert (413, "too_large") == (streamed.status_code, streamed.json()["code"])


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("nope", {}, -32_601),
        ("resources/list", {}, -32_601),
        ("resources/read", {"uri": "file:///etc/passwd"}, -32_601),
        ("prompts/list", {}, -32_601),
        ("sampling/createMessage", {}, -32_601),
        ("subscriptions/listen", {"notifications": {}}, -32_601),
        ("tools/call", {"name": "delete_everything"}, -32_602),
        ("tools/call", {"name": "fetch", "arguments": [1]}, -32_602),
        ("tools/list", {"cursor": "1"}, -32_602),
    ],
    ids=str,
)
@eras
def test_what_is_not_there_is_no_answer(
    library: Library, era: str, method: str, params: dict[str, Any], code: int
) -> None:
    named = str(params.get("name") or params.get("uri") or "")

    answer = library.speaker(era=era).ask(method, params, name=named)

    assert code == answer.json()["error"]["code"], answer.text
    expected = {-32_601: 404, -32_602: 400}[code] if era == SESSIONLESS else 200
    assert expected == answer.status_code


@pytest.mark.parametrize(
    ("header", "value"),
    [("Mcp-Method", "tools/list"), ("Mcp-Method", None), ("Mcp-Name", "fetch"), ("Mcp-Name", None)],
    ids=str,
)
def test_headers_that_contradict_the_body_are_refused(
    library: Library, header: str, value: str | None
) -> None:
    """
    Or a proxy would decide by one, and this service by the other.
    """
    headers = {**headers_of(SESSIONLESS, "tools/call", "search"), **library.token("alice")}
    if value is None:
        del headers[header]
    else:
        headers[header] = value
    said = message(SESSIONLESS, "tools/call", SEARCH)

    answer = client(library.room).post(PATH, json=said, headers=headers)

    assert (400, -32_020) == (answer.status_code, answer.json()["error"]["code"])


@eras
def test_a_notification_is_taken_and_does_nothing(library: Library, era: str) -> None:
    headers = {**headers_of(era), **library.token("alice")}
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}

    answer = client(library.room).post(PATH, json=cancel, headers=headers)

    assert (202, b"") == (answer.status_code, answer.content)
