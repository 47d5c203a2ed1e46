"""
A browser's session at the reader's page: what is told to the browser, and when it ends.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import httpx2
import pytest
from starlette.responses import Response

from acl.model.revocations import CutOff, TokensOf
from acl.registry.revoking import RevocationBoard
from retrieval.console.sessions import MAX_BEGUN, MAX_SESSION, Session, Sessions
from retrieval.notes import Notes
from tests.acl.identity.issuers import ISSUER
from tests.retrieval.console.desks import cookies_of
from tests.scenarios.installation import Clock
from tests.security.page_premises import (
    Browser,
    Premises,
)

pytestmark = pytest.mark.promise("page-session")


def answers_of(premises: Premises) -> dict[str, httpx2.Response]:
    """
    Return everything that the page can answer.
    """
    alice, stranger = premises.browser(), premises.browser()
    page = alice.signs_in()
    (form,) = re.findall(r'name="form" value="([^"]+)"', page.text)
    asked = stranger.begins()
    return {
        "page": page,
        "absent": alice.opens("/d/none"),
        "to the issuer": stranger.opens(),
        "sign-in": stranger.opens("/reader/sign-in"),
        "refused sign-in": stranger.comes_back(asked, error="access_denied"),
        "signed in": stranger.comes_back(stranger.begins()),
        "revoked": spoilt_session(premises),
        "foreign form": alice.http.post("/reader/sign-out", data={"form": "x"}),
        "sign-out": alice.http.post("/reader/sign-out", data={"form": form}),
    }


def spoilt_session(premises: Premises) -> httpx2.Response:
    """
    Return what somebody gets whose token was revoked since.
    """
    subject = f"carol of {len(premises.desk.asked)}"
    browser, clock = premises.browser(), premises.shared.clock
    browser.signs_in(subject)
    board = RevocationBoard(premises.shared.ground.database)
    cut = CutOff(TokensOf(ISSUER, "sub", subject), clock())
    board.apply([cut], reason="a test", now=clock())
    return browser.opens()


EXPECTED: Final = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DIRECTIVES: Final = {
    "default-src": "'none'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def test_every_answer_is_framed_by_nobody_kept_nowhere_and_sends_no_referrer(
    premises: Premises,
) -> None:
    """
    A code stands in the address of one of them, and a reader's text on another.
    """
    answers = answers_of(premises)

    statuses = {name: one.status_code for name, one in answers.items()}
    assert {
        "page": 200, "absent": 404, "to the issuer": 303, "sign-in": 303, "refused sign-in": 403,
        "signed in": 303, "revoked": 401, "foreign form": 403, "sign-out": 200,
    } == statuses  # fmt: skip
    for name, one in answers.items():
        assert EXPECTED.items() <= dict(one.headers).items(), name
        policy = dict(
            part.strip().split(" ", 1) for part in one.headers["content-security-policy"].split(";")
        )
        assert policy.pop("style-src").startswith("'sha256-")
        assert DIRECTIVES == policy, name


def test_cookies_are_of_this_host_over_tls_and_out_of_reach_of_scripts(premises: Premises) -> None:
    answers = answers_of(premises).values()
    set_by = [cookie for one in answers for cookie in one.headers.get_list("set-cookie")]

    assert set_by
    for cookie in set_by:
        named, *attributes = (part.strip() for part in cookie.split(";"))
        said = {one.partition("=")[0].lower(): one.partition("=")[2] for one in attributes}
        assert named.startswith("__Host-")
        assert {"secure", "httponly"} <= said.keys()
        assert ("/", "lax") == (said["path"], said["samesite"].lower())
        assert "domain" not in said
        assert 0 <= int(said["max-age"]) <= MAX_SESSION.total_seconds()


@pytest.mark.promise("token-revocation")
def test_a_revoked_token_ends_its_session_at_the_next_request(premises: Premises) -> None:
    """
    The browser is told to forget it; whoever kept the cookies is refused all the same.
    """
    browser, clock = premises.browser(), premises.shared.clock
    browser.signs_in("erin")
    kept = browser.kept()
    assert 404 == browser.opens().status_code
    board = RevocationBoard(premises.shared.ground.database)
    cut = CutOff(TokensOf(ISSUER, "sub", "erin"), clock())
    board.apply([cut], reason="a test", now=clock())

    first, second = browser.opens(), browser.opens()
    for name, value in kept.items():
        browser.http.cookies.set(name, value, domain="rag.acme.example")

    assert [401, 303, 401] == [first.status_code, second.status_code, browser.opens().status_code]


@pytest.mark.parametrize(("late", "lasts"), [(-1, True), (0, False)], ids=["in time", "late"])
def test_a_session_lasts_no_longer_than_it_may(late: int, lasts: bool) -> None:  # noqa: FBT001
    """
    Though its token would last longer, and whatever a browser keeps.
    """
    clock, response = Clock(), Response()
    sessions = Sessions(Notes(b"k" * 32, clock))
    day = clock.now + timedelta(days=1)
    sessions.keep(response, Session.of("a token"), until=day, now=clock.now)

    clock.now += MAX_SESSION + timedelta(seconds=late)

    found = sessions.read(cookies_of(response))
    assert lasts == (found is not None)


def test_many_pages_at_once_fill_no_header(browser: Browser) -> None:
    """
    Another site can open as many as it likes; the latest sign-in can still be finished, and what
    the browser sends stays far below what servers and proxies take.
    """
    begun = [browser.begins() for _ in range(50)]

    kept = browser.kept()
    answer = browser.comes_back(begun[-1])

    assert MAX_BEGUN == len(kept)
    assert sum(len(name) + len(value) for name, value in kept.items()) < 4_000
    assert 303 == answer.status_code


def test_only_a_form_of_this_session_signs_out(premises: Premises, browser: Browser) -> None:
    """
    Neither a foreign page's form, nor an address, nor another session's form.
    """
    other = premises.browser().signs_in().text
    (theirs,) = re.findall(r'name="form" value="([^"]+)"', other)
    (mine,) = re.findall(r'name="form" value="([^"]+)"', browser.signs_in().text)
    sign_out = "/reader/sign-out"
    tries: list[Callable[[], httpx2.Response]] = [
        lambda: browser.http.get(sign_out, params={"form": mine}),
        lambda: browser.http.post(sign_out),
        lambda: browser.http.post(sign_out, data={"form": theirs}),
        lambda: browser.http.post(sign_out, data={"form": [mine, mine]}),
        lambda: browser.http.post(sign_out, params={"form": mine}),
        lambda: browser.http.post(sign_out, json={"form": mine}),
    ]

    refused = [one().status_code for one in tries]

    assert [405, 403, 403, 403, 403, 403] == refused
    assert 200 == browser.opens().status_code
    assert 200 == browser.http.post(sign_out, data={"form": mine}).status_code
    assert 303 == browser.opens().status_code
