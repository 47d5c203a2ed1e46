"""
Questions to a real server over real TLS: what it may cost us, and what is never followed.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Final

import pytest

from acl.errors import ConfigurationError
from acl.identity.errors import KeysUnavailableError
from acl.identity.keysets import DiscoveredKeys
from acl.identity.wire import MAX_BYTES, Wire, WireError, private_authorities, public_authorities
from tests.acl.identity.issuers import KID, Issuer
from tests.acl.identity.tls import Asked, TlsServer, certify, sent, serving

SECONDS: Final = 1.0
PATIENT: Final = 30.0  # for answers that are not late by themselves
LATE: Final = "took longer"
BODY: Final = b'{"fine": true}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certify(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate: Path) -> Iterator[TlsServer]:
    with serving(lambda _, handler: sent(handler, BODY), certificate) as one:
        yield one


@pytest.fixture
def wire(certificate: Path) -> Wire:
    return Wire(private_authorities(certificate), PATIENT)


def test_an_answer_comes_back_whole(server: TlsServer, wire: Wire) -> None:
    assert BODY == wire.get(f"{server.address}/x?y=1")
    assert BODY == wire.post(f"{server.address}/f", {"a": "b&c"}, authorization="Basic eDp5")

    got, posted = server.asked
    assert ("GET", "/x?y=1", b"") == (got.method, got.path, got.body)
    assert ("POST", b"a=b%26c") == (posted.method, posted.body)
    assert "Basic eDp5" == posted.headers["authorization"]
    assert "identity" == got.headers["accept-encoding"]


def test_a_certificate_of_another_authority_is_not_trusted(server: TlsServer) -> None:
    """
    Neither the public ones nor a stranger's vouch for this server.
    """
    with pytest.raises(WireError) as refused:
        Wire(public_authorities(), PATIENT).get(server.address)

    assert "could not be asked" in str(refused.value)
    assert [] == server.asked


def test_an_address_in_the_clear_is_never_asked(server: TlsServer, wire: Wire) -> None:
    for address in (server.address.replace("https", "http"), "file:///etc/passwd", "x", ""):
        with pytest.raises(WireError):
            wire.get(address)

    assert [] == server.asked


def test_no_proxy_of_the_environment_is_used(
    server: TlsServer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert BODY == wire.get(server.address)


def _redirect(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    sent(handler, b"", 302, Location="/elsewhere")


def _head(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()


def _drip_body(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    _head(handler)
    for _number in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(SECONDS / 10)


def _drip_head(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    for character in b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100:
        handler.wfile.write(bytes([character]))
        handler.wfile.flush()
        time.sleep(SECONDS / 10)


def _say_nothing(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    del handler
    time.sleep(SECONDS * 4)


def _pour(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    _head(handler)
    for _number in range(MAX_BYTES // 4_096 + 100):
        handler.wfile.write(b" " * 4_096)


def _hang_up(_: Asked, handler: BaseHTTPRequestHandler) -> None:
    del handler


MISCHIEF: Final[dict[str, tuple[Callable[[Asked, BaseHTTPRequestHandler], None], str]]] = {
    "a redirect": (_redirect, "answered 302"),
    "a 500": (lambda _, handler: sent(handler, BODY, 500), "answered 500"),
    "a body by drops": (_drip_body, LATE),
    "a head by drops": (_drip_head, LATE),
    "silence": (_say_nothing, LATE),
    "a flood": (_pour, f"more than {MAX_BYTES}"),
    "nothing": (_hang_up, "could not be asked"),
    "something packed": (
        lambda _, handler: sent(handler, BODY, Content_Encoding="gzip"),
        "compressed",
    ),
}


@pytest.mark.parametrize("mischief", sorted(MISCHIEF))
def test_a_wayward_server_costs_a_bounded_time_and_nothing_else(
    server: TlsServer, wire: Wire, mischief: str
) -> None:
    server.answer, reason = MISCHIEF[mischief]
    hurried = replace(wire, seconds=SECONDS if reason == LATE else PATIENT)

    with pytest.raises(WireError) as refused:
        hurried.get(f"{server.address}/first")

    assert reason in str(refused.value)
    assert {"/first"} >= {one.path for one in server.asked}


def test_a_file_without_authorities_is_a_mistake_of_the_operator(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    for content in (None, b"", b"no certificate"):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(ConfigurationError):
            private_authorities(file)


def test_keys_are_discovered_over_real_tls(server: TlsServer, wire: Wire) -> None:
    """
    Discovery document, key set, and a thread of its own.
    """
    documents = {
        "/.well-known/openid-configuration": {
            "issuer": server.address,
            "jwks_uri": f"{server.address}/jwks",
        },
        "/jwks": {"keys": [Issuer("ES256").jwk()]},
    }
    server.answer = lambda asked, handler: sent(handler, json.dumps(documents[asked.path]).encode())

    keys = DiscoveredKeys(server.address, wire)

    assert KID == keys.key(KID, "ES256").kid
    assert list(documents) == [one.path for one in server.asked]
    assert "fresh: 1 keys" in keys.state().told()


def test_an_issuer_that_answers_by_drops_is_unavailable(server: TlsServer, wire: Wire) -> None:
    server.answer = _drip_body

    with pytest.raises(KeysUnavailableError) as refused:
        DiscoveredKeys(server.address, replace(wire, seconds=SECONDS)).key(KID, "ES256")

    assert "took longer" in refused.value.diagnostics()
