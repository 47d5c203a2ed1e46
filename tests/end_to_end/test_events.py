"""
Access that was revoked ends at the next request: of every process, by every way out and in.
"""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from acl.audit.chain import AuditTrail, AuditUnavailableError
from acl.identity.revocation import RevocationRule
from acl.wiring import open_ground
from readership.doctor import statement_findings
from retrieval.explain import Explainer
from retrieval.recheck import Rechecker
from retrieval.search import ScopedSearch
from retrieval.unseal import Unsealer
from tests.acl.identity.issuers import AUDIENCE, ISSUER
from tests.acl.identity.spoken import CAEP, CHAT, RISC, TRANSMITTER, event, logout
from tests.end_to_end.event_world import SCOPES, SOURCE, EventWorld, lay_out, plan, process
from tests.postgres import Server

UNKNOWN = f"{CAEP}device-compliance-change"


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """
    An installation on each database.
    """
    directory = tmp_path_factory.mktemp("events") / "one"
    if request.param == "sqlite":
        yield lay_out(directory)
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield lay_out(directory, server.address(name))


@pytest.fixture(scope="module")
def world(file: Path) -> Iterator[EventWorld]:
    with process(file) as one:
        one.http.put(
            f"/v1/sources/{SOURCE}/documents/plan", json=plan(), headers=one.token("service")
        )
        yield one


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> str:
    """
    Return somebody who has not been revoked yet.
    """
    return f"reader-{abs(hash(request.node.name)) % 10**9}-{time.monotonic_ns()}"


def about(subject: str) -> dict[str, Any]:
    return {"sub_id": {"format": "iss_sub", "iss": ISSUER, "sub": subject}}


def accepted(answers: dict[str, Any]) -> bool:
    return all(one.status_code in {200, 201, 202, 204, 404} for one in answers.values())


def refused(answers: dict[str, Any]) -> bool:
    return all(one.status_code == 401 for one in answers.values())


REVOKING: dict[str, Callable[[EventWorld, str], Any]] = {
    "an event": lambda world, subject: world.tell(about(subject)),
    "an account": lambda world, subject: world.tell(
        {**about(subject), "events": {f"{RISC}account-disabled": {}}}
    ),
    "a logout": lambda world, subject: world.log_out({"sub": subject}),
    "a logout of a session": lambda world, subject: world.log_out(
        {"sid": f"session of {subject}"}, without=("sub",)
    ),
}


@pytest.mark.promise("token-revocation")
@pytest.mark.parametrize("how", sorted(REVOKING))
def test_a_revoked_token_is_refused_on_every_route(
    world: EventWorld, subject: str, how: str
) -> None:
    """
    In force when the call returns; whoever signs in afterwards is served, and so are others.
    """
    token = world.token(subject, sid=f"session of {subject}")
    assert accepted(world.everywhere(token))

    told = REVOKING[how](world, subject)

    assert told.status_code in {200, 202}, told.text
    assert refused(world.everywhere(token))
    assert accepted(world.everywhere(world.token("somebody else", sid="s2")))
    anew = world.everywhere(world.token(subject, age=-5, sid="s3"))
    assert refused(anew) if how == "an account" else accepted(anew)


@pytest.mark.promise("uniform-401")
@pytest.mark.promise("token-revocation")
def test_a_revoked_token_looks_like_any_refused_one(world: EventWorld, subject: str) -> None:
    """
    Status, headers and body, on each route; and neither a scope that is missing is told of, nor
    that nobody is let in on the token.
    """
    world.tell(about(subject))
    spoiled = {"Authorization": world.token(subject)["Authorization"][:-8] + "AAAAAAAA"}

    def told(headers: dict[str, str]) -> dict[str, Any]:
        answers = world.everywhere(headers)
        bodies = {name: {**one.json(), "request_id": ""} for name, one in answers.items()}
        return {name: (sorted(answers[name].headers.items()), bodies[name]) for name in answers}

    assert told(spoiled) == told(world.token(subject))
    assert told(spoiled) == told(world.token(subject, scope="rag.nothing"))
    stranger = {"sub": "agent://stranger"}
    assert told(spoiled) == told(world.token(subject, act=stranger))
    of_others = world.everywhere(world.token("somebody else", act=stranger))
    assert {403} == {one.status_code for one in of_others.values()}


@pytest.mark.promise("token-revocation")
def test_without_the_check_a_revoked_token_is_served(
    world: EventWorld, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control.
    """
    world.tell(about(subject))
    assert refused(world.everywhere(world.token(subject)))

    monkeypatch.setattr(RevocationRule, "require_in_force", lambda *_: None)

    assert accepted(world.everywhere(world.token(subject)))


@pytest.mark.promise("token-revocation")
@pytest.mark.parametrize(
    ("step", "route"),
    [
        ((ScopedSearch, "nearest"), "search"),
        ((Unsealer, "passages"), "search"),
        ((Rechecker, "readable_documents"), "fetch"),
        ((Unsealer, "whole"), "fetch"),
        ((Explainer, "explain"), "explain"),
    ],
)
def test_a_request_that_is_underway_is_refused(
    world: EventWorld,
    subject: str,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[type, str],
    route: str,
) -> None:
    """
    It has passed the first door when its session is ended, and nothing leaves.
    """
    owner, name = step
    unchanged = getattr(owner, name)
    told: list[int] = []
    ended = {"format": "complex", "session": {"format": "opaque", "id": subject}}

    def late(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it stands for
        if not told:
            told.append(world.tell({"sub_id": ended}).status_code)
        return unchanged(*given, **named)

    monkeypatch.setattr(owner, name, late)
    answer = world.everywhere(world.token("alice", sid=subject))[route]

    assert [202] == told
    assert 401 == answer.status_code
    assert "words of the plan" not in answer.text
    assert 200 == world.search(world.token("alice")).status_code


@pytest.mark.promise("token-revocation")
def test_every_process_refuses(file: Path, world: EventWorld, subject: str) -> None:
    """
    Told by one, both refuse at once, though both have served the token before.
    """
    token = world.token(subject)
    with process(file) as other:
        assert accepted(other.everywhere(token))
        assert accepted(world.everywhere(token))

        assert 202 == other.tell(about(subject)).status_code

        assert refused(world.everywhere(token))
        assert refused(other.everywhere(token))


@pytest.mark.promise("token-revocation")
def test_an_operator_revokes_from_the_command_line(
    file: Path, world: EventWorld, subject: str
) -> None:
    """
    Another process altogether; and what was revoked is listed with its reason.
    """
    token = world.token(subject)
    assert accepted(world.everywhere(token))

    done = run(file, "revoke", "subject", subject, "--reason", "a stolen laptop")

    assert "are now revoked" in " ".join(done.split())
    assert refused(world.everywhere(token))
    assert refused(world.everywhere(world.token(subject, age=-20)))  # stamped by a fast clock
    listed = json.loads(run(file, "revoke", "list", "--json"))
    (one,) = [row for row in listed if row["value"] == subject]
    assert ("sub", ISSUER, "a stolen laptop") == (one["claim"], one["issuer"], one["reason"][:15])
    assert ["done"] == [
        row["outcome"] for row in world.recorded("revoke") if subject in str(row["details"])
    ][:1]


def test_an_operator_lets_an_account_count_again(
    file: Path, world: EventWorld, subject: str
) -> None:
    purged = {**about(subject), "events": {f"{RISC}account-purged": {}}}
    world.tell(purged)
    world.tell({**about(subject), "events": {f"{RISC}account-enabled": {}}})
    assert refused(world.everywhere(world.token(subject, age=-5)))

    run(file, "revoke", "reinstate", subject, "--reason", "purged by mistake")

    assert accepted(world.everywhere(world.token(subject, age=-5)))
    assert refused(world.everywhere(world.token(subject)))


def run(file: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "readership", "--config", str(file), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout


@pytest.mark.promise("statements-apart")
def test_a_repeated_event_is_acknowledged_and_a_repeated_logout_is_not(
    world: EventWorld, subject: str
) -> None:
    """
    Neither does anything a second time, in whichever process.
    """
    now = int(time.time())
    told = event({**about(subject), "jti": f"jti of {subject}"}, now=now)
    ended = logout({"sub": subject, "jti": f"jti of {subject}"}, now=now)

    assert [202, 202] == [world.deliver(told).status_code for _ in range(2)]
    assert [200, 400] == [world.end(ended).status_code for _ in range(2)]

    mine = f"jti of {subject}"
    outcomes = [
        one["outcome"]
        for action in ("security event", "logout")
        for one in world.recorded(action)
        if one["details"].get("jti") == mine
    ]
    assert ["revoked", "repeated", "in force already", "repeated"] == outcomes


def test_what_has_no_effect_is_acknowledged_and_recorded(world: EventWorld, subject: str) -> None:
    before = world.search(world.token()).json()["epoch"]

    told = world.tell({**about(subject), "events": {UNKNOWN: {}}})

    assert (202, "") == (told.status_code, told.text)
    assert before == world.search(world.token()).json()["epoch"]
    last = world.recorded("security event")[-1]
    assert ("without effect", [UNKNOWN], TRANSMITTER) == (
        last["outcome"],
        last["details"]["ignored"],
        last["issuer"],
    )


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://ssf.globex.example"}, "invalid_issuer"),
        ({"aud": AUDIENCE}, "invalid_audience"),
        ({"jti": ""}, "invalid_request"),
        (
            {"sub_id": {"format": "iss_sub", "iss": "https://x.example", "sub": "a"}},
            "invalid_request",
        ),
    ],
)
def test_a_refused_event_is_answered_as_the_standard_says(
    world: EventWorld, claims: dict[str, Any], code: str
) -> None:
    """
    RFC 8935, section 2.4; and recorded with what was wrong.
    """
    answer = world.tell(claims)

    assert (400, code) == (answer.status_code, answer.json()["err"])
    assert {"err", "description"} == answer.json().keys()
    assert "application/json" == answer.headers["content-type"]
    assert "no-store" == answer.headers["cache-control"]
    assert "refused" == world.recorded("security event")[-1]["outcome"]


@pytest.mark.promise("statements-apart")
def test_only_the_right_media_type_is_read(world: EventWorld, subject: str) -> None:
    good = event({**about(subject), "jti": f"media {subject}"}, now=int(time.time()))

    for media_type in ("application/json", "text/plain", "application/jwt", ""):
        assert 400 == world.deliver(good, media_type).status_code
    assert 202 == world.deliver(good, "Application/SecEvent+JWT").status_code


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize(
    "body",
    [
        "",
        "logout_token",
        "token={token}",
        "logout_token={token}&logout_token={token}",
        "logout_token=",
        "&".join(f"f{n}=1" for n in range(9)) + "&logout_token={token}",
    ],
)
def test_a_form_holds_one_logout_token(world: EventWorld, subject: str, body: str) -> None:
    token = logout({"sub": subject, "jti": f"form {subject}"}, now=int(time.time()))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = world.http.post(
        "/backchannel-logout", content=body.replace("{token}", token), headers=headers
    )

    assert (400, "invalid_request") == (answer.status_code, answer.json()["error"])
    assert accepted(world.everywhere(world.token(subject)))


@pytest.mark.promise("statements-apart")
def test_over_http_nothing_passes_for_anything_else(world: EventWorld, subject: str) -> None:
    """
    An access token at both receivers, and either statement as a bearer token.
    """
    now = int(time.time())
    bearer = world.token(subject)["Authorization"].removeprefix("Bearer ")
    said = {"aud": AUDIENCE, "iss": ISSUER, "sub": subject, "scope": SCOPES, "exp": now + 60}
    statements = [
        logout({**said, "client_id": CHAT}, now=now),
        event({**said, "client_id": CHAT}, now=now, by=world.issuer),
    ]

    assert [400, 400] == [world.deliver(bearer).status_code, world.end(bearer).status_code]
    assert [400, 400] == [
        world.deliver(logout({"sub": subject}, now=now)).status_code,
        world.end(event(about(subject), now=now)).status_code,
    ]
    for one in statements:
        assert refused(world.everywhere({"Authorization": f"Bearer {one}"}))
    assert accepted(world.everywhere(world.token(subject)))


@pytest.mark.promise("token-revocation")
def test_an_audit_trail_that_is_full_keeps_nobody_in(
    world: EventWorld, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The transmitter is told to come again, and is recorded then.
    """
    told = event({**about(subject), "jti": f"full {subject}"}, now=int(time.time()))

    def full(*_: object) -> None:
        raise AuditUnavailableError

    with monkeypatch.context() as patched:
        patched.setattr(AuditTrail, "append", full)
        assert 503 == world.deliver(told).status_code

    assert refused(world.everywhere(world.token(subject)))
    assert 202 == world.deliver(told).status_code
    assert f"full {subject}" == world.recorded("security event")[-1]["details"]["jti"]


def test_doctor_says_what_was_heard(world: EventWorld, subject: str) -> None:
    """
    Statements with and without effect are counted apart.
    """

    def said() -> dict[str, str]:
        ground = open_ground(world.configuration, may_write=True)
        found = {one.name: one.detail for one in statement_findings(ground)}
        ground.close()
        return found

    world.tell({**about(subject), "events": {UNKNOWN: {}}})
    world.tell(about(subject))
    world.log_out({"sub": subject})

    told = said()
    assert {f"events of {TRANSMITTER}", f"logouts of {ISSUER}"} == told.keys()
    assert re.fullmatch(
        r"\d+ revoked, \d+ without effect in 8 days; the newest 20.*",
        told[f"events of {TRANSMITTER}"],
    )


def test_floods_of_refusals_are_counted_and_not_recorded(world: EventWorld) -> None:
    before = len(world.recorded("logout"))

    answers = {world.end("a.b.c").status_code for _ in range(80)}

    assert {400} == answers
    assert len(world.recorded("logout")) - before <= 50


def test_a_statement_that_is_said_again_and_again_is_recorded_once_more(
    world: EventWorld, subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever has caught one can say it as often as they like.
    """
    monkeypatch.setattr("acl.audit.refusals.REFUSAL_WINDOW", timedelta(hours=1))
    now = int(time.time())
    told = event({**about(subject), "jti": f"jti of {subject}"}, now=now)
    ended = logout({"sub": subject, "jti": f"jti of {subject}"}, now=now)

    assert {202} == {world.deliver(told).status_code for _ in range(20)}
    assert {200, 400} == {world.end(ended).status_code for _ in range(20)}

    for action in ("security event", "logout"):
        mine = [
            one
            for one in world.recorded(action)
            if one["details"].get("jti") == f"jti of {subject}"
        ]
        assert 2 == len(mine), action


def test_nobody_listens_unless_somebody_is_configured(tmp_path: Path) -> None:
    from tests.end_to_end.event_world import CONFIGURATION  # noqa: PLC0415 - spoiled here alone

    start, end = CONFIGURATION.index("[[transmitters]]"), CONFIGURATION.index("[embedding]")
    deaf = CONFIGURATION[:start] + CONFIGURATION[end:]
    deaf = deaf.replace(f'logout_clients = ["{CHAT}"]\n', "")
    with process(lay_out(tmp_path / "deaf", text=deaf)) as one:
        assert [404, 404] == [one.tell().status_code, one.log_out().status_code]
