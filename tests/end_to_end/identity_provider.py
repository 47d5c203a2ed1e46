"""
A real OpenID provider, `oidc-provider` on Node, and somebody who signs in there as a browser does.
"""

import base64
import hashlib
import json
import re
import secrets
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from tests.acl.identity.senders import Prover

HOME: Final = Path(__file__).parents[1] / "identity_provider"
CLIENT: Final = "chat"
OPAQUE_CLIENT: Final = "opaque-chat"
ASKER: Final = "readership"
ASKERS_SECRET: Final = "a throw-away client secret"  # noqa: S105 - of a provider in a test
ACCESS: Final = "access_token"
REDIRECT: Final = "http://127.0.0.1:9/callback"
SCOPE: Final = "openid offline_access rag.search rag.read rag.ingest"
SECONDS: Final = 20.0
MAX_HOPS: Final = 12


@dataclass
class Provider:
    """
    A running provider, and the certificate that it shows.
    """

    issuer: str
    certificate: Path
    node: "subprocess.Popen[str]"
    browsers: ExitStack = field(default_factory=ExitStack)

    def browser(self) -> httpx.Client:
        """
        Return somebody without a session; gone when the provider is.
        """
        trust = ssl.create_default_context(cafile=str(self.certificate))
        made = httpx.Client(verify=trust, timeout=SECONDS, trust_env=False)
        return self.browsers.enter_context(made)

    def discovered(self) -> dict[str, Any]:
        """
        Return the discovery document.
        """
        address = f"{self.issuer}/.well-known/openid-configuration"
        found: dict[str, Any] = self.browser().get(address).json()
        return found

    def tell(self, command: str) -> list[str]:
        """
        Change the keys; return the ids of those that are published now.
        """
        assert self.node.stdin is not None
        self.node.stdin.write(f"{command}\n")
        self.node.stdin.flush()
        kids: list[str] = json.loads(_line(self.node))["kids"]
        return kids


def _line(node: "subprocess.Popen[str]") -> str:
    assert node.stdout is not None
    line = node.stdout.readline()
    assert line, "the identity provider ended"
    return line


@contextmanager
def running(certificate: Path, resource: str, logout_uri: str) -> Iterator[Provider]:
    """
    Run a provider until the end of the block; skip where it cannot be run.
    """
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: the real identity provider cannot be started")
    if not (HOME / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("the identity provider is not installed: run 'make identity-provider'")
    pipe = subprocess.PIPE
    command = [node, "serve.mjs", str(certificate), resource, logout_uri]
    process = subprocess.Popen(command, cwd=HOME, stdin=pipe, stdout=pipe, text=True)
    try:
        provider = Provider(json.loads(_line(process))["issuer"], certificate, process)
        with provider.browsers:
            yield provider
    finally:
        with suppress(BrokenPipeError):
            process.communicate(timeout=SECONDS)  # it ends with its input


@dataclass
class SignedIn:
    """
    Somebody with a session at the provider, and what the client was given.
    """

    browser: httpx.Client
    provider: Provider
    client: str
    resource: str
    tokens: dict[str, Any]

    def header(self, kind: str = ACCESS) -> dict[str, str]:
        """
        Return the header that presents one of the tokens.
        """
        return {"Authorization": f"Bearer {self.tokens[kind]}"}

    def proven(self, prover: Prover, method: str, address: str) -> dict[str, str]:
        """
        Return the headers that present the access token to one request, with a proof.
        """
        token = self.tokens[ACCESS]
        claims = {"htm": method, "htu": address}
        proof = prover.proof(token, claims=claims, now=int(time.time()))
        return {"Authorization": f"DPoP {token}", "DPoP": proof}

    def revoke(self) -> None:
        """
        Take the access token back, as a client does that is done with it (RFC 7009).
        """
        form = {"token": self.tokens[ACCESS], "client_id": self.client}
        done = self.browser.post(f"{self.provider.issuer}/token/revocation", data=form)
        assert 200 == done.status_code, done.text

    def refresh(self) -> None:
        """
        Get a new access token, as a client does without asking anybody.
        """
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self.tokens["refresh_token"],
            "client_id": self.client,
            "resource": self.resource,
        }
        self.tokens |= _granted(self.browser, self.provider, form)

    def log_out(self) -> None:
        """
        End the session, which ends it at every client that asked to be told.
        """
        page = self.browser.get(f"{self.provider.issuer}/session/end")
        fields = {**_hidden(page.text), "logout": "yes"}
        action = re.search(r'action="([^"]+)"', page.text)
        assert action is not None, page.text
        ended = self.browser.post(urljoin(str(page.url), action[1]), data=fields)
        assert ended.status_code < 400, ended.text


def sign_in(
    provider: Provider,
    subject: str,
    resource: str,
    *,
    client: str = CLIENT,
    scope: str = SCOPE,
    prover: Prover | None = None,
) -> SignedIn:
    """
    Sign in with the authorization code flow, PKCE and the resource that the token is for; with
    a prover, the token is bound to its key.
    """
    browser = provider.browser()
    verifier = secrets.token_urlsafe(48)
    asked = {
        "client_id": client,
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": scope,
        "resource": resource,
        "state": "s",
        "prompt": "consent",
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    answer = browser.get(f"{provider.issuer}/auth", params=asked)
    came_back = _through_the_pages(browser, answer, subject)
    assert [provider.issuer] == came_back["iss"]
    form = {
        "grant_type": "authorization_code",
        "code": came_back["code"][0],
        "redirect_uri": REDIRECT,
        "client_id": client,
        "code_verifier": verifier,
        "resource": resource,
    }
    granted = _granted(browser, provider, form, prover)
    return SignedIn(browser, provider, client, resource, granted)


def register(provider: Provider) -> str:
    """
    Register a client dynamically (RFC 7591); return its id.
    """
    asked = {
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
    }
    answer = provider.browser().post(f"{provider.issuer}/reg", json=asked)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["client_id"])


def came_back(provider: Provider, address: str, subject: str) -> dict[str, list[str]]:
    """
    Open an address at the provider as a person does whom a client has sent there; return what
    the client is told.
    """
    browser = provider.browser()
    return _through_the_pages(browser, browser.get(address), subject)


def _through_the_pages(
    browser: httpx.Client, answer: httpx.Response, subject: str
) -> dict[str, list[str]]:
    for _ in range(MAX_HOPS):
        if answer.is_redirect:
            where = urljoin(str(answer.url), answer.headers["location"])
            if where.startswith(REDIRECT):
                back = parse_qs(urlsplit(where).query)
                assert "error" not in back, back
                return back
            answer = browser.get(where)
            continue
        fields = _hidden(answer.text)
        if fields["prompt"] == "login":
            fields |= {"login": subject, "password": "any"}
        action = re.search(r'action="([^"]+)"', answer.text)
        assert action is not None, answer.text
        answer = browser.post(urljoin(str(answer.url), action[1]), data=fields)
    raise AssertionError(answer.text)


def _hidden(page: str) -> dict[str, str]:
    inputs = re.findall(r"<input[^>]*>", page)
    named = [(re.search(r'name="([^"]+)"', i), re.search(r'value="([^"]*)"', i)) for i in inputs]
    return {name[1]: value[1] for name, value in named if name and value}


def _granted(
    browser: httpx.Client,
    provider: Provider,
    form: Mapping[str, str],
    prover: Prover | None = None,
) -> dict[str, Any]:
    address, headers = f"{provider.issuer}/token", {}
    if prover is not None:
        claims = {"htm": "POST", "htu": address}
        proof = prover.proof("", claims=claims, without=("ath",), now=int(time.time()))
        headers = {"DPoP": proof}
    answer = browser.post(address, data=dict(form), headers=headers)
    assert 200 == answer.status_code, answer.text
    granted: dict[str, Any] = answer.json()
    return granted


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
