"""
Who shares a domain with the reader's page, and who only knocks: what they send passes for nothing
of ours, and keeps nobody else waiting.
"""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Final

import anyio
import httpx
import pytest
from starlette.datastructures import QueryParams

from retrieval.console.cookies import BEGUN_COOKIE
from retrieval.console.provider import BELIEVED_SECONDS, MAX_WAITING, ProviderUnavailableError
from retrieval.console.sessions import MAX_BEGUN
from retrieval.console.sign_in import PARAMETERS
from tests.retrieval.console.desks import BEGUN, CAME, DOCUMENT, Desk
from tests.scenarios.installation import Installation
from tests.security.bytewise import HOST, exchanged
from tests.security.page_premises import BACK, Browser, Premises


def sent_by(browser: Browser, before: bytes = b"") -> list[bytes]:
    """
    Return a browser's cookies as they are sent, with this before each name.
    """
    return [before + f"{name}={value}".encode() for name, value in browser.kept().items()]


def status_of(premises: Premises, *cookies: bytes) -> int:
    """
    Return what the page answers to these headers of cookies, byte for byte as they are.
    """
    headers = [HOST, *((b"cookie", one) for one in cookies)]
    asked = partial(exchanged, premises.app, "GET", f"/d/{premises.passage}", headers)
    return anyio.run(asked).status


BEFORE_A_NAME: Final = {
    "a no-break space": b"\xa0",
    "a next line": b"\x85",
    "a file separator": b"\x1c",
    "a form feed": b"\x0c",
    "no name": b"=",
    "a letter": b"x",
}


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("what", sorted(BEFORE_A_NAME))
def test_a_neighbour_plants_no_session(premises: Premises, browser: Browser, what: str) -> None:
    """
    Another host below the same domain may set cookies for all of it, under any name that does not
    begin with `__Host-`: Chromium keeps, and sends, what begins with such a byte.
    """
    mallory = premises.browser()
    assert 404 == mallory.signs_in("mallory").status_code
    browser.signs_in()
    planted = sent_by(mallory, BEFORE_A_NAME[what])

    alone = status_of(premises, b"; ".join(planted))
    beside = [
        status_of(premises, b"; ".join(one))
        for one in ([*sent_by(browser), *planted], [*planted, *sent_by(browser)])
    ]

    assert 303 == alone  # to sign in
    assert [200, 200] == beside


@pytest.mark.promise("page-session")
def test_a_name_that_stands_twice_is_nobodys(premises: Premises, browser: Browser) -> None:
    """
    In one header and in two; the control is either alone.
    """
    mallory = premises.browser()
    mallory.signs_in("mallory")
    browser.signs_in()
    (mine,), (theirs,) = sent_by(browser), sent_by(mallory)

    assert [200, 404] == [status_of(premises, one) for one in (mine, theirs)]
    assert {303} == {
        status_of(premises, b"; ".join((mine, theirs))),
        status_of(premises, b"; ".join((theirs, mine))),
        status_of(premises, mine, theirs),
    }


@pytest.mark.promise("page-session")
def test_cookies_in_several_headers_are_one_list(premises: Premises, browser: Browser) -> None:
    """
    As HTTP/2 sends them (RFC 9113, section 8.2.3).
    """
    browser.signs_in()

    assert 200 == status_of(premises, b"other=1", *sent_by(browser), b"one more=2")


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("name", ["a[b", "a b", "\xe4", "0" * 17, "A" * 16], ids=ascii)
def test_no_foreign_name_is_answered(premises: Premises, name: str) -> None:
    """
    What was begun is forgotten by its name, and only under a name that can be one.
    """
    cookies = [f"{BEGUN_COOKIE}-{name}{n}=x".encode("latin-1") for n in range(MAX_BEGUN + 1)]

    assert 303 == status_of(premises, b"; ".join(cookies))


@pytest.mark.promise("little-for-strangers")
def test_of_a_strangers_parameters_only_ours_are_looked_at(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each look goes through all of them: with every one looked at, an address full of them keeps a
    processor busy for seconds.
    """
    looked: list[str] = []
    found = QueryParams.getlist

    def counted(self: QueryParams, key: str) -> list[str]:
        looked.append(key)
        return found(self, key)

    monkeypatch.setattr(QueryParams, "getlist", counted)
    answer = browser.http.get(f"{BACK}?{'&'.join(f'p{n}' for n in range(1_000))}")

    assert 403 == answer.status_code
    assert sorted(PARAMETERS) == sorted(looked)
    assert browser.comes_back(browser.begins()).status_code == HTTPStatus.SEE_OTHER


END: Final = "https://idp.acme.example/out"


@pytest.mark.promise("page-session")
@pytest.mark.parametrize("answers", [True, False], ids=["it answers", "it fails"])
def test_signing_out_works_however_long_ago_the_issuer_was_asked(
    shared: Installation,
    answers: bool,  # noqa: FBT001
) -> None:
    """
    It is asked anew then, beside the requests of others; and if it does not answer, the session
    ends all the same.
    """
    premises, now = Premises(shared), [0.0]
    desk, browser = premises.desk, premises.browser()
    desk.provider.clock = lambda: now[0]
    (form,) = re.findall(r'name="form" value="([^"]+)"', browser.signs_in().text)
    asked = len(desk.asked)
    now[0] += BELIEVED_SECONDS
    desk.document = {**DOCUMENT, "end_session_endpoint": END} if answers else {}

    out = browser.http.post("/reader/sign-out", data={"form": form})

    assert (200, answers) == (out.status_code, END in out.text)
    assert asked + 1 == len(desk.asked)
    assert not browser.kept()


@pytest.fixture
def silent() -> Iterator[tuple[Desk, threading.Event]]:
    """
    An issuer that says nothing before it is told to.
    """
    desk, speak = Desk(), threading.Event()

    def answers(request: httpx.Request) -> httpx.Response:
        assert speak.wait(60)
        return httpx.Response(200, json=desk.document, request=request)

    assert isinstance(desk.provider.wire.transport, httpx.MockTransport)
    desk.provider.wire.transport.handler = answers
    yield desk, speak
    speak.set()


@pytest.mark.promise("little-for-strangers")
def test_few_wait_for_an_issuer_that_does_not_answer(
    silent: tuple[Desk, threading.Event],
) -> None:
    """
    Whoever comes on top is told to come back, at once: readers share their threads with strangers.
    """
    (desk, speak), refused, answered = silent, threading.Semaphore(0), threading.Semaphore(0)

    def ask() -> None:
        try:
            assert desk.provider.endpoints().names_itself
            answered.release()
        except ProviderUnavailableError:
            refused.release()

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(MAX_WAITING + 5)]
    for one in askers:
        one.start()
    assert all(refused.acquire(timeout=60) for _ in range(5))
    assert not refused.acquire(blocking=False)
    speak.set()
    for one in askers:
        one.join(60)

    assert all(answered.acquire(blocking=False) for _ in range(MAX_WAITING))
    assert desk.provider.endpoints().names_itself


class NoTurn(threading.BoundedSemaphore):
    """
    As many sign-ins are underway as may be, and whoever would wait for one to end is noticed.
    """

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:  # noqa: FBT001, FBT002 - as it is declared
        del timeout
        assert not blocking
        return False


@pytest.mark.promise("little-for-strangers")
def test_nobody_waits_until_codes_of_others_were_exchanged() -> None:
    """
    A code that is made up and a cookie are enough to have one exchanged.
    """
    desk = Desk()
    assert desk.sign_in.finish(CAME, BEGUN)

    with pytest.raises(ProviderUnavailableError):
        replace(desk.sign_in, asking=NoTurn()).finish(CAME, BEGUN)
