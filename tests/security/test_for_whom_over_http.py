"""
Agents, services, groups in tokens and step-up, through the whole path of a question.
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from httpx2 import Response

from acl.identity.claims import GroupClaim
from acl.identity.linking import GroupLink, IdentityLink, ServiceLink
from acl.identity.tokens import TokenVerifier, TrustedIssuer
from acl.model.assurance import Demand, Demands
from acl.model.delegation import Allowance, Delegation
from acl.model.identifiers import AuthorityId
from acl.model.labels import LabelPolicy
from retrieval.answer import ReadingRoom
from retrieval.authorize import Authorizer, LabelPolicies
from tests.acl.identity.issuers import ISSUER, Issuer, trusted
from tests.acl.people import CORP
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client

SIGNER: Final = Issuer("ES256")
WORDS: Final = "everything that stands in this text"
PLANNER: Final = {"act": {"sub": "agent://planner"}}
ACLS: Final[dict[str, object]] = {
    "of-alice": allow("user:alice"),
    "of-eng": allow("group:eng"),
    "of-robot": allow("user:robot"),
    "of-chat": allow("user:chat"),
    "of-planner": allow("user:corp/agent://planner"),
    "not-eng": {**allow("user:alice", "user:bob"), "deny": ["group:eng"]},
}


@pytest.fixture(scope="module")
def sources(shared: Installation) -> tuple[str, str]:
    """
    Two sources with the same documents, in which no group is defined.
    """
    named = shared.fresh(), shared.fresh()
    for source in named:
        shared.write(
            source,
            [
                {"id": f"{one}-{source}", "text": f"{WORDS}: {one}", "acl": acl, "label": "secret"}
                for one, acl in ACLS.items()
            ],
        )
        shared.sync(source, "corp")
    return named


def room(
    shared: Installation,
    sources: tuple[str, str],
    issuer: TrustedIssuer,
    **authorizer: Any,  # noqa: ANN401
) -> ReadingRoom:
    """
    Return a reading room of this issuer's readers.
    """
    plain = shared.room(sources, ["corp"])
    links = (
        IdentityLink(ISSUER, "sub", CORP),
        GroupLink(ISSUER, CORP),
        ServiceLink(ISSUER, "chat", "chat", AuthorityId("corp"), "robot"),
    )
    doors: Authorizer = replace(plain.authorizer, links=links)
    doors = replace(doors, **authorizer)
    verifier = TokenVerifier({ISSUER: issuer}, shared.clock)
    return replace(plain, verifier=verifier, authorizer=doors)


def asked(room: ReadingRoom, **claims: object) -> Response:
    token = SIGNER.token(claims=claims)
    with client(room) as http:
        body = {"query": WORDS, "limit": 50}
        return http.post("/v1/search", json=body, headers={"Authorization": f"Bearer {token}"})


def found(room: ReadingRoom, sources: tuple[str, str], **claims: object) -> set[str]:
    """
    Return the documents that an answer is made of, as `source/document` with short names.
    """
    response = asked(room, **claims)
    assert 200 == response.status_code, response.text
    short = dict(zip(sources, "ab", strict=True))
    where = [one["provenance"] for one in response.json()["passages"]]
    return {
        f"{short[one['source']]}/{one['document'].removesuffix('-' + one['source'])}"
        for one in where
    }


OPEN: Final = trusted(SIGNER)
MINE: Final = {"a/of-alice", "b/of-alice"}


@pytest.mark.promise("delegation")
def test_an_agent_finds_what_reader_and_agent_may_both_see(
    shared: Installation, sources: tuple[str, str]
) -> None:
    """
    And less by no way: what it may look into bounds fetching as well.
    """
    allowed = Allowance("planner", sources=frozenset(sources[:1]))
    agents = Delegation(actors={"agent://planner": allowed})
    seeing = room(shared, sources, replace(OPEN, delegation=agents))

    assert {"a/of-alice"} == found(seeing, sources, **PLANNER)
    assert found(seeing, sources) == MINE
    token = {"Authorization": f"Bearer {SIGNER.token(claims=PLANNER)}"}
    with client(seeing) as http:
        fetched = [
            http.get(f"/v1/documents/of-alice-{one}", headers=token).status_code for one in sources
        ]
    assert [200, 404] == fetched


@pytest.mark.promise("delegation")
def test_an_agents_scopes_are_cut_to_its_own(
    shared: Installation, sources: tuple[str, str]
) -> None:
    reading = Allowance(scopes=frozenset({"rag.read", "rag.audit"}))
    agents = Delegation(actors={"agent://planner": reading})

    refused = asked(room(shared, sources, replace(OPEN, delegation=agents)), **PLANNER)

    assert (403, "insufficient_scope") == (refused.status_code, refused.json()["code"])


@pytest.mark.promise("delegation")
def test_a_token_of_an_agent_for_which_a_user_acts_reads_as_the_agent(
    shared: Installation, sources: tuple[str, str]
) -> None:
    agents = Delegation(actors={"alice": Allowance()})
    seeing = room(shared, sources, replace(OPEN, delegation=agents))

    as_agent = {"sub": "agent://planner", "act": {"sub": "alice"}}

    assert {"a/of-planner", "b/of-planner"} == found(seeing, sources, **as_agent)


@pytest.mark.promise("delegation")
def test_whoever_is_not_listed_is_refused_and_recorded(
    shared: Installation, sources: tuple[str, str], events: list[dict[str, Any]]
) -> None:
    """
    A genuine token, so 403 and not 401; why is for operators.
    """
    closed = Delegation(clients={"desktop": Allowance()})
    for delegation, claims in ((closed, {}), (Delegation(), PLANNER)):
        answer = asked(room(shared, sources, replace(OPEN, delegation=delegation)), **claims)
        assert (403, "not_accepted") == (answer.status_code, answer.json()["code"])
        assert "listed" not in answer.text
        assert "www-authenticate" not in answer.headers
        assert "step 16" in events[-1]["details"]["reason"]


@pytest.mark.promise("service-nobody")
def test_a_service_finds_what_is_meant_for_it_and_nothing_that_its_claims_name(
    shared: Installation, sources: tuple[str, str]
) -> None:
    """
    Of the two documents the one of the user that the operator has named, not that of its `sub`.
    """
    seeing = room(shared, sources, OPEN)
    unnamed = room(shared, sources, OPEN, links=(IdentityLink(ISSUER, "sub", CORP),))

    assert {"a/of-robot", "b/of-robot"} == found(seeing, sources, sub="chat")
    assert set() == found(unnamed, sources, sub="chat")
    assert {"a/of-chat", "b/of-chat"} == found(unnamed, sources, sub="chat", client_id="x")


@pytest.mark.promise("token-groups")
def test_groups_in_a_token_open_and_shut(shared: Installation, sources: tuple[str, str]) -> None:
    """
    A denial of a group that no source defines shuts out everybody, also whom no token calls a
    member.
    """
    seeing = room(shared, sources, replace(OPEN, groups=GroupClaim("groups")))

    assert MINE | {"a/of-eng", "b/of-eng"} == found(seeing, sources, groups=["eng"])
    assert found(seeing, sources, groups=[]) == MINE
    assert set() == found(seeing, sources, sub="bob", groups=[])


@pytest.mark.promise("token-groups")
def test_groups_that_did_not_fit_refuse_the_request(
    shared: Installation, sources: tuple[str, str], events: list[dict[str, Any]]
) -> None:
    seeing = room(shared, sources, replace(OPEN, groups=GroupClaim("groups")))
    endpoint = {"src1": {"endpoint": "https://graph.example/getMemberObjects"}}
    overage = {"_claim_names": {"groups": "src1"}, "_claim_sources": endpoint}

    answer = asked(seeing, **overage)

    assert (403, "not_accepted") == (answer.status_code, answer.json()["code"])
    assert "_claim_names" in events[-1]["details"]["reason"]
    assert 200 == asked(room(shared, sources, OPEN), **overage).status_code


@pytest.fixture
def events(shared: Installation, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """
    Everything that is recorded meanwhile.
    """
    recorded: list[dict[str, Any]] = []
    append = shared.ground.trail.append

    def spy(event: Any) -> Any:  # noqa: ANN401
        recorded.append(event.to_json())
        return append(event)

    monkeypatch.setattr(shared.ground.trail, "append", spy)
    return recorded


@pytest.mark.promise("audit-before-release")
def test_the_record_says_for_whom_and_through_what(
    shared: Installation, sources: tuple[str, str], events: list[dict[str, Any]]
) -> None:
    named = Delegation({"chat": Allowance("ChatGPT")}, {"agent://planner": Allowance("planner")})

    asked(room(shared, sources, replace(OPEN, delegation=named)), **PLANNER)

    record = events[-1]
    assert "alice, via ChatGPT, for agent planner" == record["details"]["who"]
    assert ["agent://planner"] == record["actors"]
    assert ("alice", "chat") == (record["subject"], record["client"])
    json.dumps(record)


STRONG: Final = {"acr": "phr", "amr": ["pwd", "hwk"]}
DEMANDED: Final = Demand(
    ("phr", "phrh"), frozenset({"hwk"}), timedelta(minutes=15), "rag.confidential"
)


@pytest.mark.promise("step-up")
def test_a_weaker_sign_in_is_challenged_as_rfc_9470_says(
    shared: Installation, sources: tuple[str, str]
) -> None:
    demands = Demands({(ISSUER, "rag.search"): DEMANDED})
    seeing = room(shared, sources, OPEN, demands=demands)
    now = int(shared.clock().timestamp())

    enough = asked(seeing, **STRONG, auth_time=now - 900)
    weak = [
        asked(seeing),
        asked(seeing, **STRONG),
        asked(seeing, **STRONG, auth_time=now - 901),
        asked(seeing, **{**STRONG, "acr": "pwd"}, auth_time=now),
        asked(seeing, **{**STRONG, "amr": ["pwd"]}, auth_time=now),
    ]

    assert 200 == enough.status_code
    assert {401} == {one.status_code for one in weak}
    assert {"insufficient_user_authentication"} == {one.json()["code"] for one in weak}
    (challenge,) = {one.headers["www-authenticate"] for one in weak}
    for said in (
        'Bearer error="insufficient_user_authentication"',
        'acr_values="phr phrh"',
        'max_age="900"',
        'scope="rag.search rag.confidential"',
        "resource_metadata=",
    ):
        assert said in challenge


@pytest.mark.promise("step-up")
def test_a_demand_on_reading_leaves_searching_alone(
    shared: Installation, sources: tuple[str, str]
) -> None:
    """
    And is made before anything is looked up: a document that is hidden and one that is not get
    the same challenge.
    """
    seeing = room(shared, sources, OPEN, demands=Demands({(ISSUER, "rag.read"): DEMANDED}))
    token = {"Authorization": f"Bearer {SIGNER.token()}"}

    assert found(seeing, sources) == MINE
    with client(seeing) as http:
        answers = [
            http.get(f"/v1/documents/{one}-{sources[0]}", headers=token)
            for one in ("of-alice", "of-robot", "absent")
        ]
    assert {401} == {one.status_code for one in answers}
    assert 1 == len({one.headers["www-authenticate"] for one in answers})


@pytest.mark.promise("ceiling")
@pytest.mark.promise("step-up")
def test_a_label_can_demand_methods_and_a_recent_sign_in(
    shared: Installation, sources: tuple[str, str]
) -> None:
    """
    Silently: what lies above the ceiling does not exist.
    """
    policy = LabelPolicy(("public", "secret"), "secret", assurance={"phr": "secret"})
    demands = {(ISSUER, "phr"): Demand(("phr",), frozenset({"hwk"}), timedelta(minutes=15))}
    seeing = room(shared, sources, OPEN, labels=LabelPolicies({ISSUER: policy}, demands))
    now = int(shared.clock().timestamp())

    assert found(seeing, sources, **STRONG, auth_time=now) == MINE
    assert set() == found(seeing, sources, **STRONG, auth_time=now - 901)
    assert set() == found(seeing, sources, **STRONG)
    assert set() == found(seeing, sources, acr="phr", amr=["pwd"], auth_time=now)
    assert set() == found(seeing, sources)


@pytest.mark.promise("ceiling")
@pytest.mark.promise("delegation")
def test_an_agent_has_a_ceiling_of_its_own(shared: Installation, sources: tuple[str, str]) -> None:
    """
    One that is not listed has the default, however high its client's is.
    """
    agents = replace(OPEN, delegation=Delegation(actors={"agent://planner": Allowance()}))
    order = ("public", "secret")

    def seen(**actors: str) -> set[str]:
        policy = LabelPolicy(order, "public", {"chat": "secret"}, {}, dict(actors.items()))
        labels = LabelPolicies({ISSUER: policy})
        return found(room(shared, sources, agents, labels=labels), sources, **PLANNER)

    assert seen(**{"agent://planner": "secret"}) == MINE
    assert set() == seen(**{"agent://planner": "public"})
    assert set() == seen()


@pytest.mark.promise("delegation")
def test_who_may_look_into_some_sources_explains_none(
    shared: Installation, sources: tuple[str, str]
) -> None:
    """
    An explanation tells of groups and documents of every source.
    """
    limited = Delegation(clients={"chat": Allowance(sources=frozenset(sources[:1]))})
    token = SIGNER.token(claims={"scope": "rag.audit"})
    codes = []
    for issuer in (OPEN, replace(OPEN, delegation=limited)):
        with client(room(shared, sources, issuer)) as http:
            body = {"reader": "alice", "document": f"of-alice-{sources[0]}"}
            headers = {"Authorization": f"Bearer {token}"}
            codes.append(http.post("/v1/explain", json=body, headers=headers).status_code)

    assert [200, 403] == codes
