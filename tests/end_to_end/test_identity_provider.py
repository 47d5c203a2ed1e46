"""
A real identity provider, over TLS with an authority of its own: signing in, asking, refreshing,
registering, rotating keys, and logging out.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from acl.identity import tokens
from acl.identity.dpop import ProofVerifier
from acl.identity.keysets import BELIEVED_SECONDS, REFETCH_SECONDS, DiscoveredKeys
from acl.settings import load_configuration
from readership.issuer_findings import issuer_findings
from retrieval import identity_wiring
from retrieval.identity_wiring import key_source
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.acl.identity.senders import Prover
from tests.acl.identity.spoken import CHAT
from tests.acl.identity.tls import certify
from tests.end_to_end.event_world import (
    CONFIGURATION,
    PUSHER,
    SOURCE,
    EventWorld,
    lay_out,
    plan,
    process,
    written,
)
from tests.end_to_end.identity_provider import (
    ACCESS,
    ASKER,
    ASKERS_SECRET,
    CLIENT,
    OPAQUE_CLIENT,
    Provider,
    SignedIn,
    register,
    running,
    sign_in,
)
from tests.end_to_end.listening import listening

HOST = "127.0.0.1"


@dataclass
class Scene:
    """
    A provider and a service that know each other.
    """

    provider: Provider
    world: EventWorld
    keys: list[DiscoveredKeys]

    def sign_in(self, subject: str = "alice", *, client: str = CLIENT) -> SignedIn:
        return sign_in(self.provider, subject, AUDIENCE, client=client)

    def asks(self, one: SignedIn, kind: str = ACCESS) -> int:
        """
        Return how a question is answered.
        """
        return self.world.search(one.header(kind)).status_code

    def later(self, seconds: float) -> None:
        """
        Let time pass for those who remember the provider's keys.
        """
        for one in self.keys:
            one.clock = partial(_ahead, one.clock, seconds + 1)


def _more(issuer: str) -> str:
    asks = f'endpoint = "{issuer}/token/introspection", client_id = "{ASKER}"'
    file = 'client_secret_file = "asker.secret", cache_for = "0s"'
    return f"sender = {{ dpop = true }}\nintrospection = {{ {asks}, {file} }}"


def _ahead(clock: Callable[[], float], seconds: float) -> float:
    return clock() + seconds


def configuration(issuer: str) -> str:
    """
    Return the configuration of the other tests, with this provider in place of the signed one.
    """
    return (
        CONFIGURATION.replace(ISSUER, issuer)
        .replace('algorithms = ["ES256"]\njwks_file = "issuer.json"', 'ca_file = "ca.pem"')
        .replace(f'logout_clients = ["{CHAT}"]', f'logout_clients = ["{CLIENT}"]\n{_more(issuer)}')
        .replace(f'push_clients = ["{PUSHER}"]', f'push_clients = ["{CLIENT}"]')
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("provider")
    certificate = certify(directory)
    made: list[DiscoveredKeys] = []

    def remembered(*args: object) -> object:
        source = key_source(*args)  # type: ignore[arg-type]
        if isinstance(source, DiscoveredKeys):
            made.append(source)
        return source

    with ExitStack() as stack, pytest.MonkeyPatch.context() as patched:
        patched.setattr(identity_wiring, "key_source", remembered)
        # For long enough that proofs of now can be none of an earlier process.
        patched.setattr(
            tokens, "ProofVerifier", lambda at: ProofVerifier(at - timedelta(minutes=1))
        )
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind((HOST, 0))
        told = f"http://{HOST}:{listener.getsockname()[1]}/backchannel-logout"
        provider = stack.enter_context(running(certificate, AUDIENCE, told))
        file = lay_out(directory / "one", text=configuration(provider.issuer))
        written(file.parent / "asker.secret", f"{ASKERS_SECRET}\n")
        public_part(certificate, file.parent / "ca.pem")
        world = stack.enter_context(process(file))
        stack.enter_context(served(world, listener))
        one = Scene(provider, world, made)
        first = one.sign_in()
        pushed = world.http.put(
            f"/v1/sources/{SOURCE}/documents/plan", json=plan(), headers=first.header()
        )
        assert 201 == pushed.status_code, pushed.text
        yield one


def public_part(certificate: Path, target: Path) -> None:
    text = certificate.read_text()
    target.write_text(text[text.index("-----BEGIN CERTIFICATE") :])
    target.chmod(0o600)


class served(ExitStack):  # noqa: N801 - reads as what it is
    """
    Serve a world over HTTP for those who come from outside.
    """

    def __init__(self, world: EventWorld, listener: socket.socket) -> None:
        super().__init__()
        self.enter_context(listening(world, listener))


def test_whoever_signs_in_finds_what_they_may_read(scene: Scene) -> None:
    """
    Code, PKCE and resource; and nobody else finds it.
    """
    alice, bob = scene.sign_in(), scene.sign_in("bob")

    found = scene.world.search(alice.header())
    assert 200 == found.status_code, found.text
    assert ["plan"] == [one["provenance"]["document"] for one in found.json()["passages"]]
    hidden = {"text": "words for alice", "acl": {"allow": ["user:alice"]}}
    where = f"/v1/sources/{SOURCE}/documents/hers"
    assert 201 == scene.world.http.put(where, json=hidden, headers=alice.header()).status_code
    for one, status in ((alice, 200), (bob, 404)):
        found = scene.world.http.get("/v1/documents/hers", headers=one.header())
        assert status == found.status_code


def test_a_client_finds_the_provider_from_a_refusal(scene: Scene) -> None:
    """
    As ChatGPT does: 401, metadata, discovery, scopes; each names the next byte by byte.
    """
    challenge = scene.world.http.post("/v1/search", json={"query": "x"}).headers["www-authenticate"]
    address = challenge.partition('resource_metadata="')[2].partition('"')[0]
    metadata = scene.world.http.get(httpx.URL(address).path).json()
    discovered = scene.provider.discovered()

    assert [discovered["issuer"]] == metadata["authorization_servers"]
    assert "S256" in discovered["code_challenge_methods_supported"]
    assert set(metadata["scopes_supported"]) <= set(discovered["scopes_supported"])
    signed_in = sign_in(
        scene.provider,
        "alice",
        metadata["resource"],
        scope=" ".join(["openid", *metadata["scopes_supported"]]),
    )
    assert 200 == scene.asks(signed_in)


def test_a_refreshed_token_counts(scene: Scene) -> None:
    one = scene.sign_in()
    before = one.tokens["access_token"]

    one.refresh()

    assert before != one.tokens["access_token"]
    assert 200 == scene.asks(one)


@pytest.mark.promise("uniform-401")
@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
def test_no_other_token_of_the_provider_is_an_access_token(scene: Scene, kind: str) -> None:
    one = scene.sign_in()

    assert 200 == scene.asks(one)
    assert 401 == scene.asks(one, kind)


def test_a_client_that_registered_itself_is_served(scene: Scene) -> None:
    """
    Dynamic registration; but nobody made it a push client.
    """
    one = scene.sign_in(client=register(scene.provider))

    assert 200 == scene.asks(one)
    where = f"/v1/sources/{SOURCE}/documents/plan"
    assert 403 == scene.world.http.put(where, json=plan(), headers=one.header()).status_code


@pytest.mark.promise("token-revocation")
def test_logging_out_ends_access_at_the_next_request(scene: Scene) -> None:
    """
    The provider tells the service over HTTP; others are served, and so is whoever signs in anew.
    """
    alice, bob = scene.sign_in(), scene.sign_in("bob")
    assert [200, 200] == [scene.asks(alice), scene.asks(bob)]
    before = len(scene.world.recorded("logout"))

    alice.log_out()

    assert [401, 200] == [scene.asks(alice), scene.asks(bob)]
    (told,) = scene.world.recorded("logout")[before:]
    assert ("revoked", scene.provider.issuer) == (told["outcome"], told["issuer"])
    assert 200 == scene.asks(_a_second_later(scene))


def _a_second_later(scene: Scene) -> SignedIn:
    # Tokens are dated in whole seconds, and one of the second of the logout is refused.
    ended = int(time.time())
    while int(time.time()) <= ended:
        time.sleep(0.05)
    return scene.sign_in()


def test_keys_are_rotated_and_forgotten(scene: Scene) -> None:
    """
    A new key is fetched when a token names it; a key that was taken back counts no more.
    """
    old = scene.sign_in("bob")
    assert 200 == scene.asks(old)

    assert 2 == len(scene.provider.tell("rotate"))
    scene.later(REFETCH_SECONDS)
    new = scene.sign_in("bob")
    assert [200, 200] == [scene.asks(new), scene.asks(old)]

    (kept,) = scene.provider.tell("forget")
    scene.later(BELIEVED_SECONDS)
    assert [200, 401] == [scene.asks(new), scene.asks(old)]
    assert kept in {kid for one in scene.keys for kid in one.state().kids}


@pytest.mark.promise("introspection")
def test_a_token_that_only_its_issuer_can_read_is_asked_about(scene: Scene) -> None:
    """
    And one that its client gave back opens nothing from the next request on.
    """
    one = sign_in(scene.provider, "alice", AUDIENCE, client=OPAQUE_CLIENT)
    assert "." not in one.tokens[ACCESS]
    assert 200 == scene.asks(one)

    one.revoke()

    assert 401 == scene.asks(one)
    assert 401 == scene.asks(one, "refresh_token")


@pytest.mark.promise("sender-constraint")
@pytest.mark.parametrize("client", [CLIENT, OPAQUE_CLIENT])
def test_a_bound_token_opens_for_whom_it_was_issued_to(scene: Scene, client: str) -> None:
    """
    As the provider binds it, in the token itself and in what it answers about one.
    """
    mine, thief = Prover(), Prover(owner="thief")
    one = sign_in(scene.provider, "alice", AUDIENCE, client=client, prover=mine)
    assert "DPoP" == one.tokens["token_type"]
    address = AUDIENCE.replace("/mcp", "/v1/search")

    proof = one.proven(mine, "POST", address)
    assert 200 == scene.world.search(proof).status_code
    assert 401 == scene.world.search(proof).status_code
    assert 401 == scene.asks(one)
    assert 401 == scene.world.search(one.proven(thief, "POST", address)).status_code


def test_doctor_finds_nothing_wrong(scene: Scene) -> None:
    """
    But for the certificate, if nobody says whose it is.
    """
    found = {one.name: one for one in issuer_findings(scene.world.configuration)}

    of = scene.provider.issuer
    assert found[f"discovery of {of}"].healthy
    assert "PKCE S256; clients register dynamically" in found[f"discovery of {of}"].detail
    assert found[f"keys of {of}"].healthy

    file = scene.world.configuration.file
    text = file.read_text().replace('ca_file = "ca.pem"\n', "")
    other = file.with_name("without-ca.toml")
    other.write_text(text)
    other.chmod(0o600)
    without = {one.name: one for one in issuer_findings(load_configuration(other))}
    assert not without[f"keys of {of}"].healthy
    assert "certificate verify failed" in without[f"keys of {of}"].detail
