"""
For whom a genuine token speaks: agents, services, groups, and ways of signing in.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from acl.identity.claims import GroupClaim
from acl.identity.errors import ReaderRefusedError, TokenRejectedError
from acl.identity.linking import GroupLink, IdentityLink, ServiceLink, link
from acl.identity.reader import VerifiedReader
from acl.identity.tokens import TrustedIssuer
from acl.model.delegation import Allowance, Delegation
from tests.acl.identity.issuers import (
    CLAIMS,
    HEADER,
    ISSUER,
    LEEWAY,
    NOW,
    OTHER_ISSUER,
    Issuer,
    trusted,
    verifier,
)
from tests.acl.identity.readers import proven
from tests.acl.people import ACME, ALICE, CORP, ENG, WIKI, group, user

SIGNER = Issuer("ES256")
BY_SUBJECT = IdentityLink(ISSUER, "sub", CORP)
GROUPS = GroupLink(ISSUER, CORP)
PLANNER = Delegation(actors={"agent://planner": Allowance("planner")})


def issuer(profile: str = "rfc9068", **members: Any) -> TrustedIssuer:  # noqa: ANN401
    return replace(trusted(SIGNER, profile=profile), **members)


def read(one: TrustedIssuer, claims: Mapping[str, Any], **header: object) -> VerifiedReader:
    reader = verifier(one).verify(SIGNER.token(header, claims))
    reader.require_accepted()
    return reader


@pytest.mark.promise("delegation")
def test_an_agent_gets_what_reader_token_and_agent_may_all_do() -> None:
    allowed = Allowance("planner", frozenset({"rag.search"}), frozenset({"handbook"}))
    one = issuer(delegation=Delegation(actors={"agent://planner": allowed}))
    act = {"sub": "agent://planner", "act": {"sub": "chat"}}

    reader = read(one, {"act": act})

    assert ("alice", ("agent://planner", "chat")) == (reader.subject, reader.actors)
    assert {"rag.search"} == reader.scopes
    assert frozenset({"handbook"}) == reader.sources
    assert {ALICE} == link(reader, [BY_SUBJECT], ACME)


@pytest.mark.promise("delegation")
@pytest.mark.parametrize("actor", ["agent://other", "planner", "agent://planner ", "alice"])
def test_an_agent_that_is_not_listed_gets_nothing(actor: str) -> None:
    with pytest.raises(ReaderRefusedError) as refused:
        read(issuer(delegation=PLANNER), {"act": {"sub": actor}})

    assert refused.value.diagnostics().startswith("step 16:")


@pytest.mark.promise("delegation")
def test_a_user_behind_an_agents_token_lends_it_no_rights() -> None:
    """
    The subject is who reads; that alice acts through it makes nobody alice.
    """
    one = issuer(delegation=Delegation(actors={"alice": Allowance()}))

    reader = read(one, {"sub": "agent://planner", "act": {"sub": "alice"}})

    assert {user("agent://planner")} == link(reader, [BY_SUBJECT], ACME)
    assert ALICE not in link(reader, [BY_SUBJECT], ACME)


@pytest.mark.promise("delegation")
@pytest.mark.parametrize(
    "act",
    [
        {"iss": OTHER_ISSUER, "sub": "agent://planner"},
        {"iss": f"{ISSUER}/", "sub": "agent://planner"},
        {"iss": None, "sub": "agent://planner"},
        {"iss": [ISSUER], "sub": "agent://planner"},
        {"sub": "agent://planner", "act": {"iss": OTHER_ISSUER, "sub": "chat"}},
    ],
    ids=["another", "with a slash", "null", "a list", "further in"],
)
def test_an_actor_of_another_issuer_is_nobody_here(act: dict[str, Any]) -> None:
    """
    The same name there is another agent; in the audit record, too.
    """
    with pytest.raises(TokenRejectedError) as refused:
        read(issuer(delegation=PLANNER), {"act": act})

    assert refused.value.diagnostics().startswith("step 14:")
    ours = {"iss": ISSUER, "sub": "agent://planner"}
    assert ("agent://planner",) == read(issuer(delegation=PLANNER), {"act": ours}).actors


@pytest.mark.promise("delegation")
def test_whoever_is_let_in_nowhere_has_no_rights() -> None:
    """
    Also where nobody has looked whether they are refused.
    """
    one = issuer(delegation=Delegation(clients={"desktop": Allowance()}))

    reader = verifier(one).verify(SIGNER.token())

    assert (frozenset(), frozenset(), frozenset()) == (
        reader.scopes,
        reader.sources,
        reader.groups,
    )


@pytest.mark.promise("delegation")
def test_a_client_that_is_not_listed_gets_nothing() -> None:
    one = issuer(delegation=Delegation(clients={"desktop": Allowance()}))

    with pytest.raises(ReaderRefusedError):
        read(one, {})
    assert "desktop" == read(one, {"client_id": "desktop"}).client


def test_who_asks_can_be_said_in_a_sentence() -> None:
    named = Delegation({"chat": Allowance("ChatGPT")}, PLANNER.actors)
    act = {"sub": "agent://planner"}

    assert "alice, via ChatGPT, for agent planner" == (
        read(issuer(delegation=named), {"act": act}).sentence()
    )
    assert "alice, via chat" == read(issuer(), {}).sentence()
    assert "alice, via chat, for agent agent://x" == proven(actors=("agent://x", "y")).sentence()


SERVICES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "subject is the client": ("rfc9068", {}, {"sub": "chat"}),
    "Entra says so": ("entra", {"typ": "JWT"}, {"azp": "chat", "scp": "x", "idtyp": "app"}),
    "Okta": ("okta", {"typ": "JWT"}, {"cid": "chat", "scp": ["x"], "sub": "chat"}),
    "Auth0": ("rfc9068", {}, {"sub": "chat@clients"}),
    "Auth0 says so": ("generic", {}, {"gty": "client-credentials"}),
    "Keycloak's account": (
        "keycloak",
        {"typ": "JWT"},
        {"azp": "chat", "preferred_username": "service-account-chat"},
    ),
}


@pytest.mark.promise("service-nobody")
@pytest.mark.parametrize("case", sorted(SERVICES))
def test_a_service_is_nobody_unless_the_operator_says_who(case: str) -> None:
    """
    Whatever its claims are linked to; and then it is that user only.
    """
    profile, header, claims = SERVICES[case]

    reader = read(issuer(profile), claims, **header)

    assert reader.service
    assert frozenset() == link(reader, [BY_SUBJECT, GROUPS], ACME)
    robot = ServiceLink(ISSUER, "chat", claims.get("sub", "alice"), CORP, "robot")
    assert {user("robot")} == link(reader, [BY_SUBJECT, robot], ACME)
    for other in (
        replace(robot, client="desktop"),
        replace(robot, issuer="https://x.example"),
        replace(robot, subject="somebody else"),
        replace(robot, subject=robot.subject.upper()),
    ):
        assert frozenset() == link(reader, [BY_SUBJECT, other], ACME)


@pytest.mark.promise("service-nobody")
@pytest.mark.parametrize("case", sorted(SERVICES))
def test_the_marks_of_a_service_give_nothing(case: str) -> None:
    """
    A person who has chosen a name like a service's, at a service's client, is not that service.
    """
    profile, header, claims = SERVICES[case]
    chosen = {**claims, "sub": "mallory", "preferred_username": "service-account-chat"}
    service = ServiceLink(ISSUER, "chat", claims.get("sub", "svc-7"), CORP, "robot")

    assert frozenset() == link(read(issuer(profile), chosen, **header), [BY_SUBJECT, service], ACME)


@pytest.mark.promise("service-nobody")
def test_a_service_that_its_issuer_does_not_mark_is_the_one_that_is_configured() -> None:
    """
    And nobody beside that: its `sub` is not read as a person's.
    """
    reader = read(issuer(), {"sub": "svc-7"})

    assert not reader.service
    robot = ServiceLink(ISSUER, "chat", "svc-7", CORP, "robot")
    assert {user("robot")} == link(reader, [BY_SUBJECT, robot], ACME)


@pytest.mark.promise("service-nobody")
def test_a_person_is_no_service() -> None:
    """
    The control, and a service's link gives a person nothing.
    """
    reader = read(issuer(), {})

    assert not reader.service
    assert {ALICE} == link(
        reader, [BY_SUBJECT, ServiceLink(ISSUER, "chat", "svc-7", CORP, "robot")], ACME
    )


TAKING = GroupClaim("groups")


@pytest.mark.promise("token-groups")
def test_groups_of_a_token_count_where_the_operator_says_so() -> None:
    claims = {"groups": ["eng", "ops"]}

    taken, ignored = read(issuer(groups=TAKING), claims), read(issuer(), claims)

    assert {ALICE, ENG, group("ops")} == link(taken, [BY_SUBJECT, GROUPS], ACME)
    assert {ALICE} == link(ignored, [BY_SUBJECT, GROUPS], ACME)
    assert {ALICE} == link(taken, [BY_SUBJECT], ACME)
    assert {ALICE} == link(taken, [BY_SUBJECT, replace(GROUPS, issuer="https://x")], ACME)


@pytest.mark.promise("token-groups")
def test_groups_count_only_where_their_reader_is_somebody() -> None:
    """
    Of one who is a group's member and no user there, nobody vouches that no denial means them.
    """
    reader = read(issuer(groups=TAKING), {"groups": ["eng"]})

    assert frozenset() == link(reader, [GROUPS], ACME)
    elsewhere = IdentityLink(ISSUER, "sub", WIKI)
    assert {user("alice", authority=WIKI)} == link(reader, [elsewhere, GROUPS], ACME)


@pytest.mark.promise("token-groups")
@pytest.mark.parametrize(
    "name", ["everyone", "user:bob", "group:corp/eng", "wiki/eng", "Eng", "eng "]
)
def test_a_group_is_taken_byte_for_byte(name: str) -> None:
    reader = read(issuer(groups=TAKING), {"groups": [name]})

    assert {ALICE, group(name)} == link(reader, [BY_SUBJECT, GROUPS], ACME)


PARTIAL: dict[str, dict[str, Any]] = {
    "left out": {},
    "null": {"groups": None},
    "elsewhere": {
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "x"}},
    },
    "some here, the rest elsewhere": {"groups": ["eng"], "_claim_names": {"groups": "src1"}},
    "elsewhere, malformed": {"groups": ["eng"], "_claim_names": ["groups"]},
    "too many": {"hasgroups": True},
    "too many, some here": {"groups": ["eng"], "hasgroups": True},
    "too many, as a list": {"groups": ["eng"], "hasgroups": []},
    "too many, as text": {"groups": ["eng"], "hasgroups": "true"},
    "text": {"groups": "eng"},
    "a text of several": {"groups": "eng ops"},
    "an object": {"groups": {"eng": True}},
    "a number among them": {"groups": ["eng", 7]},
    "an empty one among them": {"groups": ["eng", ""]},
    "one that is no id": {"groups": ["eng", "a\0b"]},
    "one that is too long": {"groups": ["eng", "x" * 513]},
}


@pytest.mark.promise("token-groups")
@pytest.mark.parametrize("case", sorted(PARTIAL))
def test_a_list_of_groups_that_may_not_be_whole_opens_nothing(case: str) -> None:
    """
    Part of the groups would let through whom a denial of the others keeps out.
    """
    with pytest.raises(ReaderRefusedError) as refused:
        read(issuer(groups=TAKING), PARTIAL[case])

    assert refused.value.diagnostics().startswith("step 15:")
    assert read(issuer(), PARTIAL[case]).groups == frozenset()


@pytest.mark.promise("token-groups")
@pytest.mark.parametrize(
    "claims",
    [{"groups": []}, {"groups": ["eng"], "hasgroups": False}, {"groups": [], "_claim_names": {}}],
)
def test_an_empty_list_is_whole(claims: dict[str, Any]) -> None:
    assert set(claims["groups"]) == read(issuer(groups=TAKING), claims).groups


@pytest.mark.promise("token-groups")
def test_an_operator_may_take_no_claim_for_no_groups_but_no_overage() -> None:
    lenient = issuer(groups=GroupClaim("groups", may_lack=True))

    assert frozenset() == read(lenient, {}).groups
    for case in ("elsewhere", "too many"):
        with pytest.raises(ReaderRefusedError):
            read(lenient, PARTIAL[case])


def test_clients_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(TokenRejectedError):
        read(issuer(), {"azp": "desktop"})
    assert "chat" == read(issuer(), {"azp": "chat", "cid": "chat"}).client
    own = issuer(client_claims=("application",))
    assert "x" == read(own, {"application": "x", "azp": "desktop"}).client


def test_a_token_says_how_its_reader_signed_in() -> None:
    said = {"acr": "phr", "amr": ["pwd", "hwk"], "auth_time": NOW - 60}

    found = read(issuer(), said).sign_in

    assert {"phr"} == found.contexts
    assert {"pwd", "hwk"} == found.methods
    assert datetime.fromtimestamp(NOW - 60, tz=UTC) == found.at
    ahead = read(issuer(), said | {"auth_time": NOW + LEEWAY}).sign_in.at
    assert datetime.fromtimestamp(NOW + LEEWAY, tz=UTC) == ahead


@pytest.mark.promise("step-up")
@pytest.mark.parametrize(
    "said",
    [
        {"acr": 7, "amr": {"hwk": True}, "auth_time": str(NOW)},
        {"acr": None, "amr": [7, None], "auth_time": True},
        {"acr": {"phr": 1}, "amr": 7, "auth_time": NOW + 0.5},
        {"auth_time": -1},
        {"auth_time": 10**17},
        {"auth_time": NOW + LEEWAY + 1},
    ],
)
def test_what_is_malformed_about_a_sign_in_was_not_said(said: dict[str, Any]) -> None:
    found = read(issuer(), said).sign_in

    assert (frozenset(), frozenset(), None) == (found.contexts, found.methods, found.at)


def test_entras_authentication_contexts_count() -> None:
    claims = {**CLAIMS, "azp": "chat", "scp": "x", "acrs": ["c1", "c2"], "acr": "1"}
    del claims["client_id"]
    token = SIGNER.token({**HEADER, "typ": "JWT"}, claims, without=("client_id",))

    assert {"c1", "c2", "1"} == verifier(issuer("entra")).verify(token).sign_in.contexts
