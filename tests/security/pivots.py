"""
A company in folders, and somebody who follows whatever an answer shows, wherever it leads.

Documents of one folder have different readers, mention each other, and lie in two sources that
share ids. Every document has a word of its own, its mark, in title, address and each part of its
text: an answer in which the mark stands has released something of that document.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import numpy as np
from fastapi.testclient import TestClient
from httpx2 import Response

from retrieval.answer import ReadingRoom
from tests.properties.reference import EVERYONE, Node, Reference, Statement
from tests.scenarios.installation import Installation
from tests.security.endpoints import CALLS, PAGE, Target, body_of, document

READERS: Final = ("alice", "bob", "carol")
GROUPS: Final = {
    "group:eng": frozenset({"user:alice"}),
    "group:ops": frozenset({"group:eng", "user:bob"}),
}
NAMES: Final = ("user:alice", "user:bob", "user:carol", "group:eng", "group:ops", EVERYONE)
FOLDERS: Final = {"hr": None, "hr/pay": "hr"}
DOCUMENTS_A_FOLDER: Final = 2
WORDS: Final = ("salary", "merger", "heron", "budget", "plan", "audit", "osprey", "notice")
WORDS_A_PART: Final = 90
"""
Two such parts make two passages.
"""

MARK: Final = re.compile(r"mark\d+of\d+x")
LIKE_AN_ID: Final = re.compile(r"[\w.-]+(?:[/:@#?=&][\w.-]*)+")
ADDRESS: Final = re.compile(r"https?://[^/]*/")
NUMBERED: Final = re.compile(r"^(.*?)(\d+)$")
NO_NAMES: Final = {
    "request_id",
    "acl_observed_at",
    "modified",
    "since",
    "next_cursor",
    "next_page",
    "search_query",
    "signed_provenance",
}
"""
Members that are drawn at random for each request, times, what the asker said, and cursors: these
are another one for each question, and `test_cursors` tries them on others; and the statement,
whose names stand beside it as well (`test_proofs_over_http`).
"""

Place = tuple[str, str]
"""
A source, and a document's id in it.
"""


@dataclass(frozen=True)
class Company:
    """
    Its sources as they were ingested, and what the plain reference says of them.
    """

    installation: Installation
    references: Mapping[str, Reference]
    marks: Mapping[str, Place]

    @property
    def sources(self) -> list[str]:
        """
        The names of its sources.
        """
        return list(self.references)

    def readable(self, reader: str) -> set[Place]:
        """
        Return every document that a reader may read.
        """
        return {
            (source, name)
            for source, reference in self.references.items()
            for name in reference.visible(reader)
        }

    def room(self) -> ReadingRoom:
        """
        Return a reading room that knows its sources.
        """
        return self.installation.room(self.sources, ["corp"])

    @classmethod
    def founded(cls, installation: Installation, seed: int, sources_of_it: int = 2) -> "Company":
        """
        Draw folders, documents and who may read them, and ingest it all.
        """
        draw = np.random.default_rng(seed)
        sources = [installation.fresh() for _ in range(sources_of_it)]
        references = {one: _drawn(draw, one, sources) for one in sources}
        marks = {
            f"mark{number}of{source.rpartition('-')[2]}x": (source, name)
            for source, one in references.items()
            for number, name in enumerate(one.documents)
        }
        marked = {place: mark for mark, place in marks.items()}
        groups = [{"id": g.partition(":")[2], "members": sorted(m)} for g, m in GROUPS.items()]
        for source, one in references.items():
            lines = [_line(draw, one, name, marked[source, name]) for name in one.documents]
            installation.write(source, lines, groups if source == sources[0] else None)
            installation.sync(source, "corp")
        return cls(installation, references, marks)


@dataclass(frozen=True)
class Seen:
    """
    What one thing led to: things to follow next, documents released, and those of them that
    whoever followed may not read.
    """

    things: frozenset[str]
    released: frozenset[Place]
    leaked: frozenset[Place]

    def __or__(self, other: "Seen") -> "Seen":
        return Seen(
            self.things | other.things,
            self.released | other.released,
            self.leaked | other.leaked,
        )


NOTHING: Final = Seen(frozenset(), frozenset(), frozenset())

AIMS: Final[Mapping[str, Callable[[str, Sequence[str]], Iterable[Target]]]] = {
    "searchDocuments": lambda thing, sources: [Target(one, "", "", thing) for one in sources],
    "searchVectorStore": lambda thing, _: [Target(thing, "", "")],
    "getPassage": lambda thing, _: [Target("", "", thing)],
    "getDocument": lambda thing, sources: [Target(one, thing, "") for one in sources],
    "explainDecision": lambda thing, sources: [Target(sources[0], thing, "")],
    "mcp/search": lambda thing, _: [Target("", "", "", thing)],
    "mcp/fetch": lambda thing, _: [Target("", "", thing)],
    "mcp/search_documents": lambda thing, sources: [Target(one, "", "", thing) for one in sources],
    PAGE: lambda thing, _: [Target("", "", thing)],
    "verifyProvenance": lambda *_: [],
    "checkAnswer": lambda *_: [],
    "resourceMetadata": lambda *_: [],
    "provenanceKeys": lambda *_: [],
    "actions": lambda *_: [],
    "health": lambda *_: [],
    "ready": lambda *_: [],
}
"""
What following a thing means, by operation; the last seven look nothing up, or take nothing that
could be followed.
"""


@dataclass
class Follower:
    """
    Follows things through every operation, as every reader, and remembers where each led:
    nothing changes meanwhile.
    """

    company: Company
    http: TestClient
    requests: int = 0
    known: dict[str, Seen] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.readable = {one: self.company.readable(one) for one in READERS}
        self.headers = {
            one: self.company.installation.bearer(one, {"corp": one}) for one in READERS
        }

    def walk(self, reader: str, question: str) -> Seen:
        """
        Return all that can be reached from the answer to one question.
        """
        body = {"query": question, "limit": 8}
        answer = self.http.post("/v1/search", json=body, headers=self.headers[reader])
        reached = self._seen(reader, answer)
        frontier, met = deque(reached.things), set(reached.things)
        while frontier:
            found = self._follow(frontier.popleft())
            frontier += found.things - met
            met |= found.things
            reached |= found
        return reached

    def _follow(self, thing: str) -> Seen:
        if thing not in self.known:
            found = NOTHING
            for reader in READERS:
                for answer in self._answers(reader, thing):
                    found |= self._seen(reader, answer)
            self.known[thing] = found
        return self.known[thing]

    def _answers(self, reader: str, thing: str) -> Iterator[Response]:
        headers = self.headers[reader]
        for operation, aims in AIMS.items():
            for target in aims(thing, self.company.sources):
                yield CALLS[operation](self.http, headers, target)
        # Without a source, too: then the id alone decides.
        yield document(self.http, headers, Target("", thing, ""))

    def _seen(self, reader: str, answer: Response) -> Seen:
        self.requests += 1
        body = body_of(answer)
        # A mark of another company is a place that nobody here may read.
        marked = (self.company.marks.get(one, ("", one)) for one in MARK.findall(answer.text))
        released = {*marked, *_provenances(body)}
        if answer.status_code != 200:
            return Seen(frozenset(), frozenset(released), frozenset(released))
        told = body.get("result", {}).get("structuredContent", body)
        things = frozenset[str]().union(*map(_things, _texts(told)))
        return Seen(things, frozenset(released), frozenset(released - self.readable[reader]))


def _texts(body: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """
    Yield every text in an answer that may name something.
    """
    match body:
        case str():
            yield body
        case list():
            for one in body:
                yield from _texts(one)
        case dict():
            for name, member in body.items():
                if name not in NO_NAMES:
                    yield from _texts(member)
        case _:
            return


def _provenances(body: Any) -> Iterator[Place]:  # noqa: ANN401 - JSON
    if isinstance(body, dict):
        for one in (body, *body.get("passages", ())):
            if "provenance" in one:
                yield one["provenance"]["source"], one["provenance"]["document"]
        for one in body.get("data", ()):
            yield one["attributes"]["source"], one["attributes"]["document"]


@lru_cache
def _things(text: str) -> frozenset[str]:
    """
    Return what a text may name: itself if it is short, whatever in it looks like an id, what
    that lies in, and its neighbours.
    """
    itself = {text.strip("[]")} if len(text) < 100 and " " not in text else set()
    parts = {
        part.strip("/.")
        for found in LIKE_AN_ID.findall(ADDRESS.sub("", text))
        for part in re.split(r"[:@#?=&]", found)
        # Of a citation, revision and span name nothing by themselves.
        if part.strip("0123456789-")
    }
    return frozenset(itself.union(*map(_around, parts)))


def _around(name: str) -> Iterator[str]:
    while name:
        yield name
        if numbered := NUMBERED.match(name):
            yield from (f"{numbered[1]}{n}" for n in range(DOCUMENTS_A_FOLDER))
        name = name.rpartition("/")[0]


def _drawn(draw: np.random.Generator, source: str, sources: Sequence[str]) -> Reference:
    reference = Reference({one: frozenset({f"user:{one}"}) for one in READERS}, source)
    reference.heard = dict.fromkeys(sources, 0)
    reference.groups = {sources[0]: dict(GROUPS)}
    for folder, parent in FOLDERS.items():
        reference.folders[folder] = Node(parent, _statements(draw))
        for number in range(DOCUMENTS_A_FOLDER):
            node = Node(folder, _statements(draw), protected=bool(draw.integers(2)))
            node.restriction = _statements(draw) if draw.integers(4) == 0 else None
            reference.documents[f"{folder}/{number}"] = node
    return reference


def _statements(draw: np.random.Generator) -> tuple[Statement, ...]:
    named = frozenset(str(one) for one in draw.choice(NAMES, 2))
    permission = Statement(permits=True, names=named)
    denied = Statement(permits=False, names=frozenset({str(draw.choice(NAMES[:5]))}))
    return (denied, permission) if draw.integers(3) == 0 else (permission,)


def _line(
    draw: np.random.Generator, reference: Reference, name: str, mark: str
) -> dict[str, object]:
    said = [reference.inherited(name), *reference.restrictions(name)]
    gates = [[{_effect(one): sorted(one.names)} for one in some] for some in said]
    others = " and ".join(reference.documents)
    parts = [
        f"{mark} {' '.join(str(one) for one in draw.choice(WORDS, WORDS_A_PART))}. See {others}."
        for _ in range(int(draw.integers(1, 3)))
    ]
    return {
        "id": name,
        "title": f"Of {mark}",
        "url": f"https://{reference.source}.example/{name}?about={mark}",
        "text": "\n\n".join(parts),
        "acl": {"gates": gates},
    }


def _effect(statement: Statement) -> str:
    return "permit" if statement.permits else "deny"
