"""
The unmodified `openai` client, over real HTTP: questions, filters, pages and errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx2
import openai
import pytest

from tests.ingestion.world import allow
from tests.retrieval.departing import limiter
from tests.scenarios.installation import Installation
from tests.security.loopback import served

pytestmark = pytest.mark.promise("honoured-or-refused")

SECONDS: Final = 30.0


@dataclass
class Library:
    """
    Two sources, served, and whoever asks them with OpenAI's client.
    """

    shared: Installation
    sources: tuple[str, str]
    address: str
    opened: list[openai.OpenAI]

    def client(self, subject: str) -> openai.OpenAI:
        """
        Return a client as a developer makes one: our address, and the user's token as its key.
        """
        headers = self.shared.bearer(subject, {"corp": subject})
        token = headers["Authorization"].removeprefix("Bearer ")
        return self.with_key(token)

    def with_key(self, key: str) -> openai.OpenAI:
        plain = httpx2.Client(trust_env=False, timeout=SECONDS)
        made = openai.OpenAI(
            base_url=f"{self.address}/v1", api_key=key, http_client=plain, max_retries=0
        )
        self.opened.append(made)
        return made


@pytest.fixture(scope="module")
def library(shared: Installation) -> Iterator[Library]:
    first, second = shared.fresh(), shared.fresh()
    for source in (first, second):
        lines = [
            {"id": f"{source}-{n}", "title": f"Title {n}", "text": f"words {n}", "acl": acl}
            for n, acl in enumerate((allow("user:alice"), allow("user:alice", "user:bob")))
        ]
        shared.write(source, lines)
        shared.sync(source, "corp")
    with served(shared.room([first, second], ["corp"])) as port:
        one = Library(shared, (first, second), f"http://127.0.0.1:{port}", [])
        yield one
        for made in one.opened:
            made.close()


def test_a_question_is_answered_with_what_its_asker_may_read(library: Library) -> None:
    found = library.client("alice").vector_stores.search("all", query="words", max_num_results=50)
    of_bob = library.client("bob").vector_stores.search("all", query="words", max_num_results=50)

    assert "vector_store.search_results.page" == found.object
    assert (4, 2) == (len(found.data), len(of_bob.data))
    first = found.data[0]
    assert first.score == 1.0
    assert first.filename.startswith("Title ")
    assert first.content[0].type == "text"
    assert first.content[0].text.startswith("words")
    assert first.attributes is not None
    assert first.attributes["source"] in library.sources
    assert not found.has_next_page()


def test_a_result_can_be_opened_by_its_id(library: Library) -> None:
    headers = library.shared.bearer("alice", {"corp": "alice"})
    found = library.client("alice").vector_stores.search("all", query="words").data[0]

    with httpx2.Client(trust_env=False, timeout=SECONDS) as http:
        opened = http.get(f"{library.address}/v1/passages/{found.file_id}", headers=headers)

    assert (200, found.content[0].text) == (opened.status_code, opened.json()["text"])


def test_filters_and_several_questions_are_honoured(library: Library) -> None:
    first, second = library.sources
    asking = library.client("alice").vector_stores

    one = asking.search(first, query=["words", "more words"])
    filtered = asking.search(
        "all",
        query="words",
        filters={
            "type": "and",
            "filters": [{"type": "ne", "key": "source", "value": second}],
        },
        ranking_options={"ranker": "auto", "score_threshold": 0.0},
        rewrite_query=False,
    )

    assert {first} == {one.attributes["source"] for one in one.data if one.attributes}
    assert {first} == {one.attributes["source"] for one in filtered.data if one.attributes}


def test_the_next_page_follows(library: Library) -> None:
    asking = library.client("alice").vector_stores
    page: str | None = None
    found: list[str] = []
    for _ in range(4):
        more: dict[str, Any] = {"page": page} if page else {}
        answer = asking.search("all", query="words", max_num_results=1, extra_body=more)
        found += [one.file_id for one in answer.data]
        page = (answer.model_extra or {})["next_page"]

    assert (4, None) == (len(set(found)), page)


@pytest.mark.promise("signed-provenance")
def test_what_was_released_can_be_proved_from_what_the_client_keeps(library: Library) -> None:
    headers = library.shared.bearer("alice", {"corp": "alice"})
    page = library.client("alice").vector_stores.search("all", query="words")

    with httpx2.Client(trust_env=False, timeout=SECONDS) as http:
        verify = f"{library.address}/v1/verify"
        verdict = http.post(verify, content=page.model_dump_json(), headers=headers).json()

    assert (True, []) == (verdict["verified"], verdict["differences"])
    assert len(page.data) == len(verdict["statement"]["passages"])


@pytest.mark.promise("limits")
def test_too_many_questions_are_a_rate_limit_error(library: Library) -> None:
    room = library.shared.room(library.sources, ["corp"])
    with served(replace(room, limiter=limiter(requests=1))) as port:
        address = replace(library, address=f"http://127.0.0.1:{port}")
        asking = address.client("alice").vector_stores
        assert asking.search("all", query="words").data

        with pytest.raises(openai.RateLimitError) as refused:
            asking.search("all", query="words")

    assert (429, "limit_exceeded") == (refused.value.status_code, refused.value.code)
    assert int(refused.value.response.headers["Retry-After"]) >= 1


def test_a_key_that_is_no_token_is_an_authentication_error(library: Library) -> None:
    with pytest.raises(openai.AuthenticationError) as refused:
        library.with_key("sk-not-a-token").vector_stores.search("all", query="words")

    assert (401, "invalid_token") == (refused.value.status_code, refused.value.code)


def test_what_is_not_offered_is_a_bad_request_that_says_so(library: Library) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        library.client("alice").vector_stores.search(
            "all", query="words", filters={"type": "eq", "key": "acl", "value": "x"}
        )

    assert "filters.comparison.key" == refused.value.param
    assert "Input should be 'source'" in refused.value.message
