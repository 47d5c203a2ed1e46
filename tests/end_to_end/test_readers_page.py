"""
The reader's page against a real OpenID provider: who sees it, who does not, and for how long.
"""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from acl.identity import signed
from retrieval.provenance import TYPE
from tests.end_to_end.page_world import HOST, PAGE_CLIENT, PageWorld, page_world
from tests.end_to_end.visiting import Visitor

EXPECTED_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageWorld]:
    with page_world(tmp_path_factory.mktemp("page")) as one:
        yield one


def told(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], str]:
    headers = [one for one in answer.headers.multi_items() if one[0] != "date"]
    return answer.status_code, sorted(headers), answer.text


def test_whoever_signs_in_sees_the_passage_and_why(world: PageWorld) -> None:
    before = len(world.recorded("page"))

    page = Visitor.of(world).signs_in("alice", "plan")

    assert 200 == page.status_code
    for shown in (
        "The plan of the year.",
        "wiki",
        "2026-10-02 09:00 UTC",
        "they name you",
        "alice",
    ):
        assert shown in page.text, shown
    (record,) = world.recorded("page")[before:]
    assert ("alice", PAGE_CLIENT, "released") == (
        record["subject"],
        record["client"],
        record["outcome"],
    )
    assert "page" == record["details"]["way"]
    assert ["plan"] == [one["document"] for one in record["details"]["released"]]
    assert "alice" == world.recorded("sign-in")[-1]["subject"]


def test_a_sign_in_asks_for_what_it_should(world: PageWorld) -> None:
    visitor = Visitor.of(world)
    answers = [visitor.opens("plan") for _ in range(2)]
    first, second = (
        {name: one for name, (one,) in parse_qs(urlsplit(a.headers["location"]).query).items()}
        for a in answers
    )

    assert ("code", "S256", PAGE_CLIENT) == (
        first["response_type"],
        first["code_challenge_method"],
        first["client_id"],
    )
    assert f"{world.origin}/reader/signed-in" == first["redirect_uri"]
    assert ("openid rag.read", world.resource) == (first["scope"], first["resource"])
    for one in ("state", "nonce", "code_challenge"):
        assert len(first[one]) >= 43
        assert first[one] != second[one]


def test_every_answer_is_hardened(world: PageWorld) -> None:
    """
    A page, a refusal, a redirect to the provider and one from there.
    """
    visitor = Visitor.of(world)
    began = visitor.opens("plan")
    returned = visitor.http.get(visitor.returns(began, "alice"))
    answers = [
        began,
        returned,
        visitor.opens("plan"),
        visitor.opens_id("x"),
        visitor.signs_out("x"),
    ]

    assert [303, 303, 200, 404, 403] == [one.status_code for one in answers]
    for one in answers:
        for name, value in EXPECTED_HEADERS.items():
            assert value == one.headers[name], name
        policy = one.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "script" not in policy
        for cookie in one.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-readership-")
            attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes
            assert not any(part.startswith("domain") for part in attributes)
            (age,) = [int(a.partition("=")[2]) for a in attributes if a.startswith("max-age")]
            assert 0 <= age <= 3_600


@pytest.mark.promise("absent-equals-forbidden")
def test_what_is_forbidden_is_as_what_is_not_there(world: PageWorld) -> None:
    """
    Byte by byte, signed in or not; and alice sees hers.
    """
    bob = Visitor.of(world, "bob")
    forbidden = bob.opens("hers")

    assert 404 == forbidden.status_code
    for absent in (NOWHERE, "x", "..%2f..", "a" * 500, "%3Cscript%3E", "a/b"):
        assert told(forbidden) == told(bob.opens_id(absent)), absent
    stranger = Visitor.of(world)
    assert [303, 303] == [stranger.opens("hers").status_code, stranger.opens_id("x").status_code]
    assert 200 == Visitor.of(world, "alice").opens("hers").status_code


@pytest.mark.promise("revocation")
def test_whoever_was_shut_out_is_refused_at_the_next_request(world: PageWorld) -> None:
    world.push("changing", "Words that bob may read for a while.", "alice", "bob")
    bob = Visitor.of(world, "bob")
    assert 200 == bob.opens("changing").status_code

    world.push("changing", "Words that bob may read for a while.", "alice")

    assert 404 == bob.opens("changing").status_code
    assert 200 == Visitor.of(world, "alice").opens("changing").status_code


@pytest.mark.promise("token-revocation")
@pytest.mark.promise("page-session")
def test_a_session_ends_when_the_provider_says_so(world: PageWorld) -> None:
    """
    A back-channel logout ends the token in the session; the page says so, and loops nowhere.
    """
    bob, alice = Visitor.of(world, "bob"), Visitor.of(world, "alice")
    assert 200 == bob.opens("plan").status_code

    _log_out_everywhere(bob)

    ended = bob.opens("plan")
    assert 401 == ended.status_code
    assert "Your sign-in has ended" in ended.text
    assert 303 == bob.opens("plan").status_code  # the browser was told to forget it
    assert 200 == alice.opens("plan").status_code
    _let_a_second_pass()


@pytest.mark.promise("page-session")
def test_a_session_that_was_kept_is_refused_after_revocation(world: PageWorld) -> None:
    """
    Whoever copied the cookies before is no better off.
    """
    alice = Visitor.of(world, "alice")
    stolen = alice.kept()
    thief = Visitor.of(world)
    thief.http.cookies.update(stolen)
    assert 200 == thief.opens("hers").status_code

    _log_out_everywhere(alice)

    for _ in range(2):
        thief.http.cookies.update(stolen)
        assert 401 == thief.opens("hers").status_code
    _let_a_second_pass()


def _let_a_second_pass() -> None:
    # Tokens are dated in whole seconds, and one of the second of the logout is refused.
    time.sleep(1.1)


def _log_out_everywhere(visitor: Visitor) -> None:
    page = visitor.http.get(f"{visitor.world.provider.issuer}/session/end")
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page.text))
    action = re.search(r'action="([^"]+)"', page.text)
    assert action is not None
    visitor.http.post(action[1], data={**fields, "logout": "yes"})


SPOILED = {
    "another state": lambda query: {**query, "state": ["x" * 64]},
    "no state": lambda query: {k: v for k, v in query.items() if k != "state"},
    "another issuer": lambda query: {**query, "iss": ["https://evil.example"]},
    "no issuer": lambda query: {k: v for k, v in query.items() if k != "iss"},
    "two codes": lambda query: {**query, "code": [*query["code"], "x"]},
    "two issuers": lambda query: {**query, "iss": [*query["iss"], "https://evil.example"]},
    "another code": lambda query: {**query, "code": ["x" * 43]},
    "no code": lambda query: {k: v for k, v in query.items() if k != "code"},
    "an error": lambda query: {**query, "error": ["access_denied"]},
}


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("how", sorted(SPOILED))
def test_a_spoiled_answer_signs_nobody_in(world: PageWorld, how: str) -> None:
    """
    The record says that it was refused; the browser gets no session, and learns no reason.
    """
    visitor = Visitor.of(world)
    back = urlsplit(visitor.returns(visitor.opens("plan"), "alice"))
    spoiled = SPOILED[how](parse_qs(back.query))
    before = len(world.recorded("sign-in"))

    answer = visitor.http.get(f"{world.origin}{back.path}?{urlencode(spoiled, doseq=True)}")

    assert 403 == answer.status_code
    assert "You are not signed in" in answer.text
    assert not [one for one in answer.headers.get_list("set-cookie") if "-session-" in one]
    assert ["refused"] == [one["outcome"] for one in world.recorded("sign-in")[before:]]
    assert 303 == visitor.opens("plan").status_code


@pytest.mark.promise("page-session")
def test_an_answer_is_for_the_browser_that_began_and_for_once(world: PageWorld) -> None:
    """
    Somebody else's answer signs nobody in: neither the victim whom an attacker sends theirs, nor
    the attacker who has read the victim's.
    """
    attacker, victim = Visitor.of(world), Visitor.of(world)
    back = attacker.returns(attacker.opens("plan"), "bob")

    assert 403 == victim.http.get(back).status_code
    assert 200 == attacker.follow(back).status_code
    assert 403 == attacker.http.get(back).status_code


@pytest.mark.promise("page-session")
def test_a_session_is_new_at_each_sign_in(world: PageWorld) -> None:
    """
    Whatever a browser brought along: a session that was planted is not the one it gets.
    """
    planted = Visitor.of(world, "bob").kept()
    visitor = Visitor.of(world)
    for name, value in planted.items():
        visitor.http.cookies.set(name, value, domain=HOST)

    answer = visitor.http.get(f"{world.origin}/reader/sign-in", params={"passage": "x"})
    page = visitor.follow(visitor.returns(answer, "alice"))

    assert 404 == page.status_code
    assert "alice" in visitor.opens("plan").text


@pytest.mark.promise("page-session")
@pytest.mark.promise("token-kept-nowhere")
def test_nothing_of_a_token_shows_in_a_cookie_or_on_a_page(world: PageWorld) -> None:
    visitor = Visitor.of(world, "alice")
    page = visitor.opens("plan")

    kept = " ".join(visitor.kept().values())

    assert "eyJ" not in kept
    # The one JWS that is shown is the statement, which passes for no token.
    (shown,) = re.findall(r"eyJ[\w.-]*", page.text)
    assert TYPE == signed.parse(shown)[0]["typ"]
    assert "alice" not in kept


@pytest.mark.promise("page-session")
def test_an_altered_session_is_none(world: PageWorld) -> None:
    visitor = Visitor.of(world, "alice")
    ((name, value),) = visitor.kept().items()

    for spoiled in (value[:-1], value[1:], value[:50] + "A" + value[51:], "", "x"):
        fresh = Visitor.of(world)
        fresh.http.cookies.set(name, spoiled)
        assert 303 == fresh.opens("plan").status_code


def test_signing_out_takes_a_form_of_ours(world: PageWorld) -> None:
    """
    A foreign page's form has no proof, and another session's proof is none.
    """
    alice, bob = Visitor.of(world, "alice"), Visitor.of(world, "bob")
    mine, his = alice.form(alice.opens("plan")), bob.form(bob.opens("plan"))

    assert [403, 403, 403] == [alice.signs_out(one).status_code for one in (None, "x", his)]
    assert 200 == alice.opens("plan").status_code
    out = alice.signs_out(mine)

    assert 200 == out.status_code
    assert f"{world.provider.issuer}/session/end?client_id={PAGE_CLIENT}" in out.text
    assert 303 == alice.opens("plan").status_code
    assert 200 == bob.opens("plan").status_code


class Elements(HTMLParser):
    """
    Every element of a page, and the links.
    """

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs


@pytest.mark.promise("page-runs-nothing")
def test_a_hostile_document_is_text(world: PageWorld) -> None:
    """
    The same elements as of a harmless one; no script, no handler, nothing that loads.
    """
    visitor = Visitor.of(world, "alice")
    harmless, hostile = Elements(), Elements()
    harmless.feed(visitor.opens("hers").text)
    page = visitor.opens("hostile")
    hostile.feed(page.text)

    assert 200 == page.status_code
    assert harmless.names == hostile.names
    assert not {"script", "img", "iframe", "object", "link", "svg"} & set(hostile.names)
    assert not [name for name, _ in hostile.attributes if name.startswith("on")]
    assert not [v for _, v in hostile.attributes if v and v.lower().startswith("javascript:")]
    assert "alert(1)" in page.text
