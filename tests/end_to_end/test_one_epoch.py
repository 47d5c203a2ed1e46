"""
The path of a question as a whole: of one epoch, no longer than asked for, and recorded.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from acl.audit.chain import AuditUnavailableError
from acl.index.hashing_embedder import HashingEmbedder
from acl.model.documents import DocumentPermission, Hit
from acl.model.identifiers import DocumentKey, Epoch
from acl.model.switches import Switch, SwitchKind
from acl.registry.database import open_database
from acl.registry.switchboard import SwitchBoard
from readership.demo.issuer import UNSAFE_DEMO_ISSUER
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from retrieval.authorize import Authorized
from retrieval.errors import EpochMovedError, NotFoundError, SwitchedOffError
from retrieval.one_epoch import MAX_SEARCHES
from retrieval.passage import Passage
from retrieval.recheck import Rechecked, Rechecker, Released
from retrieval.unseal import Unsealer
from retrieval.wiring import Tools, build_room
from tests.end_to_end.push_world import PushWorld, started, stated
from tests.end_to_end.test_audit import FullDisk
from tests.ingestion.world import MarkingRedactor

QUESTION = AskedQuestion("words", 10)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    with started(tmp_path_factory.mktemp("one-epoch") / "world") as one:
        for name in ("a", "b", "c"):
            one.put(f"documents/{name}", stated(f"words of {name}", "user:ann"))
        yield one


@pytest.fixture
def room(world: PushWorld) -> ReadingRoom:
    return build_room(world.ground, Tools(HashingEmbedder(), MarkingRedactor(), world.lease))


def bearer(world: PushWorld) -> list[str]:
    return [f"Bearer {world.issuer.token('ann')}"]


def moving(room: ReadingRoom, world: PushWorld, times: int) -> ReadingRoom:
    """
    Return a room in which permissions change between search and recheck, so many times.
    """
    changes = iter(range(times))

    class Moving(Rechecker):
        def still_readable(self, hits: Sequence[Hit], authorized: Authorized) -> Rechecked:
            for number in itertools.islice(changes, 1):
                world.put(f"groups/moved-{times}-{number}", {"members": ["user:ann"]})
            return super().still_readable(hits, authorized)

    one = room.rechecker
    return replace(room, rechecker=Moving(one.permissions, one.budgets, one.namer, one.clock))


@pytest.mark.promise("one-epoch")
def test_what_was_searched_under_older_permissions_is_searched_again(
    world: PushWorld, room: ReadingRoom
) -> None:
    """
    The scope, the recheck and the record name one epoch, and it is the last one.
    """
    before = room.permissions.epoch()

    answer = moving(room, world, 2).answer(bearer(world), QUESTION)

    assert before + 2 == answer.epoch
    assert room.permissions.epoch() == answer.epoch
    assert 3 == len(answer.passages)


@pytest.mark.promise("one-epoch")
def test_permissions_that_never_stand_still_are_answered_with_nothing(
    world: PushWorld, room: ReadingRoom
) -> None:
    with pytest.raises(EpochMovedError):
        moving(room, world, MAX_SEARCHES).answer(bearer(world), QUESTION)


@pytest.mark.promise("one-epoch")
@pytest.mark.promise("switches")
@pytest.mark.parametrize("what", ["passage", "document"])
def test_whoever_is_switched_off_during_a_fetch_is_refused(
    world: PushWorld, room: ReadingRoom, what: str
) -> None:
    """
    Authorisation and recheck of a fetch are of one epoch, or both are done again.
    """
    (first, *_) = room.answer(bearer(world), QUESTION).passages
    writing = open_database(world.ground.configuration.registry_url, may_write=True)
    ann = Switch(SwitchKind.READER, UNSAFE_DEMO_ISSUER, "ann")
    board = SwitchBoard(writing)

    class Switching(Rechecker):
        def readable_documents(
            self, keys: Collection[DocumentKey], authorized: Authorized
        ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
            board.switch_off(ann, "lost her laptop", now=self.clock())
            return super().readable_documents(keys, authorized)

    one = room.rechecker
    switching = Switching(one.permissions, one.budgets, one.namer, one.clock)
    asking = replace(room, rechecker=switching)
    fetch: dict[str, Callable[[], object]] = {
        "passage": lambda: asking.passage(bearer(world), first.id),
        "document": lambda: asking.document(bearer(world), first.provenance.document, None),
    }
    try:
        with pytest.raises(SwitchedOffError):
            fetch[what]()
    finally:
        board.switch_on(ann, now=one.clock())
        writing.close()

    assert first.id == room.passage(bearer(world), first.id).passage.id


@pytest.mark.promise("one-epoch")
def test_what_is_not_found_is_recorded_at_the_epoch_that_decided(
    world: PushWorld, room: ReadingRoom
) -> None:
    class Moving(Rechecker):
        def readable_documents(
            self, keys: Collection[DocumentKey], authorized: Authorized
        ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
            if authorized.scope.epoch == before:
                world.put("groups/moved-by-a-fetch", {"members": ["user:ann"]})
            return super().readable_documents(keys, authorized)

    before, one = room.permissions.epoch(), room.rechecker
    moved = replace(room, rechecker=Moving(one.permissions, one.budgets, one.namer, one.clock))

    with pytest.raises(NotFoundError):
        moved.passage(bearer(world), "no-such-passage")

    event: dict[str, Any] = list(world.ground.trail.events())[-1]
    assert before < room.permissions.epoch() == event["details"]["epoch"]


@pytest.mark.promise("late-unseal")
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_is_opened_than_was_asked_for(
    world: PushWorld, room: ReadingRoom, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening, opened = Unsealer.passages, list[Released]()

    def counted(self: Unsealer, released: Sequence[Released], *, epoch: Epoch) -> list[Passage]:
        opened.extend(released)
        return opening(self, released, epoch=epoch)

    monkeypatch.setattr(Unsealer, "passages", counted)
    answer = room.answer(bearer(world), replace(QUESTION, limit=limit))

    event: dict[str, Any] = list(world.ground.trail.events())[-1]
    assert limit == len(answer.passages) == len(event["details"]["released"]) == len(opened)
    assert answer.request_id == event["request_id"]


@pytest.mark.promise("audit-before-release")
def test_an_answer_that_cannot_be_recorded_is_none(world: PushWorld, room: ReadingRoom) -> None:
    with pytest.raises(AuditUnavailableError):
        replace(room, trail=FullDisk()).answer(bearer(world), QUESTION)
