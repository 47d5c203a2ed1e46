"""
Runs a scenario: at every step three views of the same world, held against the expectation.

1. on paper: the decision, on what the scenario says (`paper`);
2. in the index: a real sync of exchange-format folders, and what a search that matches
   everything finds inside the minted scope;
3. over HTTP: `POST /v1/search` and `GET /v1/documents/{id}` with signed tokens.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from fastapi.testclient import TestClient

from acl.decision.scoping import ScopeGround, mint_scope
from acl.index.reading import Question
from acl.model.identifiers import DocumentId, SourceName
from acl.model.labels import NO_CEILING
from acl.model.principals import Principal
from retrieval.answer import ReadingRoom
from tests.scenarios.format import (
    ONLY_SOURCE,
    DocumentSpec,
    Scenario,
    SourceState,
    Step,
    document_name,
)
from tests.scenarios.installation import Installation, client
from tests.scenarios.paper import Paper

EVERYTHING: Final = 1_000
LIMIT: Final = 50
DEFAULT_TEXT: Final = "Everybody would like to read this text."

Change = Callable[[ReadingRoom], ReadingRoom]


class View(StrEnum):
    """
    Where a scenario is looked at.
    """

    PAPER = "on paper"
    INDEX = "in the index"
    SEARCH = "over HTTP, by search"
    FETCH = "over HTTP, by id"


@dataclass(frozen=True)
class Difference:
    """
    One document that one reader sees and should not, or should and does not.
    """

    step: int
    view: View
    reader: str
    document: str
    leaked: bool


@dataclass
class Stage:
    """
    One scenario in an installation. `change` may spoil the reading room.
    """

    installation: Installation
    scenario: Scenario
    change: Change = lambda room: room
    heard: dict[str, tuple[datetime, SourceState]] = field(default_factory=dict)
    prefix: str = ""

    def __post_init__(self) -> None:
        self.prefix = self.installation.fresh()

    def differences(self, *views: View) -> list[Difference]:
        """
        Play every step and return what differs from its expectation, in these views or all.
        """
        return [
            one for step in self.scenario.steps for one in self._differences(step, views or View)
        ]

    def _differences(self, step: Step, views: Iterable[View]) -> Iterator[Difference]:
        self.installation.clock.now = step.at
        wanted = set(views)
        for name, state in step.sources.items():
            if name not in step.silent:
                self.heard[name] = (step.at, state)
                if wanted != {View.PAPER}:
                    self._sync(name, state)
        room = self.change(self._room(step))
        http = client(room) if wanted & {View.SEARCH, View.FETCH} else None
        for view in View:
            if view in wanted:
                yield from self._compare(step, view, self._looking(step, view, room, http))

    def _compare(
        self, step: Step, view: View, looking: Callable[[str], frozenset[str]]
    ) -> Iterator[Difference]:
        for reader, expected in step.expected.items():
            found = looking(reader)
            for document in sorted(found ^ expected):
                yield Difference(step.number, view, reader, document, document in found)

    def _looking(
        self, step: Step, view: View, room: ReadingRoom, http: TestClient | None
    ) -> Callable[[str], frozenset[str]]:
        if view is View.INDEX:
            return lambda reader: self._in_index(room, reader)
        if view is View.PAPER or http is None:
            paper = Paper(self.heard)
            return lambda reader: paper.readable(self._linked(reader), step.at)
        if view is View.SEARCH:
            return lambda reader: self._searched(http, reader)
        return lambda reader: self._fetched(http, reader)

    def _sync(self, name: str, state: SourceState) -> None:
        documents = [_line(one, spec) for one, spec in state.documents.items()]
        groups = [{"id": one, "members": some} for one, some in state.groups.items()]
        source = self._source(name)
        self.installation.write(source, [*documents, *state.lines], [*groups, *state.group_lines])
        self.installation.sync(source, state.authority)

    def _room(self, step: Step) -> ReadingRoom:
        authorities = {one.authority for one in step.sources.values()}
        authorities |= {one for ids in self.scenario.readers.values() for one in ids}
        return self.installation.room(map(self._source, step.sources), authorities)

    def _source(self, name: str) -> str:
        return f"{self.prefix}.{name}"

    def _ids(self, reader: str) -> Mapping[str, str]:
        return self.scenario.readers[reader]

    def _linked(self, reader: str) -> frozenset[Principal]:
        return self.installation.principals(self._ids(reader))

    def _in_index(self, room: ReadingRoom, reader: str) -> frozenset[str]:
        view, currency = room.permissions.current()
        now = self.installation.clock()
        fresh = room.authorizer.budgets.fresh(currency, view.switches, now)
        ground = ScopeGround(view.epoch, view.visibility, fresh, currency.unsettled)
        scope = mint_scope(
            self._linked(reader),
            ground,
            now=now,
            token_expires_at=now + timedelta(hours=1),
            ceiling=NO_CEILING,
        )
        anything = room.preparer.embedder.embed(["anything"])[0]
        leg, _ = room.search.searcher.search(
            Question(anything, {}), scope=scope, candidates=EVERYTHING
        )
        names = self._names(room)
        return frozenset(names[hit.document] for hit, _ in leg.hits)

    def _names(self, room: ReadingRoom) -> dict[str, str]:
        namer = room.rechecker.namer
        return {
            namer.document(SourceName(self._source(source)), DocumentId(document)): document_name(
                source, document
            )
            for _, (source, document) in self._placed()
        }

    def _placed(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for name in sorted(self.scenario.documents):
            yield name, self._place(name)

    def _place(self, name: str) -> tuple[str, str]:
        sources = self.scenario.steps[0].sources
        if ONLY_SOURCE in sources:
            return ONLY_SOURCE, name
        source, _, document = name.partition("/")
        return source, document

    def _searched(self, http: TestClient, reader: str) -> frozenset[str]:
        headers = self.installation.bearer(reader, self._ids(reader))
        body = {"query": "the text that everybody would like to read", "limit": LIMIT}
        response = http.post("/v1/search", json=body, headers=headers)
        assert 200 == response.status_code, response.text
        return frozenset(
            document_name(
                provenance["source"].removeprefix(f"{self.prefix}."), provenance["document"]
            )
            for provenance in (one["provenance"] for one in response.json()["passages"])
        )

    def _fetched(self, http: TestClient, reader: str) -> frozenset[str]:
        headers = self.installation.bearer(reader, self._ids(reader))
        found = set()
        for name, (source, document) in self._placed():
            response = http.get(
                f"/v1/documents/{quote(document, safe='')}",
                params={"source": self._source(source)},
                headers=headers,
            )
            assert response.status_code in {200, 404}, response.text
            if 200 == response.status_code:
                found.add(name)
        return frozenset(found)


def _line(document: str, spec: DocumentSpec) -> object:
    if spec.raw is not None:
        return spec.raw
    return {"id": document, "text": spec.text or DEFAULT_TEXT, **spec.stated_acl()}
