"""
The pages of identity providers: their configurations are right, and what `doctor` is said to print
is what it prints.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from acl.identity.wire import Wire
from acl.settings import load_configuration
from readership import issuer_findings as examined
from retrieval import identity_wiring
from tests.acl.identity.issuers import Issuer, public_jwk
from tests.acl.identity.tls import TRUST
from tests.docs.pages import DOCS, text_of
from tests.end_to_end.event_world import written

PAGES: Final = DOCS / "identity-providers"
RESOURCE: Final = "https://rag.acme.example/mcp"
PROVIDERS: Final = ("Entra ID", "Okta", "Keycloak", "Auth0", "Google")


def section(provider: str) -> str:
    return text_of(PAGES / f"{provider.lower().replace(' ', '-')}.md")


def configuration(provider: str) -> str:
    """
    Return all that the page would have one write.
    """
    return "".join(re.findall(r"^```toml\n(.*?)^```$", section(provider), re.DOTALL | re.MULTILINE))


def rows(provider: str) -> dict[str, str]:
    """
    Return what is wrong, and what is printed then.
    """
    found = re.findall(r"^\| (.+?) \| `(.+)` \|$", section(provider), re.MULTILINE)
    return {what: line for what, line in found if what != "what is wrong"}


@dataclass
class Provider:
    """
    What somebody has configured, and what the provider answers.
    """

    text: str
    documents: dict[str, dict[str, Any]]
    algorithm: str = "RS256"
    broken: bool = False

    @classmethod
    def of(cls, name: str) -> "Provider":
        text = configuration(name)
        issuers = re.findall(r'^issuer = "([^"]+)"', text, re.MULTILINE)
        documents = {}
        for issuer in issuers:
            documents[issuer.rstrip("/")] = {
                "issuer": issuer,
                "jwks_uri": f"{issuer.rstrip('/')}/keys",
                "registration_endpoint": f"{issuer.rstrip('/')}/register",
                "code_challenge_methods_supported": ["plain", "S256"],
            }
        if name == "Entra ID":
            for one in documents.values():
                del one["code_challenge_methods_supported"], one["registration_endpoint"]
        return cls(text, documents)

    def edited(self, before: str, after: str) -> "Provider":
        assert before in self.text
        return replace(self, text=self.text.replace(before, after))

    def announcing(self, **members: object) -> "Provider":
        changed = {
            where: {k: v for k, v in (one | members).items() if v is not None}
            for where, one in self.documents.items()
        }
        return replace(self, documents=changed)

    def found(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """
        Return what doctor prints: every line, the healthy ones after "ok".
        """
        transport = httpx.MockTransport(self._answer)

        def wire(*_: object) -> Wire:
            return Wire(TRUST, transport=transport)

        monkeypatch.setattr(identity_wiring, "wire_to", wire)
        monkeypatch.setattr(examined, "wire_to", wire)
        file = written(directory / "readership.toml", self.text)
        found = examined.issuer_findings(load_configuration(file))
        return [f"{'ok ' if one.healthy else ''}{one.name}: {one.detail}" for one in found]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.broken:
            msg = "certificate verify failed: unable to get local issuer certificate"
            raise httpx.ConnectError(msg, request=request)
        base, _, what = str(request.url).partition("/.well-known/openid-configuration")
        if base in self.documents and not what:
            return httpx.Response(200, json=self.documents[base])
        if str(request.url).endswith("/keys"):
            jwk = public_jwk(self.algorithm, Issuer(self.algorithm).key, "k1")
            return httpx.Response(200, text=json.dumps({"keys": [jwk]}))
        return httpx.Response(404)


TENANT: Final = "7f1c7a4e-1f6b-4c55-9d0e-6f0d3d0b5a11"
Mistake = Callable[[Provider], Provider]
MISTAKES: Final[dict[str, dict[str, Mistake]]] = {
    "Entra ID": {
        "`scope_prefix` is missing": lambda p: p.edited(f'scope_prefix = "{RESOURCE}/"\n', ""),
        "the resource stands in `audiences` instead of the id": lambda p: p.edited(
            "0a9e6c1b-2d3f-4f87-8a66-0c6a1e9b7d42", RESOURCE
        ),
        "`common` in place of the tenant": lambda p: p.edited(TENANT, "common"),
        "`profile` is missing": lambda p: p.edited('profile = "entra"\n', ""),
    },
    "Okta": {
        "the org's authorization server": lambda p: p.edited(
            'issuer = "https://acme.okta.com/oauth2/default"', 'issuer = "https://acme.okta.com"'
        ).edited(
            'speaks_for = ["https://acme.okta.com/oauth2/default"]',
            'speaks_for = ["https://acme.okta.com"]',
        ),
        "a slash too many": lambda p: p.edited("/oauth2/default", "/oauth2/default/"),
        "the audience is that of the org": lambda p: p.edited(
            f'audiences = ["{RESOURCE}"]', 'audiences = ["https://acme.okta.com"]'
        ),
        "no links": lambda p: p.edited('[[issuers.links]]\nclaim = "uid"', "#").edited(
            'authority = "acme"\n', ""
        ),
    },
    "Keycloak": {
        "the realm is missing": lambda p: p.edited("/realms/acme", ""),
        "Keycloak is not told its own address": lambda p: p.announcing(
            issuer="http://keycloak:8080/realms/acme"
        ),
        "the realm signs with another algorithm": lambda p: replace(p, algorithm="EdDSA"),
        "an authority of your own signed its certificate": lambda p: replace(p, broken=True),
    },
    "Auth0": {
        "the slash is missing": lambda p: p.edited(".com/", ".com"),
        "the slash is missing, as discovery shows": lambda p: p.edited(".com/", ".com"),
        "the API has another identifier": lambda p: p.edited(
            f'audiences = ["{RESOURCE}"]', 'audiences = ["https://rag.acme.example"]'
        ),
    },
    "Google": {
        "Google itself is configured": lambda p: p.edited(
            "https://sso.acme.example/realms/workspace", "https://accounts.google.com"
        ),
        "the one in between does not announce PKCE": lambda p: p.announcing(
            code_challenge_methods_supported=None
        ),
    },
}


def all_rows() -> Iterator[tuple[str, str]]:
    for provider in PROVIDERS:
        yield from ((provider, what) for what in rows(provider))


def test_every_line_of_the_page_is_tried() -> None:
    assert {p: set(rows(p)) for p in PROVIDERS} == {p: set(m) for p, m in MISTAKES.items()}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_the_page_says_to_write_is_right(
    provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: nothing is found wrong.
    """
    found = Provider.of(provider).found(tmp_path, monkeypatch)

    assert found
    assert [] == [line for line in found if not line.startswith("ok ")]


@pytest.mark.parametrize(("provider", "what"), list(all_rows()))
def test_doctor_prints_what_the_page_says(
    provider: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = MISTAKES[provider][what](Provider.of(provider)).found(tmp_path, monkeypatch)

    assert rows(provider)[what] in found


def test_doctor_prints_two_lines_for_an_issuer_that_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As the last section shows, but for the keys, of which this provider has one.
    """
    found = Provider.of("Keycloak").found(tmp_path, monkeypatch)

    where = "https://sso.acme.example/realms/acme"
    assert [
        f"ok keys of {where}: 1 fetched: k1 (RS256)",
        f"ok discovery of {where}: agrees; PKCE S256; clients register dynamically",
    ] == found
    index = text_of(DOCS / "identity-providers.md")
    assert "agrees; PKCE S256; clients register dynamically" in index
