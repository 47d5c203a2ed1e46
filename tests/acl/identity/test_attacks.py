"""
Every token of the attack list is refused, in the same way, and nothing is fetched for it.
"""

from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.identity.errors import TokenRejectedError
from acl.identity.keysets import DiscoveredKeys
from acl.identity.profiles import PROFILES
from acl.identity.wire import Wire
from tests.acl.identity.forgeries import FORGERIES, genuine
from tests.acl.identity.issuers import (
    ALGORITHMS,
    ISSUER,
    OTHER_ISSUER,
    Issuer,
    spied,
    trusted,
    verifier,
)
from tests.acl.identity.tls import TRUST
from tests.properties.effort import tries

GLOBEX = {name: Issuer(name, owner="globex", issuer=OTHER_ISSUER) for name in ALGORITHMS}
ACME = {name: Issuer(name) for name in ALGORITHMS}


def test_the_list_is_long_enough() -> None:
    assert len(FORGERIES) >= 300


@pytest.mark.promise("forged-token")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_what_is_not_spoiled_is_accepted(algorithm: str) -> None:
    """
    The control: the makers of forgeries make good tokens, too.
    """
    judge = verifier(trusted(ACME[algorithm]), trusted(GLOBEX[algorithm]))

    for forgery in FORGERIES:
        assert "alice" == judge.verify(genuine(forgery)(ACME[algorithm])).subject


@pytest.mark.promise("uniform-401")
@pytest.mark.promise("forged-token")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("attack", sorted(FORGERIES))
def test_a_forged_token_is_refused(attack: str, algorithm: str) -> None:
    """
    With one error and no other, by a verifier that trusts two issuers with one `kid`.
    """
    judge = verifier(trusted(ACME[algorithm]), trusted(GLOBEX[algorithm]))
    token = FORGERIES[attack](ACME[algorithm])

    with pytest.raises(TokenRejectedError) as refused:
        judge.verify(token)

    assert "invalid token" == str(refused.value)
    assert refused.value.diagnostics().startswith("step ")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_forged_tokens_fetch_nothing_but_the_issuers_keys_once(algorithm: str) -> None:
    """
    Discovery and key set of the configured issuer, at most once, whatever the tokens name.
    """
    fetched: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        fetched.append(str(request.url))
        if request.url.path.endswith("openid-configuration"):
            return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})
        return httpx.Response(200, json={"keys": [ACME[algorithm].jwk()]})

    wire = Wire(TRUST, transport=httpx.MockTransport(answer))
    judge = verifier(replace(trusted(ACME[algorithm]), keys=DiscoveredKeys(ISSUER, wire)))

    for forgery in FORGERIES.values():
        with pytest.raises(TokenRejectedError):
            judge.verify(forgery(ACME[algorithm]))

    assert [f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/jwks"] == fetched
    assert "alice" == judge.verify(ACME[algorithm].token()).subject


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_before_issuer_type_and_algorithm_are_right_no_key_is_asked_for(algorithm: str) -> None:
    keys = spied(ACME[algorithm].jwk())
    judge = verifier(replace(trusted(ACME[algorithm]), keys=keys))
    early = ("payload: ", "raw header: ", "claims: iss", "header: typ", "header: alg")

    for attack, forgery in FORGERIES.items():
        if attack.startswith(early):
            with pytest.raises(TokenRejectedError):
                judge.verify(forgery(ACME[algorithm]))

    assert [] == keys.asked


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@given(data=st.data())
@tries(150)
def test_a_changed_character_is_one_too_many(algorithm: str, data: st.DataObject) -> None:
    """
    No token but the one that was signed: any edit is refused, and with the one error.
    """
    token = ACME[algorithm].token()
    place = data.draw(st.integers(0, len(token) - 1))
    with_ = data.draw(st.sampled_from("ABCabc019-_.=+/ \n\0é") | st.just(""))
    if token[place] == with_:
        return
    judge = verifier(trusted(ACME[algorithm]))

    with pytest.raises(TokenRejectedError):
        judge.verify(token[:place] + with_ + token[place + 1 :])


@given(text=st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9_-]{1,40}(\.[A-Za-z0-9_-]{1,40}){2}"))
@tries(300)
def test_any_text_is_refused_and_nothing_else_happens(text: str) -> None:
    with pytest.raises(TokenRejectedError):
        verifier(trusted(ACME["ES256"])).verify(text)


def test_equal_subjects_of_two_issuers_are_two_readers() -> None:
    """
    The same `kid` and the same `sub`: no crossing.
    """
    judge = verifier(trusted(ACME["ES256"]), trusted(GLOBEX["ES256"]))

    ours, theirs = judge.verify(ACME["ES256"].token()), judge.verify(GLOBEX["ES256"].token())

    assert (ISSUER, "alice") == (ours.issuer, ours.subject)
    assert (OTHER_ISSUER, "alice") == (theirs.issuer, theirs.subject)


def test_a_token_of_one_profile_is_not_one_of_another() -> None:
    """
    An RFC 9068 issuer's ID tokens bear `typ: JWT`; an Entra issuer's access tokens do.
    """
    issuer = ACME["RS256"]
    id_token = issuer.token({"typ": "JWT"}, without=("scope",))

    assert "jwt" not in PROFILES["rfc9068"].types
    for profile in PROFILES:
        with pytest.raises(TokenRejectedError):
            verifier(trusted(issuer, profile=profile)).verify(id_token)
