"""
The numbered steps of `acl.identity.tokens`: each refuses its forgery, and without it that
forgery would pass.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from types import ModuleType

import pytest
from joserfc import jws
from joserfc._rfc7515 import compact

from acl.errors import ConfigurationError
from acl.identity import claims as said
from acl.identity import signed, tokens
from acl.identity.claims import GroupClaim
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.identity.introspection import Introspector
from acl.identity.profiles import PROFILES
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.model.delegation import Allowance, Delegation, Rights
from tests.acl.identity.forgeries import FORGERIES
from tests.acl.identity.issuers import (
    ALGORITHMS,
    AUDIENCE,
    CLAIMS,
    HEADER,
    ISSUER,
    LEEWAY,
    LIFETIME,
    NOW,
    Issuer,
    b64,
    sign,
    spied,
    trusted,
    verifier,
)

Patch = pytest.MonkeyPatch
RSA = Issuer("RS256")
refuse = signed.refuse


def lenient_decode(part: str | bytes) -> bytes:
    text = part if isinstance(part, str) else part.decode()
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _decode_leniently(patch: Patch) -> None:
    # The library has become as strict as the step; the control takes both away.
    patch.setattr(signed, "_decode", lenient_decode)
    patch.setattr(compact, "urlsafe_b64decode", lenient_decode)


@dataclass(frozen=True)
class Step:
    """
    One numbered step: a token that only it refuses, and how to take the step away.
    """

    name: str
    forgery: str
    take_away: Callable[[Patch], object]
    adjust: Callable[[TrustedIssuer], TrustedIssuer] = lambda one: one


def signed_by_rsa(algorithm: str) -> str:
    """
    Return a good token of RSA's one key, by an algorithm that this issuer does not use.
    """
    header = {**HEADER, "alg": algorithm}
    signed = ".".join(b64(json.dumps(dict(part)).encode()) for part in (header, CLAIMS))
    return f"{signed}.{b64(sign(algorithm, RSA.key, signed.encode()))}"


def _any_issuer(verifier: TokenVerifier, claims: Mapping[str, object]) -> TrustedIssuer:
    del claims
    return verifier._issuers[ISSUER]  # noqa: SLF001 - the control


def _any_key(one: TrustedIssuer) -> TrustedIssuer:
    jwk = {name: value for name, value in RSA.jwk().items() if name != "alg"}
    return replace(one, keys=spied(jwk))


def _set(module: ModuleType, name: str, value: object) -> Callable[[Patch], object]:
    return lambda patch: patch.setattr(module, name, value)


def _skip(module: ModuleType, name: str, result: object = None) -> Callable[[Patch], object]:
    return _set(module, name, lambda *_, **__: result)


def _any_algorithm(patch: Patch) -> None:
    patch.setattr(signed, "check_algorithm", lambda header, _: header["alg"])


def _with_groups(one: TrustedIssuer) -> TrustedIssuer:
    return replace(one, groups=GroupClaim("groups"))


class Unsure(Introspector):
    """
    An issuer that calls every token inactive.
    """

    def active(self, token: str, now: datetime) -> Mapping[str, object]:
        del token, now
        msg = "step 17: no"
        raise TokenRejectedError(msg)


def _asked_as_well(one: TrustedIssuer) -> TrustedIssuer:
    unsure = Unsure(ISSUER, f"{ISSUER}/introspect", "rag", str, 0, opaque=False, always=True)
    return replace(one, introspector=unsure)


FOREVER = datetime(2100, 1, 1, tzinfo=UTC)

STEPS: dict[int, Step] = {
    1: Step(
        "size",
        RSA.token(claims={"x": "a" * 20_000}),
        _set(signed, "parse", partial(signed.parse, most=10**9)),
    ),
    2: Step("shape", FORGERIES["spare bits"](RSA), _decode_leniently),
    3: Step(
        "strict JSON",
        FORGERIES["payload: sub twice"](RSA),
        _set(signed, "parse_object", json.loads),
    ),
    4: Step("header", FORGERIES["header: jku"](RSA), _set(signed, "REFUSED_HEADERS", frozenset())),
    5: Step(
        "issuer",
        FORGERIES["claims: iss has a slash"](RSA),
        lambda patch: patch.setattr(TokenVerifier, "_issuer", _any_issuer),
    ),
    6: Step("type", FORGERIES["header: typ is an ID token's"](RSA), _skip(tokens, "_check_type")),
    7: Step("algorithm", signed_by_rsa("PS256"), _any_algorithm, _any_key),
    8: Step(
        "signature",
        FORGERIES["another key of the same kid"](RSA),
        lambda patch: patch.setattr(jws, "deserialize_compact", lambda *_, **__: None),
    ),
    9: Step("audience", FORGERIES["claims: aud is another's"](RSA), _skip(said, "check_audience")),
    10: Step(
        "times", FORGERIES["claims: exp has passed"](RSA), _skip(said, "check_times", FOREVER)
    ),
    11: Step(
        "subject",
        FORGERIES["claims: sub has a newline"](RSA),
        _set(said, "name_of", lambda value, _, **__: str(value)),
    ),
    12: Step(
        "bound token",
        FORGERIES["claims: cnf by thumbprint"](RSA),
        _skip(tokens, "check_possession"),
    ),
    13: Step(
        "scopes",
        FORGERIES["claims: scope mixes types"](RSA),
        _skip(said, "scopes_of", frozenset({"rag.search"})),
    ),
    14: Step(
        "actors",
        FORGERIES["claims: act has no sub"](RSA),
        _skip(said, "actors_of", ()),
    ),
    15: Step(
        "groups",
        RSA.token(claims={"groups": ["eng"], "hasgroups": True}),
        _skip(said, "groups_of", frozenset({"eng"})),
        _with_groups,
    ),
    16: Step(
        "agent",
        RSA.token(claims={"act": {"sub": "agent://unheard-of"}}),
        _skip(tokens, "_rights", Rights(frozenset(), None, ("chat",))),
    ),
    17: Step(
        "activity",
        RSA.token(),
        lambda patch: patch.setattr(Unsure, "active", lambda *_: {}),
        _asked_as_well,
    ),
}


def judge(step: Step) -> TokenVerifier:
    return verifier(step.adjust(trusted(RSA)))


def test_every_numbered_step_is_tested() -> None:
    """
    The list at the head of the module and the list above are one list.
    """
    numbered = re.findall(r"^\s*(\d+)\. ", tokens.__doc__ or "", re.MULTILINE)

    assert [str(number) for number in STEPS] == numbered


@pytest.mark.parametrize("number", STEPS, ids=lambda n: f"step {n}, {STEPS[n].name}")
def test_the_step_refuses_its_forgery(number: int) -> None:
    with pytest.raises((TokenRejectedError, ReaderRefusedError)) as refused:
        judge(STEPS[number]).verify(STEPS[number].forgery).require_accepted()

    assert refused.value.diagnostics().startswith(f"step {number}:")


@pytest.mark.parametrize("number", STEPS, ids=lambda n: f"step {n}, {STEPS[n].name}")
def test_without_the_step_its_forgery_would_pass(number: int, monkeypatch: Patch) -> None:
    """
    The control: nothing but this step stood in the way.
    """
    STEPS[number].take_away(monkeypatch)

    judge(STEPS[number]).verify(STEPS[number].forgery).require_accepted()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_valid_token_says_who_asks(algorithm: str) -> None:
    issuer = Issuer(algorithm)

    agents = Delegation(actors={"planner": Allowance()})

    reader = verifier(replace(trusted(issuer), delegation=agents)).verify(
        issuer.token(claims={"act": {"sub": "planner", "act": {"sub": "chat"}}})
    )

    assert (ISSUER, "alice", "chat") == (reader.issuer, reader.subject, reader.client)
    assert ("planner", "chat") == reader.actors
    assert {"rag.search", "rag.read"} == reader.scopes
    assert datetime.fromtimestamp(NOW + 600 + LEEWAY, tz=UTC) == reader.expires_at
    assert "alice" == reader.claims["sub"]


VALID: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "rfc9068": ({"typ": "at+jwt"}, {"client_id": "chat", "scope": "rag.search"}),
    "entra": ({"typ": "JWT"}, {"azp": "chat", "scp": "rag.search"}),
    "okta": ({"typ": "JWT"}, {"cid": "chat", "scp": ["rag.search"]}),
    "keycloak": ({"typ": "JWT"}, {"azp": "chat", "scope": "rag.search"}),
    "generic": ({"typ": "at+jwt"}, {"azp": "chat", "scp": "rag.search"}),
}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_valid_token_of_every_profile_is_accepted(profile: str, algorithm: str) -> None:
    header, claims = VALID[profile]
    issuer = Issuer(algorithm)
    said = {k: v for k, v in CLAIMS.items() if k not in {"client_id", "scope"}} | claims
    token = issuer.sign_texts(json.dumps({**HEADER, "alg": algorithm, **header}), json.dumps(said))

    reader = verifier(trusted(issuer, profile=profile)).verify(token)

    assert ("chat", frozenset({"rag.search"})) == (reader.client, reader.scopes)


@pytest.mark.parametrize("profile", sorted(set(PROFILES) - {"rfc9068"}))
def test_where_id_tokens_look_alike_a_scope_is_needed(profile: str) -> None:
    header, claims = VALID[profile]
    said = {k: v for k, v in CLAIMS.items() if k not in {"client_id", "scope"}} | claims
    said = {k: v for k, v in said.items() if k not in {"scope", "scp"}}
    token = RSA.sign_texts(json.dumps({**HEADER, "alg": "RS256", **header}), json.dumps(said))

    with pytest.raises(TokenRejectedError) as refused:
        verifier(trusted(RSA, profile=profile)).verify(token)

    assert "no scope claim" in refused.value.diagnostics()


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "AT+JWT"}, {}),
        ({"typ": "application/at+jwt"}, {}),
        ({"x": 1}, {}),
        ({}, {"aud": ["https://other.acme.example", AUDIENCE]}),
        ({}, {"iat": NOW + LEEWAY, "exp": NOW + 600}),
        ({}, {"iat": NOW - LIFETIME + 1, "exp": NOW + 1}),
        ({}, {"iat": NOW - 900, "exp": NOW - LEEWAY + 1}),
        ({}, {"nbf": NOW + LEEWAY}),
        ({}, {"sub": "a" * 255}),
        ({}, {"sub": "Ålice Müller-Łuk"}),
        ({}, {"cnf": None}),
        ({}, {"scope": ""}),
        ({}, {"scope": ["rag.search"]}),
        ({}, {"act": None}),
    ],
)
def test_the_edges_of_every_rule_are_inside(
    header: dict[str, object], claims: dict[str, object]
) -> None:
    """
    Refusing what is right would be a fault too.
    """
    assert verifier(trusted(RSA)).verify(RSA.token(header, claims)).client == "chat"


def test_a_token_without_scopes_may_ask_for_nothing() -> None:
    assert frozenset() == verifier(trusted(RSA)).verify(RSA.token(without=("scope",))).scopes


def test_no_configuration_makes_a_token_live_longer_than_a_day() -> None:
    generous = replace(trusted(RSA), max_lifetime_seconds=10**9)
    day = tokens.MAX_LIFETIME_SECONDS

    verifier(generous).verify(RSA.token(claims={"iat": NOW, "exp": NOW + day}))
    with pytest.raises(TokenRejectedError):
        verifier(generous).verify(RSA.token(claims={"iat": NOW, "exp": NOW + day + 1}))


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_no_configuration_makes_a_symmetric_algorithm_acceptable(algorithm: str) -> None:
    careless = replace(trusted(RSA), algorithms=frozenset({algorithm, "RS256"}))
    name = (
        "alg none with no signature" if algorithm == "none" else "HS256 with the public key as PEM"
    )

    with pytest.raises(TokenRejectedError) as refused:
        verifier(careless).verify(FORGERIES[name](RSA))

    assert refused.value.diagnostics().startswith(("step 2", "step 7"))


@pytest.mark.parametrize("audiences", [frozenset(), frozenset({""}), frozenset({AUDIENCE, ""})])
def test_no_verifier_is_made_that_accepts_anything(audiences: frozenset[str]) -> None:
    """
    Whatever read the configuration (OpenFGA, CVE-2026-55689).
    """
    with pytest.raises(ConfigurationError):
        replace(trusted(RSA), audiences=audiences)
    with pytest.raises(ConfigurationError):
        replace(trusted(RSA), issuer="")


@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_true_is_no_time(claim: str) -> None:
    """
    In Python it is an integer; with a clock that has just begun it would do.
    """
    early = {"iat": 1, "exp": 600, claim: True}
    judge = TokenVerifier({ISSUER: trusted(RSA)}, lambda: datetime.fromtimestamp(1, tz=UTC))

    judge.verify(RSA.token(claims={"iat": 1, "exp": 600}))
    with pytest.raises(TokenRejectedError) as refused:
        judge.verify(RSA.token(claims=early))

    assert f"{claim} is missing or not an integer" in refused.value.diagnostics()
