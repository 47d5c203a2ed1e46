"""
Events in any order end in one state, and between the halves of a push nobody reads what was
not meant for them.
"""

# ruff: noqa: ANN401 - sabotage takes what it is given

import itertools
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from acl.keys.envelope import OpenEnvelope
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, SourceName
from acl.model.pushes import PushState
from acl.registry import pushing, tables
from acl.registry.epochs import next_epoch
from acl.registry.pushed_content import PushQueue
from acl.registry.rows import NewRevision
from acl.registry.steps import mark_unsettled
from acl.registry.writing import PermissionChange
from ingestion import pushed_body
from tests.end_to_end.push_world import GatedRedactor, PushWorld, started, stated
from tests.ingestion.test_sealed_at_rest import encodings

OLD, NEW = "old words", "new words"


@pytest.fixture(scope="module")
def gate() -> GatedRedactor:
    """
    What every pushed content of this module passes.
    """
    return GatedRedactor()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, gate: GatedRedactor) -> Iterator[PushWorld]:
    """
    One service for this module; each test has documents and readers of its own.
    """
    with started(tmp_path_factory.mktemp("push-order") / "world", gate) as one:
        yield one


# Four events of one document, oldest first: bob is let in, put out, the text changes, and
# somebody else is let in. Putting bob out is the second.
EVENTS = (
    (1, stated(OLD, "user:bob", "user:amy")),
    (2, stated(OLD, "user:amy")),
    (3, stated(NEW, "user:amy")),
    (4, stated(NEW, "user:amy", "user:cyd")),
)


def tell(world: PushWorld, name: str, event: int, body: object) -> int:
    """
    Push one event, with names of this document's own.
    """
    own = json.loads(json.dumps(body).replace("user:", f"user:{name}-"))
    status = world.put(f"documents/{name}", own, Readership_Event=str(event)).status_code
    assert status in {200, 201, 202, 409}
    return status


def ends(world: PushWorld, kind: str, *, last: Any) -> set[str]:
    """
    Deliver the events in every order, then all once more; return each end, as readers see it.

    Whenever an event that puts bob out has been accepted, he must not find the document.
    """
    seen = set()
    for number, order in enumerate(itertools.permutations((*EVENTS[:3], last))):
        name, newest = f"{kind}{number}", 0
        for event, body in order:
            if body is None:
                world.delete(f"documents/{name}", Readership_Event=str(event))
            else:
                tell(world, name, event, body)
            newest = max(newest, event)
            assert newest < 2 or name not in world.found(f"{name}-bob")
        for event, body in order:
            if body is not None:
                tell(world, name, event, body)
        world.wait()
        seen.add(str([world.found(f"{name}-{who}").get(name) for who in ("bob", "amy", "cyd")]))
    return seen


@pytest.mark.promise("push-order")
@pytest.mark.parametrize(
    ("kind", "last", "end"),
    [("put", EVENTS[3], [None, NEW, NEW]), ("gone", (4, None), [None, None, None])],
)
def test_events_in_any_order_end_in_one_state(
    world: PushWorld, kind: str, last: Any, end: list[str | None]
) -> None:
    """
    All 24 orders, each event told again at the end; an older one never undoes a newer one.
    """
    assert {str(end)} == ends(world, kind, last=last)


@pytest.mark.promise("push-order")
def test_without_the_order_they_do_not(world: PushWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The control: events are not judged, and an older one undoes a newer one.
    """
    monkeypatch.setattr(pushing, "judge", lambda *_arguments, **_named: None)

    with pytest.raises(AssertionError):
        ends(world, "unjudged", last=EVENTS[3])


@pytest.mark.promise("push-order")
def test_groups_end_in_one_state_as_well(world: PushWorld) -> None:
    events = ((1, ["user:bob", "user:amy"]), (2, ["user:amy"]), (3, None), (4, ["user:amy"]))
    for number, order in enumerate(itertools.permutations(events)):
        name = f"team{number}"
        world.put(f"documents/{name}", stated(OLD, f"group:{name}"))
        newest = 0
        for event, members in order:
            if members is None:
                world.delete(f"groups/{name}", Readership_Event=str(event))
            else:
                world.put(f"groups/{name}", {"members": members}, Readership_Event=str(event))
            newest = max(newest, event)
            assert newest < 2 or name not in world.found("bob")
        assert name in world.found("amy")


@pytest.mark.promise("push-order")
def test_an_event_is_an_integer_or_a_time(world: PushWorld) -> None:
    """
    Equal events are equal statements, or one of them is refused; without one the last wins.
    """
    put = world.put
    first, other = stated(OLD, "user:eva"), stated(OLD, "user:eli")
    noon, later = "2026-10-02T12:00:00Z", "2026-10-02T14:00:01+02:00"
    path = "documents/event"

    assert 201 == put(path, first, Readership_Event=noon).status_code
    assert 200 == put(path, first, Readership_Event=noon).status_code
    refused = put(path, other, Readership_Event=noon)
    assert (409, "stale_event") == (refused.status_code, refused.json()["code"])
    assert 200 == put(path, other, Readership_Event=later).status_code
    assert 409 == put(path, first, Readership_Event="2026-10-02T12:00:00.999999Z").status_code
    assert 200 == put(path, first).status_code
    assert 409 == put(path, other, Readership_Event=noon).status_code
    for malformed in ("yesterday", "2026-10-02T12:00:00", "-1", "1.5", "9" * 19):
        assert 422 == put(path, other, Readership_Event=malformed).status_code, malformed
    assert "event" in world.found("eva")


@pytest.mark.promise("push-order")
def test_conditions_are_those_of_http(world: PushWorld) -> None:
    """
    `If-Match` takes revisions that were told, `If-None-Match: *` creates only.
    """
    path, put = "documents/tagged", world.put
    for_ann, for_ben = stated(OLD, "user:ann"), stated(OLD, "user:ben")

    assert 412 == put(path, for_ann, If_Match="*").status_code
    assert 201 == put(path, for_ann, If_None_Match="*").status_code
    assert 412 == put(path, for_ben, If_None_Match="*").status_code
    for tag in ('"2"', 'W/"1"', "1", '"one"', ""):
        assert 412 == put(path, for_ben, If_Match=tag).status_code, tag
    assert "tagged" in world.found("ann")
    assert '"2"' == put(path, for_ben, If_Match='"7", "1"').headers["ETag"]
    assert 412 == world.delete(path, If_Match='"1"').status_code
    assert 422 == put(path, for_ben, If_None_Match='"1"').status_code
    assert 204 == world.delete(path, If_Match='"2"').status_code
    assert 412 == put(path, for_ben, If_Match='"3"').status_code
    assert 201 == put(path, for_ben, If_None_Match="*").status_code
    assert 412 == put("documents/listed", for_ben, If_Match='"1"').status_code
    assert 412 == put("documents/listed", for_ben, If_None_Match="*").status_code


def new_enemy(world: PushWorld, gate: GatedRedactor, name: str) -> list[dict[str, str]]:
    """
    A: bob is put out, together with new text that is not for him. What bob finds meanwhile.
    """
    world.put(f"documents/{name}", stated(OLD, f"user:{name}-bob"))
    assert name in world.found(f"{name}-bob")
    with gate.shut():
        answer = world.put(f"documents/{name}", stated(NEW * 5_000, f"user:{name}-amy"))
        assert 202 == answer.status_code
        seen = [world.found(f"{name}-bob")]
    world.wait()
    assert name in world.found(f"{name}-amy")
    return [*seen, world.found(f"{name}-bob")]


def new_friend(world: PushWorld, gate: GatedRedactor, name: str) -> list[dict[str, str]]:
    """
    B: the secret is taken out, then bob is let in: by name, and by a group of its own push.
    """
    bob = f"{name}-bob"
    world.put(f"groups/{name}", {"members": []})
    world.put(f"documents/{name}", stated(OLD, "group:none"))
    world.put(f"documents/{name}-g", stated(OLD, f"group:{name}"))
    with gate.shut():
        world.put(f"documents/{name}", stated(NEW * 5_000, f"user:{bob}"))
        world.put(f"documents/{name}-g", stated(NEW * 5_000, f"group:{name}"))
        world.put(f"groups/{name}", {"members": [f"user:{bob}"]})
        seen = [world.found(bob)]
    world.wait()
    assert {name, f"{name}-g"} == set(world.found(bob))
    return seen


def stale_job(world: PushWorld, gate: GatedRedactor, name: str) -> list[dict[str, str]]:
    """
    C: content that was accepted for bob is ready only after he was put out.
    """
    world.put(f"documents/{name}", stated(OLD, f"user:{name}-bob"))
    with gate.shut():
        first = world.put(f"documents/{name}", stated(NEW * 5_000, f"user:{name}-bob"))
        world.put(f"documents/{name}", stated(NEW * 5_000, f"user:{name}-amy"))
        seen = [world.found(f"{name}-bob")]
    world.wait()
    assert "superseded" == world.status(first).json()["content"]
    return [*seen, world.found(f"{name}-bob")]


STORIES = {"A": new_enemy, "B": new_friend, "C": stale_job}


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize("story", STORIES)
def test_nobody_reads_between_the_halves(world: PushWorld, gate: GatedRedactor, story: str) -> None:
    """
    New enemies and new friends find nothing while content is waiting.
    """
    assert not any(STORIES[story](world, gate, f"story{story}"))


def _permission_later(monkeypatch: pytest.MonkeyPatch) -> None:
    first: dict[DocumentId, AclSnapshot | None] = {}

    def late(
        document: DocumentId,
        state: DocumentState,
        acl: AclSnapshot | None,
        *more: Any,
        **named: Any,
    ) -> PermissionChange:
        return PermissionChange(document, state, first.setdefault(document, acl), *more, **named)

    monkeypatch.setattr(pushing, "PermissionChange", late)
    # The second guard: the body is sealed together with the permission that it came with.
    monkeypatch.setattr(pushed_body, "_require_equal", lambda *_both: None)


def _never_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    class Careless:
        def __getattr__(self, name: str) -> object:
            return DocumentState.LIVE if name == "SUSPENDED" else getattr(DocumentState, name)

        def __call__(self, value: str) -> DocumentState:
            return DocumentState(value)

    monkeypatch.setattr(pushing, "DocumentState", Careless())


def _never_superseded(monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(queue: PushQueue, push: str, new: NewRevision, *, now: datetime) -> Any:
        with queue._database.writing() as connection:  # noqa: SLF001 - sabotage
            next_epoch(connection, now=now, documents=True)
            wanted = (
                select(tables.documents.c.source)
                .join(tables.pushes, tables.pushes.c.document_key == tables.documents.c.key)
                .where(tables.pushes.c.id == push)
            )
            source = SourceName(connection.scalars(wanted).one())
            key = queue._writer.commit(connection, source, new, now)  # noqa: SLF001 - sabotage
            mark_unsettled(connection, [key], now)
            mine = tables.pushes.c.id == push
            ended = pushing.finished(PushState.DONE, "", now)
            connection.execute(update(tables.pushes).where(mine).values(**ended))
            return key

    monkeypatch.setattr(PushQueue, "commit", commit)
    monkeypatch.setattr(PushQueue, "is_newest", lambda _queue, _queued: True)
    # The second guard, as above: it would give up what was pushed last.
    monkeypatch.setattr(pushed_body, "_require_equal", lambda *_both: None)


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize(
    ("story", "sabotage"),
    [("A", _permission_later), ("B", _never_withheld), ("C", _never_superseded)],
    ids=["A", "B", "C"],
)
def test_without_the_guard_somebody_does(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    story: str,
    sabotage: Callable[[pytest.MonkeyPatch], None],
) -> None:
    """
    The control: the permission waits for a later push, old content is not withheld, or content
    is committed whatever came since.
    """
    redactor = GatedRedactor()
    with started(tmp_path / "world", redactor) as own:
        sabotage(monkeypatch)
        leaked = False
        try:
            leaked = any(STORIES[story](own, redactor, f"leaky{story}"))
        except AssertionError:
            leaked = bool(own.found(f"leaky{story}-bob"))
        assert leaked


@pytest.mark.promise("sealed-at-rest")
def test_waiting_content_is_sealed_and_destroyed_when_it_is_over(
    world: PushWorld, gate: GatedRedactor
) -> None:
    """
    No file shows it while it waits, and nothing of it is left in the queue afterwards.
    """
    canary = "canarypushquoll"
    with gate.shut():
        first = world.put("documents/canary", stated(canary * 3_000, "user:kay"))
        world.put("documents/canary", stated(canary * 3_001, "user:kay"))
        assert not shown(world.directory / "data", canary)
    world.wait()

    assert canary in world.found("kay")["canary"]
    assert not shown(world.directory / "data", canary)
    with world.ground.database.reading() as connection:
        left = connection.execute(select(tables.pushes.c.sealed, tables.pushes.c.wrapped_key))
        assert {(None, None)} == {tuple(row) for row in left}
    assert "superseded" == world.status(first).json()["content"]


@pytest.mark.promise("sealed-at-rest")
def test_without_sealing_waiting_content_shows(
    world: PushWorld, gate: GatedRedactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control.
    """
    monkeypatch.setattr(OpenEnvelope, "seal", lambda _self, _part, plaintext: plaintext)
    with gate.shut():
        world.put("documents/bare", stated("canarybarequoll" * 3_000, "user:kay"))
        assert shown(world.directory / "data", "canarybarequoll")
        world.delete("documents/bare")


def shown(directory: Path, word: str) -> bool:
    """
    Say whether some file below `directory` shows a word, in any form.
    """
    files = [path.read_bytes() for path in directory.rglob("*") if path.is_file()]
    # The engine's files are mostly empty pages; shortened they are searched in no time.
    contents = [re.sub(rb"\0{64,}", b"\0" * 64, content) for content in files]
    return any(form in content for form in encodings(word) for content in contents)


def test_a_deletion_leaves_a_tombstone_and_no_key(world: PushWorld) -> None:
    """
    Also of a document that was never there: an older event must not create it.
    """
    world.put("documents/dead", stated(OLD, "user:dee"))

    assert 204 == world.delete("documents/dead").status_code
    assert 204 == world.delete("documents/dead").status_code
    assert 204 == world.delete("documents/unborn", Readership_Event="5").status_code
    assert (
        409
        == world.put("documents/unborn", stated(OLD, "user:dee"), Readership_Event="4").status_code
    )
    assert {} == world.found("dee")
    known = world.desk.worker.settler.registry.known(SourceName("wiki"))
    assert DocumentState.REMOVED is known[DocumentId("dead")].permission.state
    assert known[DocumentId("dead")].fingerprint is None
    assert 201 == world.put("documents/dead", stated(OLD, "user:dee")).status_code
    assert {"dead": OLD} == world.found("dee")


@pytest.mark.promise("acl-seal")
@pytest.mark.parametrize("member", ["readership", "label", "state"])
def test_a_permission_that_is_edited_while_content_waits_is_not_sealed_anew(
    world: PushWorld, gate: GatedRedactor, member: str
) -> None:
    """
    The content is given up, and the document is nobody's until it is pushed again.
    """
    name, open_to_all = f"edited-{member}", stated(OLD, "everyone")
    world.put("documents/anybody", open_to_all)
    documents = tables.documents
    database = world.desk.queue._database  # noqa: SLF001 - somebody with access to the file
    with database.reading() as connection:
        digest = connection.scalar(
            select(documents.c.readership).where(documents.c.document == "anybody")
        )
    world.delete("documents/anybody")
    forged = {"readership": digest, "label": "public", "state": "hidden"}
    with gate.shut():
        answer = world.put(f"documents/{name}", stated(NEW * 5_000, "user:fay"))
        with database.writing() as connection:
            connection.execute(
                update(documents)
                .where(documents.c.document == name)
                .values({member: forged[member]})
            )
    world.wait()

    assert "failed" == world.status(answer).json()["content"]
    assert name not in world.found("anyone")
    assert name not in world.found("fay")
    assert 202 == world.put(f"documents/{name}", stated(NEW * 5_000, "user:fay")).status_code
    world.wait()
    assert name in world.found("fay")
    assert name not in world.found("anyone")
