"""
The client package against the real service, and against servers that it must not trust.
"""

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias

import httpx
import pytest

from readership_client import (
    AsyncReadershipClient,
    NotFoundError,
    NoTokenError,
    NotSignedInError,
    ReadershipClient,
    ReadershipClientError,
    RefusedError,
    TryLaterError,
    UnexpectedAnswerError,
)
from tests.end_to_end.company import Company
from tests.security.loopback import served

Answering: TypeAlias = Callable[[str], tuple[int, Mapping[str, str], str]]

QUESTION = "What is the price list of Heron?"
WHO: ContextVar[str] = ContextVar("WHO")
HOSTILE: list[object] = [None, "", " ", "a b", "a\nHost: x", "ä", b"token", 7]


@pytest.fixture(scope="module")
def url(company: Company) -> Iterator[str]:
    with served(company.room) as port:
        yield f"http://127.0.0.1:{port}"


def documents_of(company: Company, subject: str) -> set[str]:
    return company.documents(subject, QUESTION)


def test_a_search_brings_what_the_reader_may_read(company: Company, url: str) -> None:
    with ReadershipClient(url, lambda: company.issuer.token("bob")) as client:
        answer = client.search(QUESTION, limit=50)

    assert documents_of(company, "bob") == {one.provenance["document"] for one in answer.passages}
    assert answer.passages[0].text in answer.context or answer.passages[0].title in answer.context
    first = answer.passages[0].metadata
    assert {"id", "title", "url", "source", "document", "label"} <= first.keys()
    assert not {"acl", "readership", "principals", "groups"} & first.keys()


def test_what_was_found_can_be_fetched(company: Company, url: str) -> None:
    with ReadershipClient(url, lambda: company.issuer.token("bob")) as client:
        first = client.search(QUESTION).passages[0]
        document = client.document(first.provenance["document"], source=first.provenance["source"])

        assert first.text == client.passage(first.id).text
        assert document.title == first.title
        assert document.text


@pytest.mark.promise("absent-equals-forbidden")
def test_hidden_and_absent_are_one_error(company: Company, url: str) -> None:
    with ReadershipClient(url, lambda: company.issuer.token("bob")) as client:
        hers = client.search(QUESTION).passages[0].id

    with ReadershipClient(url, lambda: company.issuer.token("stranger")) as client:
        told = []
        for identifier in (hers, "0" * 32):
            with pytest.raises(NotFoundError) as refused:
                client.passage(identifier)
            told.append((refused.value.status, refused.value.code))
        assert told[0] == told[1]


def test_a_refused_token_says_where_to_sign_in(url: str) -> None:
    client = ReadershipClient(url, lambda: "not-a-token")
    with client, pytest.raises(NotSignedInError) as refused:
        client.search(QUESTION)
    assert "resource_metadata=" in refused.value.challenge
    assert "not-a-token" not in str(refused.value)


@pytest.mark.promise("readers-never-mix")
def test_one_client_shared_by_threads_never_mixes_readers(company: Company, url: str) -> None:
    """
    The control keeps the first token, as a retriever with a stored token does, and mixes them.
    """
    expected = {who: documents_of(company, who) for who in ("alice", "bob", "erin")}
    assert 1 < len({frozenset(one) for one in expected.values()})
    kept: list[str] = []

    def now() -> str:
        return company.issuer.token(WHO.get())

    def stored() -> str:
        kept.append(now())
        return kept[0]

    def everybody(client: ReadershipClient) -> bool:
        def asked(who: str) -> bool:
            WHO.set(who)
            found = client.search(QUESTION, limit=50)
            return expected[who] == {one.provenance["document"] for one in found.passages}

        with ThreadPoolExecutor(6) as pool:
            jobs = [pool.submit(copy_context().run, asked, who) for who in [*expected] * 4]
            return all(job.result() for job in jobs)

    with ReadershipClient(url, now) as right, ReadershipClient(url, stored) as wrong:
        assert everybody(right)
        assert not everybody(wrong)


@pytest.mark.promise("readers-never-mix")
def test_one_client_shared_by_tasks_never_mixes_readers(company: Company, url: str) -> None:
    async def now() -> str:
        await asyncio.sleep(0)  # others run meanwhile
        return company.issuer.token(WHO.get())

    async def asked(client: AsyncReadershipClient, who: str) -> bool:
        WHO.set(who)
        found = await client.search(QUESTION, limit=50)
        return documents_of(company, who) == {one.provenance["document"] for one in found.passages}

    async def everybody() -> list[bool]:
        async with AsyncReadershipClient(url, now) as client:
            return await asyncio.gather(*(asked(client, who) for who in ["alice", "bob"] * 4))

    assert all(asyncio.run(everybody()))


@pytest.mark.parametrize("token", HOSTILE, ids=repr)
def test_without_a_token_nothing_is_sent(token: object) -> None:
    with pretending(lambda _: (200, {}, "{}")) as (url, seen):
        with ReadershipClient(url, lambda: token) as client, pytest.raises(NoTokenError):  # type: ignore[arg-type,return-value]
            client.search(QUESTION)
        assert not seen


def test_a_token_in_place_of_a_function_is_refused() -> None:
    with pytest.raises(TypeError, match="for every request"):
        ReadershipClient("https://rag.example", "a-token")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="for every request"):
        AsyncReadershipClient("https://rag.example", "a-token")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url",
    [
        "http://rag.example",
        "ftp://rag.example",
        "rag.example",
        "https://me:secret@rag.example",
        "https://rag.example/?a=b",
        "http://127.0.0.1.rag.example",
        "http://10.0.0.1",
    ],
)
def test_a_token_goes_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(ValueError, match=r"neither https|not the address"):
        ReadershipClient(url, lambda: "t")


def test_nothing_of_one_request_is_there_in_the_next() -> None:
    """
    A gateway's session cookie would make the next reader this one. Of a client that was handed
    in as well, whose own credentials do not go along either.
    """
    with pretending(lambda _: (200, {"Set-Cookie": "session=alice"}, EMPTY)) as (url, seen):
        handed = httpx.Client(auth=("me", "secret"), cookies={"old": "one"})
        for http in (None, handed):
            with ReadershipClient(url, iter("ab").__next__, http=http) as client:
                client.search("one")
                client.search("two")
        assert ["Bearer a", "Bearer b", "Bearer a", "Bearer b"] == [
            one["Authorization"] for one in seen
        ]
        assert not any("Cookie" in one for one in seen)


def test_a_redirect_is_not_followed() -> None:
    with pretending(lambda _: (200, {}, EMPTY)) as (other, stolen):
        with (
            pretending(lambda _: (307, {"Location": other}, "")) as (url, _),
            ReadershipClient(url, lambda: "t") as client,
            pytest.raises(UnexpectedAnswerError),
        ):
            client.search(QUESTION)
        assert not stolen


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, "[]", UnexpectedAnswerError),
        (200, "<html>", UnexpectedAnswerError),
        (200, '{"request_id": 1}', UnexpectedAnswerError),
        (404, "not here", UnexpectedAnswerError),
        (500, "", UnexpectedAnswerError),
        (403, '{"code": "insufficient_scope", "title": "no"}', RefusedError),
        (429, '{"code": "too_many"}', TryLaterError),
        (503, '{"code": "unavailable"}', TryLaterError),
    ],
)
def test_whatever_comes_back_is_an_answer_or_a_clear_error(
    status: int, body: str, expected: type[Exception]
) -> None:
    with (
        pretending(lambda _: (status, {"Retry-After": "7"}, body)) as (url, _),
        ReadershipClient(url, lambda: "secret-token") as client,
        pytest.raises(expected) as refused,
    ):
        client.search(QUESTION)
    assert isinstance(refused.value, ReadershipClientError)
    assert "secret-token" not in str(refused.value)
    if isinstance(refused.value, TryLaterError):
        assert refused.value.retry_after == 7


def test_a_service_that_is_not_there_is_a_clear_error() -> None:
    client = ReadershipClient("http://127.0.0.1:1", lambda: "secret-token")
    with client, pytest.raises(ReadershipClientError, match="not answer: ConnectError") as refused:
        client.search(QUESTION)
    # Not even where nobody looks: what went wrong below holds the request, and its token.
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


def test_a_token_goes_to_this_machine_and_through_nobodys_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    Also by a client that does not wait. The control: a client of httpx does go there.
    """
    with (
        pretending(lambda _: (200, {}, EMPTY)) as (url, seen),
        pretending(lambda _: (200, {}, EMPTY)) as (proxy, stolen),
    ):
        for name in ("http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy)
        with ReadershipClient(url, lambda: "t") as client:
            client.search(QUESTION)
        assert 0 == asyncio.run(_epochs_less_one(url))
        assert (2, 0) == (len(seen), len(stolen))

        httpx.post(url)
        assert (2, 1) == (len(seen), len(stolen))


async def _epochs_less_one(url: str) -> int:
    async with AsyncReadershipClient(url, lambda: "t") as client:
        return (await client.search(QUESTION)).epoch - 1


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_what_would_be_another_path_is_no_id(identifier: str) -> None:
    with (
        ReadershipClient("https://rag.example.com", lambda: "t") as client,
        pytest.raises(ValueError, match="is no id"),
    ):
        client.document(identifier)


@pytest.mark.parametrize(
    "error",
    [
        NoTokenError("none"),
        NotSignedInError("m", 'Bearer scope="x"'),
        RefusedError("m", 403, "insufficient_scope"),
        NotFoundError("m", 404, "not_found"),
        TryLaterError("m", 429, "limit_exceeded", 7.0),
    ],
)
def test_an_error_can_come_from_another_process(error: ReadershipClientError) -> None:
    again = copy.copy(error)  # by the same way as a process pool

    assert (type(error), str(error), vars(error)) == (type(again), str(again), vars(again))


EMPTY = json.dumps({"request_id": "r", "epoch": 1, "passages": [], "context": "", "blind": []})
"""
An answer without passages.
"""


@contextmanager
def pretending(answer: Answering) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """
    Serve an answer to whatever comes; yields the address and the headers of every request.
    """
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(dict(self.headers))
            status, headers, body = answer(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
