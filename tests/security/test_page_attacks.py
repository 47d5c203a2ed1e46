"""
Whoever attacks a reader's browser, or its way to the issuer and back, gets nothing.

`tests/end_to_end/test_readers_page.py` does the like with a real provider.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from retrieval.console.cookies import BEGUN_COOKIE
from retrieval.console.sessions import MAX_SIGN_IN
from tests.acl.identity.issuers import ISSUER, OTHER_ISSUER
from tests.retrieval.console.desks import access, granted, identity
from tests.scenarios.installation import claim_of
from tests.security.page_premises import (
    BACK,
    ORIGIN,
    WORDS,
    Browser,
    Premises,
    asked_of_issuer,
    has_session,
)

pytestmark = pytest.mark.promise("page-session")


def test_whoever_signs_in_reads_what_is_theirs(premises: Premises, browser: Browser) -> None:
    """
    The control of all that follows.
    """
    page = browser.signs_in()

    assert (200, True) == (page.status_code, WORDS in page.text)
    assert 404 == premises.browser().signs_in("bob").status_code


def test_an_answer_that_another_browser_began_signs_nobody_in(
    premises: Premises, browser: Browser
) -> None:
    """
    Login CSRF: an attacker makes a victim's browser follow the attacker's own answer. The issuer
    is not even asked, and whom the victim had signed in as stays.
    """
    attacker, before = premises.browser().begins(), browser.signs_in().status_code
    asked = len(premises.desk.asked)

    answer = browser.comes_back(attacker, "mallory")

    assert (200, 403) == (before, answer.status_code)
    assert not has_session(answer)
    assert asked == len(premises.desk.asked)
    assert WORDS in browser.opens().text


def test_what_was_begun_is_found_by_its_own_state_alone(
    premises: Premises, browser: Browser
) -> None:
    """
    A cookie under the name of another sign-in's, or with a suffix, is none.
    """
    first, second = browser.begins(), premises.browser()
    other = second.begins()
    ((name, _),) = second.kept().items()
    ((_, value),) = browser.kept().items()
    browser.http.cookies.clear()
    browser.http.cookies.set(name, value, domain="rag.acme.example")

    crossed = {"state": other["state"], "nonce": first["nonce"]}
    answers = [browser.comes_back(one) for one in (crossed, other, first)]

    assert [403] * 3 == [one.status_code for one in answers]
    assert 303 == second.comes_back(other).status_code


def test_an_answer_is_used_up(premises: Premises, browser: Browser) -> None:
    """
    Whether it signed somebody in or not: state, nonce and verifier are forgotten.
    """
    good, bad = browser.begins(), browser.begins()
    first = [browser.comes_back(good), browser.comes_back(bad, error="access_denied")]
    asked = len(premises.desk.asked)

    again = [browser.comes_back(one) for one in (good, bad)]

    assert [303, 403, 403, 403] == [one.status_code for one in (*first, *again)]
    assert asked == len(premises.desk.asked)
    assert not [name for name in browser.kept() if name.startswith(BEGUN_COOKIE)]


def test_nothing_of_a_sign_in_is_used_in_another(browser: Browser) -> None:
    begun = [browser.begins() for _ in range(20)]

    drawn = [one[name] for one in begun for name in ("state", "nonce", "code_challenge")]

    assert len(drawn) == len(set(drawn))
    assert {"S256"} == {one["code_challenge_method"] for one in begun}


@pytest.mark.parametrize(("late", "status"), [(-1, 303), (0, 403)], ids=["in time", "late"])
def test_a_sign_in_ends_when_it_takes_too_long(
    premises: Premises, browser: Browser, late: int, status: int
) -> None:
    clock, asked = premises.shared.clock, browser.begins()
    began = clock.now
    clock.now = began + MAX_SIGN_IN + timedelta(seconds=late)
    try:
        # Not what the browser forgets by itself: whoever keeps the cookie gets no further.
        answer = browser.comes_back(asked)
    finally:
        clock.now = began

    assert status == answer.status_code


def test_a_session_that_was_planted_is_not_taken_over(premises: Premises, browser: Browser) -> None:
    """
    Fixation: of what was there before the sign-in nothing is left, nor is the new one the old.
    """
    attacker = premises.browser()
    attacker.signs_in("mallory")
    planted = {f"__Host-readership-session-{n}": "x" * 50 for n in range(1, 8)} | attacker.kept()
    for name, value in planted.items():
        browser.http.cookies.set(name, value, domain="rag.acme.example")

    page = browser.opens(browser.comes_back(browser.begins("/reader/sign-in")).headers["location"])

    assert 404 == page.status_code  # of no passage, but of alice's session
    assert WORDS in browser.opens().text
    assert not set(browser.kept().values()) & set(planted.values())
    assert 404 == attacker.opens().status_code


NO_PATH_OF_OURS: Final = 404
ELSEWHERE: Final = (
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "..//evil.example",
    "%2F%2Fevil.example",
    "x\r\nLocation: https://evil.example",
    "javascript:alert(1)",
    "@evil.example",
    "a" * 65,
    "",
)


@pytest.mark.parametrize("where", ELSEWHERE, ids=ascii)
def test_nobody_is_led_elsewhere(premises: Premises, where: str) -> None:
    """
    Neither by the address that was asked for, nor by one that stands in a parameter.
    """
    asked_for: Sequence[tuple[str, Mapping[str, str]]] = (
        ("/reader/sign-in", {"passage": where}),
        (f"/d/{where.translate({13: '%0d', 10: '%0a'})}", {}),
        ("/reader/sign-in", {"next": where, "redirect_uri": where}),
    )
    for path, params in asked_for:
        browser = premises.browser()
        answer = browser.http.get(path, params=params)
        if answer.status_code == NO_PATH_OF_OURS:
            assert "location" not in answer.headers
            continue
        assert answer.headers["location"].startswith(f"{ISSUER}/auth?")
        asked = asked_of_issuer(answer)
        assert f"{ORIGIN}{BACK}" == asked["redirect_uri"]

        back = browser.comes_back(asked, next=where, redirect_uri=where)

        assert (303, "/d/none") == (back.status_code, back.headers["location"])


NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "Host": {"Host": "evil.example"},
    "Host with a port": {"Host": "rag.acme.example:1@evil.example"},
    "X-Forwarded-Host": {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    "Forwarded": {"Forwarded": "host=evil.example;proto=http"},
    "X-Original-URL": {"X-Original-URL": "https://evil.example/"},
}


@pytest.mark.parametrize("how", sorted(NAMES))
def test_no_header_says_where_this_service_is(premises: Premises, how: str) -> None:
    """
    What the issuer is asked, and every page, is by the configured address.
    """
    browser, plain = premises.browser(), premises.browser()
    asked, before = browser.begins(**NAMES[how]), plain.begins()
    drawn = {"state", "nonce", "code_challenge"}

    plain.signs_in()
    page = plain.opens(**NAMES[how])

    assert {k: v for k, v in asked.items() if k not in drawn} == {
        k: v for k, v in before.items() if k not in drawn
    }
    assert "evil.example" not in page.text + str(page.headers)


def test_what_an_issuer_says_of_an_error_is_not_shown(browser: Browser) -> None:
    """
    It stands in an address that anybody can write.
    """
    said = "<b>call 555-0100</b>"

    answer = browser.comes_back(browser.begins(), error=said, error_description=said)

    assert 403 == answer.status_code
    assert "555" not in answer.text


MIXED_UP: Final[Mapping[str, Mapping[str, Any]]] = {
    "another issuer's answer": {"iss": OTHER_ISSUER},
    "this one's with a slash": {"iss": ISSUER + "/"},
    "none": {"iss": ""},
}


@pytest.mark.parametrize("how", sorted(MIXED_UP))
def test_no_code_of_another_issuer_is_sent_to_this_one(
    premises: Premises, browser: Browser, how: str
) -> None:
    asked = browser.begins()
    before = len(premises.desk.asked)

    answer = browser.comes_back(asked, **MIXED_UP[how])

    assert (403, False) == (answer.status_code, has_session(answer))
    assert before == len(premises.desk.asked)


def test_a_token_of_another_client_is_no_session(premises: Premises, browser: Browser) -> None:
    """
    Though it may read here: it was issued to somebody else's program.
    """
    asked = browser.begins()
    token = access(client_id="chat", **{claim_of("corp"): "alice"})
    premises.desk.answer = granted(id_token=identity(nonce=asked["nonce"]), access_token=token)

    came = {"code": "c", "state": asked["state"], "iss": ISSUER}
    answer = browser.http.get(BACK, params=came)

    assert (403, False) == (answer.status_code, has_session(answer))
    headers = {"Authorization": f"Bearer {token}"}
    assert 200 == browser.http.get(f"/v1/passages/{premises.passage}", headers=headers).status_code
