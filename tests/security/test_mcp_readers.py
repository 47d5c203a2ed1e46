"""
Readers who ask through one MCP server at once, and what each of them is told.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
import httpx2
import pytest
from anyio import to_thread
from fastapi import FastAPI

from acl.identity.reader import VerifiedReader
from retrieval.answer import ReadingRoom
from retrieval.mcp.desk import Desk, Outcome
from tests.ingestion.world import allow
from tests.retrieval.mcp.speaking import ERAS, HANDSHAKE, PATH, Speaker, headers_of, message
from tests.scenarios.installation import Installation, client
from tests.security.test_object_access import Undecided

READERS: Final = ("alice", "bob", "carol")
ROUNDS: Final = 20
WORDS: Final = "commonword"
eras = pytest.mark.parametrize("era", ERAS)


@dataclass(frozen=True)
class Hall:
    """
    A document of each reader, all found by the same word.
    """

    shared: Installation
    source: str
    room: ReadingRoom

    def token(self, reader: str) -> dict[str, str]:
        return self.shared.bearer(reader, {"corp": reader})

    def speaker(self, reader: str, era: str = HANDSHAKE) -> Speaker:
        return Speaker(client(self.room), self.token(reader), era)

    def passage(self, reader: str) -> str:
        """
        Return the id of a reader's own document.
        """
        (hit,) = self.speaker(reader).told("search", query=WORDS)["results"]
        return str(hit["id"])

    def app(self) -> FastAPI:
        app = client(self.room).app
        assert isinstance(app, FastAPI)
        return app


@pytest.fixture(scope="module")
def hall(shared: Installation) -> Hall:
    source = shared.fresh()
    documents = [
        {
            "id": f"of-{one}",
            "title": f"own of {one}",
            "text": f"{WORDS} for {one} alone",
            "acl": allow(f"user:{one}"),
        }
        for one in READERS
    ]
    shared.write(source, documents)
    shared.sync(source, "corp")
    return Hall(shared, source, shared.room([source], ["corp"]))


async def asked(
    http: httpx2.AsyncClient, hall: Hall, reader: str, era: str, tool: str, arguments: object
) -> dict[str, Any]:
    """
    Call a tool with the id that everybody uses.
    """
    said = message(era, "tools/call", {"name": tool, "arguments": arguments})
    headers = {**headers_of(era, "tools/call", tool), **hall.token(reader)}
    answer = await http.post(PATH, json=said, headers=headers)
    result: dict[str, Any] = answer.json()["result"]
    return result


def crossed(hall: Hall) -> list[tuple[str, str]]:
    """
    Let all readers ask at once, many times, and return every answer that was somebody else's.
    """
    found: list[tuple[str, str]] = []
    own = {one: hall.passage(one) for one in READERS}

    async def ask(http: httpx2.AsyncClient, reader: str, era: str) -> None:
        hits = await asked(http, hall, reader, era, "search", {"query": WORDS})
        text = await asked(http, hall, reader, era, "fetch", {"id": own[reader]})
        mine = f"own of {reader}"
        seen = [one["title"] for one in hits.get("structuredContent", {}).get("results", [])]
        seen.append(text.get("structuredContent", {}).get("title", "nothing"))
        found.extend((reader, one) for one in seen if one != mine)

    async def all_at_once() -> None:
        transport = httpx2.ASGITransport(app=hall.app())
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://rag") as http,
            anyio.create_task_group() as group,
        ):
            for _ in range(ROUNDS):
                for reader in READERS:
                    for era in ERAS:
                        group.start_soon(ask, http, reader, era)

    anyio.run(all_at_once)
    return found


@pytest.mark.promise("mcp-no-session")
@pytest.mark.promise("cache-isolation")
def test_readers_at_once_never_get_each_others_answers(hall: Hall) -> None:
    """
    Of both eras, with one id for all requests, through one process.
    """
    assert [] == crossed(hall)


@pytest.mark.promise("mcp-no-session")
def test_a_server_that_kept_its_reader_would_mix_them_up(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: the reader stands for a moment where all requests can write it.
    """
    kept: list[VerifiedReader] = []
    call = Desk.call

    def careless(
        desk: Desk, reader: VerifiedReader, tool: str, arguments: Mapping[str, Any]
    ) -> Outcome:
        kept[:] = [reader]
        time.sleep(0.005)
        return call(desk, kept[0], tool, arguments)

    monkeypatch.setattr(Desk, "call", careless)

    assert crossed(hall)


@pytest.mark.promise("absent-equals-forbidden")
@eras
def test_somebody_elses_document_is_absent_byte_for_byte(hall: Hall, era: str) -> None:
    """
    With the status and every header; and what is malformed, too.
    """
    speaker, others = hall.speaker("alice", era), hall.passage("bob")

    def whole(identifier: str) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = speaker.call("fetch", id=identifier)
        return answer.status_code, sorted(answer.headers.items()), answer.content

    absent = whole("00000000-0000-5000-8000-000000000000")
    assert absent == whole(others) == whole(f"{others}+60000") == whole("no id at all")
    assert b'"text":"not found"' in absent[2]
    assert "own of bob" == hall.speaker("bob", era).told("fetch", id=others)["title"]


@pytest.mark.promise("absent-equals-forbidden")
@eras
def test_without_the_decision_the_bytes_would_differ(hall: Hall, era: str) -> None:
    """
    The control.
    """
    old = hall.room.rechecker
    undecided = Undecided(old.permissions, old.budgets, old.namer, old.clock)
    speaker = Speaker(client(replace(hall.room, rechecker=undecided)), hall.token("alice"), era)

    assert b"for bob alone" in speaker.call("fetch", id=hall.passage("bob")).content


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.promise("cursor-carries-no-right")
def test_a_cursor_in_other_hands_is_refused(shared: Installation, hall: Hall) -> None:
    """
    As one that was made up; in its own it goes on.
    """
    source = shared.fresh()
    lines = [
        {
            "id": f"{one}{number}",
            "title": one,
            "text": f"pageword {number}",
            "acl": allow(f"user:{one}"),
        }
        for one in ("alice", "bob")
        for number in range(3)
    ]
    shared.write(source, lines)
    shared.sync(source, "corp")
    room = shared.room([source], ["corp"])
    alice, bob = (Speaker(client(room), hall.token(one)) for one in ("alice", "bob"))
    asking = {"query": "pageword", "limit": 2}

    cursor = alice.told("search_documents", **asking)["next_cursor"]
    foreign, made_up = (
        bob.result("search_documents", **asking, cursor=one) for one in (cursor, "A" * len(cursor))
    )

    assert foreign == made_up
    assert foreign["isError"]
    page = alice.told("search_documents", **asking, cursor=cursor)
    assert ["alice"] == [one["title"] for one in page["passages"]]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator["Held"]:
    one = Held()
    call = Desk.call

    def waiting(
        desk: Desk, reader: VerifiedReader, tool: str, arguments: Mapping[str, Any]
    ) -> Outcome:
        one.inside.set()
        assert one.go.wait(30)
        outcome = call(desk, reader, tool, arguments)
        one.finished += 1
        return outcome

    monkeypatch.setattr(Desk, "call", waiting)
    yield one
    one.go.set()


class Held:
    """
    Keeps calls inside the service until they may go.
    """

    def __init__(self) -> None:
        self.inside = threading.Event()
        self.go = threading.Event()
        self.finished = 0


def at_once(hall: Hall, story: Callable[[httpx2.AsyncClient], Any]) -> None:
    async def told() -> None:
        transport = httpx2.ASGITransport(app=hall.app())
        async with httpx2.AsyncClient(transport=transport, base_url="http://rag") as http:
            await story(http)

    anyio.run(told)


@pytest.mark.promise("mcp-no-session")
@eras
def test_nobody_can_cancel_anothers_request(hall: Hall, held: Held, era: str) -> None:
    """
    Ids are the clients' own: alice's request has the id that bob cancels.
    """
    answers: list[dict[str, Any]] = []

    async def ask(http: httpx2.AsyncClient) -> None:
        answers.append(await asked(http, hall, "alice", era, "search", {"query": WORDS}))

    async def story(http: httpx2.AsyncClient) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(ask, http)
            assert await to_thread.run_sync(held.inside.wait, 30)
            cancel = {
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": 1},
            }
            headers = {**headers_of(era), **hall.token("bob")}
            assert 202 == (await http.post(PATH, json=cancel, headers=headers)).status_code
            held.go.set()

    at_once(hall, story)

    (answer,) = answers
    assert ["own of alice"] == [one["title"] for one in answer["structuredContent"]["results"]]


@pytest.mark.promise("mcp-no-session")
@eras
def test_a_client_that_goes_away_leaves_nothing_behind(hall: Hall, held: Held, era: str) -> None:
    """
    Its call ends as it would have, its answer is nobody's, and its place is free again.
    """
    slots: list[float] = []

    async def story(http: httpx2.AsyncClient) -> None:
        limiter = to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as group:
            group.start_soon(asked, http, hall, "alice", era, "search", {"query": WORDS})
            assert await to_thread.run_sync(held.inside.wait, 30)
            held.go.set()
            group.cancel_scope.cancel()
        assert 1 == held.finished
        result = await asked(http, hall, "bob", era, "search", {"query": WORDS})
        titles = [one["title"] for one in result["structuredContent"]["results"]]
        assert ["own of bob"] == titles
        slots.append(limiter.borrowed_tokens)

    at_once(hall, story)

    assert [0] == slots


@pytest.mark.promise("token-kept-nowhere")
@eras
def test_neither_token_nor_question_nor_answer_is_logged(
    hall: Hall, caplog: pytest.LogCaptureFixture, era: str
) -> None:
    """
    Not by the SDK either, and at no level.
    """
    caplog.set_level(logging.DEBUG)
    speaker = hall.speaker("alice", era)
    token = speaker.token["Authorization"].removeprefix("Bearer ")

    speaker.call("search", query=f"{WORDS} zanzibarquestion")
    speaker.call("fetch", id=hall.passage("alice"))
    speaker.call("fetch", id="zanzibarquestion")
    speaker.call("search_documents", query="x", zanzibarquestion=1)
    speaker.ask("tools/call", {"name": "zanzibarquestion"}, name="zanzibarquestion")

    ours = "\n".join(one.getMessage() for one in caplog.records)
    assert "mcp" in {one.name.partition(".")[0] for one in caplog.records}
    for secret in (token, token.rpartition(".")[2], "zanzibarquestion", "for alice alone"):
        assert secret not in ours
