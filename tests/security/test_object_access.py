"""
Whatever names something can name what is somebody else's, another tenant's, or nothing: each of
these looks the same from outside, and nothing is opened on the way.
"""

import logging
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from acl.keys.provider import KekProvider, WrappedKey
from acl.model.documents import DocumentPermission
from acl.model.identifiers import ChunkId, DocumentKey, Epoch
from acl.registry.content import ContentRegistry, SealedRevision
from acl.registry.database import Database
from retrieval.answer import ReadingRoom
from retrieval.authorize import Authorized
from retrieval.console.citations import CitationRoom, Way
from retrieval.recheck import Rechecker
from tests.ingestion.world import allow
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import (
    CALLS,
    IDENTIFIERS,
    NAMED_BY_OPERATORS,
    NAMING_NOTHING,
    OPERATORS,
    SEARCHING,
    Target,
    operations,
    parameters,
    search,
    told,
)

ALICE, BOB = {"corp": "alice"}, {"corp": "bob"}
FETCHED = [one for one in sorted(IDENTIFIERS) if one[0] not in SEARCHING]
MALFORMED = ("x", "..", "a" * 1_025, "\x00", "%00", "' OR 1=1 --", "\u202e", "{}")


@dataclass
class Opened:
    """
    What was taken out of the safe.
    """

    keys: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)


@dataclass
class SpiedKek:
    """
    The key provider, and what it was asked to unwrap.
    """

    real: KekProvider
    opened: Opened

    def wrap(self, dek: bytes, *, context: bytes) -> WrappedKey:
        return self.real.wrap(dek, context=context)

    def unwrap(self, wrapped: WrappedKey, *, context: bytes) -> bytes:
        self.opened.keys.append(wrapped.kek_id)
        return self.real.unwrap(wrapped, context=context)


class SpiedContent(ContentRegistry):
    """
    The sealed texts, and which were asked for.
    """

    def __init__(self, database: Database, opened: Opened) -> None:
        super().__init__(database)
        self.opened = opened

    def chunks(self, wanted: Sequence[ChunkId]) -> Mapping[DocumentKey, SealedRevision]:
        self.opened.contents += wanted
        return super().chunks(wanted)

    def whole(self, document: DocumentKey) -> SealedRevision | None:
        self.opened.contents.append(document)
        return super().whole(document)


class Undecided(Rechecker):
    """
    Door 3 removed for fetching: whatever the registry knows of is readable.
    """

    def readable_documents(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
        del authorized
        view, currency, statements = self.permissions.permissions(keys)
        seen = max(currency.acl_observed_at.values())
        return view.epoch, [(one, seen) for one in statements.values()]


@dataclass(frozen=True)
class Library:
    """
    Two sources, one reader's document in each; and a second tenant's.
    """

    shared: Installation
    room: ReadingRoom
    opened: Opened
    targets: Mapping[str, Target]


def ingested(shared: Installation, document: str, reader: Mapping[str, str]) -> Target:
    """
    Ingest a source with one document, for one reader, and return where it is.
    """
    source, (name,) = shared.fresh(), reader.values()
    shared.write(source, [{"id": document, "text": "Everything.", "acl": allow(f"user:{name}")}])
    shared.sync(source, "corp")
    room = shared.room([source], reader)
    unknown = Target(source, document, "", "everything")
    answer = search(client(room), shared.bearer(name, reader), unknown)
    return replace(unknown, passage=answer.json()["passages"][0]["id"])


@pytest.fixture(scope="module")
def library(shared: Installation, elsewhere: Installation) -> Library:
    targets = {
        "own": ingested(shared, "hers", ALICE),
        "other's": ingested(shared, "his", BOB),
        "other tenant's": ingested(elsewhere, "theirs", ALICE),
        "absent": Target("no-such-source", "no-such-document", str(uuid.uuid4())),
    }
    room = shared.room([targets["own"].source, targets["other's"].source], ["corp"])
    opened = Opened()
    content = SpiedContent(shared.ground.database, opened)
    unsealer = replace(room.unsealer, content=content, keks=SpiedKek(room.unsealer.keks, opened))
    return Library(shared, replace(room, unsealer=unsealer), opened, targets)


@pytest.fixture
def records() -> Iterator[list[tuple[str, int]]]:
    """
    Every record that is logged, by logger and level; the client's own aside.
    """
    found: list[tuple[str, int]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith("httpx"):
                found.append((record.name, record.levelno))

    listening = Listening(level=logging.DEBUG)
    logging.getLogger().addHandler(listening)
    yield found
    logging.getLogger().removeHandler(listening)


@pytest.mark.promise("every-endpoint")
def test_every_operation_has_a_call(library: Library) -> None:
    """
    A route that nobody has thought of here fails the suite.
    """
    assert CALLS.keys() == operations(library.room).keys()


@pytest.mark.promise("every-endpoint")
def test_every_parameter_is_attacked_or_names_nothing(library: Library) -> None:
    known = IDENTIFIERS.keys() | NAMING_NOTHING | NAMED_BY_OPERATORS

    assert known == set(parameters(library.room))


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("operation", sorted(OPERATORS))
def test_operators_operations_tell_a_reader_nothing(library: Library, operation: str) -> None:
    """
    Refused alike, whatever is named; nothing is opened.
    """
    headers, http = library.shared.bearer("alice", ALICE), client(library.room)
    library.opened.contents.clear()

    answers = [told(CALLS[operation](http, headers, one)) for one in library.targets.values()]

    assert [403] * len(answers) == [status for status, _, _ in answers]
    assert all(one == answers[0] for one in answers)
    assert [] == library.opened.contents


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("parameter", sorted(IDENTIFIERS), ids="/".join)
def test_ones_own_is_opened(library: Library, parameter: tuple[str, str]) -> None:
    """
    The control: the same calls do find something, and the spies see it.
    """
    headers = library.shared.bearer("alice", ALICE)
    library.opened.keys.clear()

    answer = IDENTIFIERS[parameter](client(library.room), headers, library.targets["own"])

    assert 200 == answer.status_code
    assert "Everything." in answer.text
    assert library.opened.keys


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.promise("late-unseal")
@pytest.mark.parametrize("parameter", sorted(IDENTIFIERS), ids="/".join)
def test_somebody_elses_is_as_absent(
    library: Library, records: list[tuple[str, int]], parameter: tuple[str, str]
) -> None:
    """
    Status, headers, body and what is logged; and neither a key nor a text was asked for.
    """
    http, call = client(library.room), IDENTIFIERS[parameter]
    headers = library.shared.bearer("alice", ALICE)
    library.opened.keys.clear()
    library.opened.contents.clear()
    seen = {}
    for whose in ("absent", "other's", "other tenant's"):
        records.clear()
        seen[whose] = (*told(call(http, headers, library.targets[whose])), tuple(records))

    assert seen["absent"] == seen["other's"] == seen["other tenant's"]
    assert ([], []) == (library.opened.keys, library.opened.contents)


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("parameter", sorted(IDENTIFIERS), ids="/".join)
@pytest.mark.parametrize("malformed", MALFORMED, ids=ascii)
def test_what_is_malformed_opens_nothing(
    library: Library, parameter: tuple[str, str], malformed: str
) -> None:
    """
    Absent or refused for its form; never an error of ours, and never a text.
    """
    target = Target(malformed, malformed, malformed)
    headers = library.shared.bearer("alice", ALICE)
    library.opened.keys.clear()

    answer = IDENTIFIERS[parameter](client(library.room), headers, target)

    assert answer.status_code in {200, 400, 404, 422}
    assert "Everything." not in answer.text
    assert [] == library.opened.keys


@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.parametrize("parameter", FETCHED, ids="/".join)
def test_without_the_decision_somebody_elses_would_show(
    library: Library, parameter: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: with the decision taken out of fetching, another's differs, and the spies see it.
    The page decides once more when it says why.
    """
    monkeypatch.setattr(CitationRoom, "_ways", lambda *_: (Way.BY_NAME,))
    old = library.room.rechecker
    undecided = Undecided(old.permissions, old.budgets, old.namer, old.clock)
    http = client(replace(library.room, rechecker=undecided))
    headers, call = library.shared.bearer("alice", ALICE), IDENTIFIERS[parameter]
    library.opened.keys.clear()

    absent, other = (call(http, headers, library.targets[one]) for one in ("absent", "other's"))

    assert told(absent) != told(other)
    assert library.opened.keys
