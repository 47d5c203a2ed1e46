"""
Statements, checks and limits over HTTP, and what a client's ceiling keeps back.
"""

import json
from dataclasses import replace
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from retrieval import metrics
from retrieval.limits import Limiter
from retrieval.provenance import digest
from tests.retrieval.departing import limiter
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import stated, told
from tests.security.house import QUESTION, House, check, verify

MISSING: Final = 404


@pytest.fixture(scope="module")
def house(shared: Installation) -> House:
    return House(shared)


@pytest.fixture
def http(house: House) -> TestClient:
    return client(house.room)


@pytest.mark.promise("signed-provenance")
def test_every_answer_verifies_as_it_came(http: TestClient, house: House) -> None:
    """
    Searches, passages and documents; what is stated of a text is the digest of the text.
    """
    found = house.ask().json()
    one = found["passages"][0]["id"]
    others = [
        http.get(path, headers=house.headers()).json()
        for path in (f"/v1/passages/{one}", f"/v1/documents/plan?source={house.source}")
    ]

    for answer in (found, *others):
        verdict = verify(http, house, answer)
        assert (True, []) == (verdict["verified"], verdict["differences"])
        assert answer["request_id"] == verdict["statement"]["jti"]
        texts = answer.get("passages", [answer])
        told_digests = [each["sha256"] for each in verdict["statement"]["passages"]]
        assert [digest(each["text"]) for each in texts] == told_digests


@pytest.mark.promise("signed-provenance")
@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"context": "x"}, "context"),
        ({"epoch": 0}, "epoch"),
        ({"request_id": "0" * 32}, "request_id"),
        ({"passages": []}, "0 passages"),
        ({"max_label": "public"}, "max_label"),
        ({"models": ["any"]}, "models"),
    ],
    ids=["context", "epoch", "request", "passages", "label", "models"],
)
def test_what_differs_from_what_was_released_is_named(
    http: TestClient, house: House, change: dict[str, Any], differs: str
) -> None:
    verdict = verify(http, house, house.ask().json() | change)

    assert not verdict["verified"]
    assert verdict["differences"][0].startswith(differs)


@pytest.mark.promise("signed-provenance")
@pytest.mark.parametrize("member", ["id", "citation", "title", "url", "text"])
def test_a_passage_that_differs_is_named(http: TestClient, house: House, member: str) -> None:
    answer = house.ask().json()
    answer["passages"][1][member] += "x"

    assert ["passage 2"] == verify(http, house, answer)["differences"]


@pytest.mark.promise("signed-provenance")
def test_the_statement_of_one_request_is_none_of_another(http: TestClient, house: House) -> None:
    first, second = house.ask().json(), house.ask().json()

    mixed = {**first, "signed_provenance": second["signed_provenance"]}

    assert {"request_id", "context"} == set(verify(http, house, mixed)["differences"])


@pytest.mark.promise("signed-provenance")
def test_the_published_keys_verify_and_hold_nothing_secret(http: TestClient, house: House) -> None:
    listed = http.get("/.well-known/jwks.json")
    metadata = http.get("/.well-known/oauth-protected-resource").json()

    assert 200 == listed.status_code
    assert [{"kty", "crv", "x", "kid", "use", "alg"}] == [set(k) for k in listed.json()["keys"]]
    assert metadata["jwks_uri"].endswith("/.well-known/jwks.json")
    kid = house.ask().json()["signed_provenance"]
    assert listed.json()["keys"][0]["kid"] in json.dumps(_header(kid))


def _header(signed: str) -> dict[str, Any]:
    header, _, _ = signed.split(".")
    found: dict[str, Any] = stated(f"x.{header}.x")
    return found


@pytest.mark.promise("statements-apart")
@pytest.mark.promise("uniform-401")
def test_a_statement_opens_nothing(http: TestClient, house: House) -> None:
    """
    It gets the answer of any token that proves nothing; and a token is no statement.
    """
    signed = house.ask().json()["signed_provenance"]
    forged = {"Authorization": f"Bearer {signed}"}
    garbage = {"Authorization": "Bearer eyJ.x.y"}

    answers = [http.post("/v1/search", json=QUESTION, headers=one) for one in (forged, garbage)]

    assert 401 == answers[0].status_code
    assert told(answers[0]) == told(answers[1])
    token = house.headers()["Authorization"].removeprefix("Bearer ")
    assert not verify(http, house, {"signed_provenance": token})["verified"]


@pytest.mark.promise("answer-check")
def test_a_check_is_for_the_reader_alone(
    http: TestClient, house: House, elsewhere: Installation
) -> None:
    """
    Somebody else's statement, another tenant's, an altered one, garbage and an unknown request
    are one answer. The control is one's own.
    """
    own, his = house.ask().json(), house.ask("bob").json()
    theirs = House(elsewhere).ask().json()
    head, _, signature = own["signed_provenance"].rpartition(".")
    altered = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    foreign = [
        {"signed_provenance": [one], **more}
        for one, more in (
            (his["signed_provenance"], {}),
            (theirs["signed_provenance"], {}),
            (altered, {}),
            ("garbage", {}),
            (own["signed_provenance"], {"request_id": his["request_id"]}),
            (own["signed_provenance"], {"request_id": "0" * 32}),
        )
    ]

    said = f"It is so {own['passages'][0]['citation']}"
    answers = [check(http, house, {"answer": said, **one}) for one in foreign]
    mixed = check(
        http,
        house,
        {"answer": said, "signed_provenance": [own["signed_provenance"], "garbage"]},
    )
    mine = {"signed_provenance": [own["signed_provenance"]], "request_id": own["request_id"]}

    assert {MISSING} == {one.status_code for one in (*answers, mixed)}
    assert all(told(one) == told(mixed) for one in answers)
    accepted = check(http, house, {"answer": said, **mine})
    assert 200 == accepted.status_code
    assert accepted.json()["acceptable"]
    assert said == accepted.json()["cleaned"]


@pytest.mark.promise("answer-check")
def test_a_check_tells_hidden_and_absent_alike(house: House) -> None:
    """
    The secret document exists; through this client its citation and its words are as unknown as
    those of nothing.
    """
    room = house.labelled("public")
    http, answer = client(room), house.ask(room=room).json()
    body = {"signed_provenance": [answer["signed_provenance"]],
            "passages": [one["text"] for one in answer["passages"]]}  # fmt: skip
    span = "0-37"
    texts = [
        f'"What is said about everything secret." [{house.source}:{name}@1#{span}]'
        for name in ("vault", "fault")
    ]

    told_of = [check(http, house, {"answer": text, **body}).json() for text in texts]

    kinds = [[one["kind"] for one in each["findings"]] for each in told_of]
    assert kinds[0] == kinds[1] == ["unknown_citation", "quote_not_released"]
    assert told_of[0]["cleaned"] == told_of[1]["cleaned"]
    assert "check answer" == house.newest()["action"]
    assert "vault" not in json.dumps(house.newest())


@pytest.mark.promise("answer-check")
@pytest.mark.promise("every-endpoint")
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"answer": NaN}', b'{"answer": ""}', b"{}"])
@pytest.mark.parametrize("path", ["/v1/answers/check", "/v1/verify"])
def test_what_is_malformed_is_said_to_be_that(
    http: TestClient, house: House, path: str, body: bytes
) -> None:
    """
    Once its sender is known; before, nobody reads it.
    """
    assert 422 == http.post(path, content=body, headers=house.headers()).status_code
    assert 401 == http.post(path, content=body).status_code


def allowing(limit: str, most: int) -> Limiter:
    """
    Return a limiter with one limit.
    """
    return limiter(None, None, **{limit: most})


@pytest.mark.promise("limits")
@pytest.mark.promise("audit-before-release")
@pytest.mark.parametrize("limit", ["passages", "documents", "bytes"])
def test_what_does_not_fit_is_not_released(house: House, limit: str) -> None:
    """
    429 with no text, when to come back, and a record of what was refused. The control is a limit
    that is one higher.
    """
    size = sum(len((p["title"] + p["text"]).encode()) for p in house.ask().json()["passages"])
    enough = {"passages": 3, "documents": 3, "bytes": size}[limit]
    counted = metrics.REGISTRY.get_sample_value

    room = replace(house.room, limiter=allowing(limit, enough - 1))
    before = counted("readership_limited_total", {"limit": limit}) or 0
    answer = house.ask(room=room)

    assert 429 == answer.status_code
    assert 1 <= int(answer.headers["Retry-After"]) <= 7_200
    assert "limit_exceeded" == answer.json()["code"]
    assert "passages" not in answer.json()
    record = house.newest()
    assert ("limited", limit) == (record["outcome"], record["details"]["limited"])
    assert [] == record["details"]["released"]
    assert before + 1 == counted("readership_limited_total", {"limit": limit})
    assert 200 == house.ask(room=replace(house.room, limiter=allowing(limit, enough))).status_code


@pytest.mark.promise("limits")
def test_one_request_too_many_is_refused_whatever_it_is(house: House) -> None:
    """
    Counted for everything that a reader may ask; another reader is not concerned.
    """
    room = replace(house.room, limiter=limiter(requests=3))
    http, headers = client(room), house.headers()
    answer = house.ask(room=room).json()
    http.get(f"/v1/passages/{answer['passages'][0]['id']}", headers=headers)
    verify(http, house, answer)

    statuses = [
        house.ask(room=room).status_code,
        http.get("/v1/documents/plan", headers=headers).status_code,
        check(http, house, {}).status_code,
    ]

    assert [429] * 3 == statuses
    assert ("limit", "limited") == (house.newest()["action"], house.newest()["outcome"])
    assert 200 == house.ask("bob", room=room).status_code


@pytest.mark.promise("limits")
@pytest.mark.promise("absent-equals-forbidden")
def test_what_is_not_there_for_a_reader_costs_nothing(house: House) -> None:
    """
    However often hidden and absent things are asked for, what is left is the same.
    """
    room = replace(house.labelled("public"), limiter=limiter(documents=1, passages=1))
    http, headers = client(room), house.headers()

    for name in ("vault", "nothing") * 10:
        assert MISSING == http.get(f"/v1/documents/{name}", headers=headers).status_code

    assert 200 == http.get("/v1/documents/plan", headers=headers).status_code
    assert 429 == http.get("/v1/documents/note", headers=headers).status_code


@pytest.mark.promise("ceiling")
@pytest.mark.promise("absent-equals-forbidden")
def test_what_a_client_may_not_carry_is_as_if_it_were_not_there(
    shared: Installation, house: House
) -> None:
    """
    Byte for byte but for names, and counted where the caller does not see it. The control is a
    client that may.
    """
    withheld, bare = house.labelled("public"), House(shared, bare=True)
    answers = []
    for one, room in ((house, withheld), (bare, bare.labelled("public"))):
        http, headers = client(room), one.headers()
        found = [
            one.ask(room=room),
            http.get(f"/v1/documents/vault?source={one.source}", headers=headers),
            http.get(f"/v1/documents/plan?source={one.source}", headers=headers),
        ]
        answers.append([_nameless(each, one.source) for each in found])
    assert 200 == house.ask(room=withheld).status_code
    withheld_record = house.newest()
    assert 200 == bare.ask(room=bare.labelled("public")).status_code
    bare_record = bare.newest()
    whole = house.ask(room=house.labelled("secret")).json()

    assert answers[0] == answers[1]
    assert "secret" not in json.dumps(answers)
    assert "withheld" not in json.dumps(answers)
    assert 1 <= withheld_record["details"]["withheld_by_client_policy"]
    assert (
        withheld_record["details"]["withheld_by_client_policy"]
        >= bare_record["details"]["withheld_by_client_policy"]
    )
    assert ("secret", []) == (whole["max_label"], whole["models"])
    assert 0 == house.newest()["details"]["withheld_by_client_policy"]


VARYING: Final = {
    "id", "url", "ingest_run", "acl_observed_at", "epoch", "context", "acl_revision",
    "heading_sha256",
}  # fmt: skip


def _nameless(answer: Response, source: str) -> Any:  # noqa: ANN401 - JSON
    """
    Return a response without what differs between two sources that say the same.
    """
    status, headers, body = told(answer)
    headers = [one for one in headers if one[0] != "content-length"]

    def without(value: Any) -> Any:  # noqa: ANN401 - JSON
        match value:
            case dict():
                return {k: without(v) for k, v in value.items() if k not in VARYING}
            case list():
                return [without(one) for one in value]
            case str():
                return value.replace(source, "source")
            case _:
                return value

    return status, headers, without(body)
