"""
Pushes and syncs of one source: what was pushed is the push clients', whatever a folder lists.
"""

# ruff: noqa: ANN401 - a wrapper passes on what it is given

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from acl.index.turn import Turn
from acl.model.redaction import RedactedText
from acl.registry import writing
from acl.registry.writing import RegistryWriter
from ingestion.wiring import TURN_FILE
from tests.end_to_end.push_world import PushWorld, started, stated
from tests.ingestion.world import MarkingRedactor


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushWorld]:
    """
    A service for each test: the folder is what they are about.
    """
    with started(tmp_path_factory.mktemp("push-sync") / "world") as one:
        yield one


def listed(name: str, *allowed: str, text: str = "") -> dict[str, object]:
    return {"id": name, "text": text or f"listed {name}", "acl": {"allow": list(allowed)}}


class Meanwhile(MarkingRedactor):
    """
    Does something in the middle of a sync, once: its content is read, and not yet committed.
    """

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        """
        Act, then redact.
        """
        act, self._act = self._act, None
        if act is not None:
            act()
        return super().redact_all(texts)


@pytest.mark.promise("push-owns")
def test_a_sync_from_an_older_folder_undoes_nothing(world: PushWorld) -> None:
    """
    Neither a permission, nor a text, nor a group, nor a deletion; and the rest it syncs.
    """
    rows = [
        listed("a", "user:ann", "user:bob"),
        listed("b", "group:team"),
        listed("c", "user:bob"),
        listed("d", "user:bob", "group:gone"),
    ]
    world.write(
        rows,
        [
            {"id": "team", "members": ["user:bob"]},
            {"id": "other", "members": []},
            {"id": "gone", "members": ["user:bob"]},
        ],
    )
    world.sync()
    assert {"a", "b", "c", "d"} == set(world.found("bob"))

    world.put("documents/a", stated("pushed a", "user:ann"))
    world.put("groups/team", {"members": ["user:ann"]})
    world.delete("documents/c")
    world.delete("groups/gone")
    world.write(
        [*rows[:3], listed("d", "user:ann", "group:gone"), listed("e", "user:bob", "group:other")],
        [
            {"id": "team", "members": ["user:bob"]},
            {"id": "other", "members": ["user:ann"]},
            {"id": "gone", "members": ["user:bob"]},
        ],
    )
    report = world.sync()

    assert {"e"} == set(world.found("bob"))
    found = world.found("ann")
    assert {"a", "b", "d", "e"} == set(found)
    assert "pushed a" == found["a"]
    assert 2 == report.counts["pushed"]
    assert "removed" not in report.counts


@pytest.mark.promise("push-owns")
def test_what_was_pushed_is_not_removed_for_not_being_listed(world: PushWorld) -> None:
    """
    A folder that never heard of it is complete all the same.
    """
    world.put("documents/new", stated("pushed words", "group:fresh"))
    world.put("groups/fresh", {"members": ["user:ann"]})

    report = world.sync()

    assert {"new": "pushed words"} == world.found("ann")
    assert "removed" not in report.counts


def pushed_during_a_sync(world: PushWorld) -> None:
    """
    A sync reads the new text of `x` for bob; before it commits, `x` is pushed for ann alone.
    """
    rows = [listed("x", "user:ann", "user:bob"), listed("y", "user:bob")]
    world.write(rows)
    world.sync()
    world.write([listed("x", "user:ann", "user:bob", text="newer listed x"), *rows[1:]])

    def push() -> None:
        answer = world.put("documents/x", stated("pushed x", "user:ann"))
        assert 200 == answer.status_code, answer.text

    world.sync(redactor=Meanwhile(push))


@pytest.mark.promise("push-owns")
def test_a_push_during_a_sync_wins(world: PushWorld) -> None:
    """
    Its content is searchable although the sync is still running, and stays.
    """
    pushed_during_a_sync(world)

    assert {"x": "pushed x"} == world.found("ann")
    assert {"y"} == set(world.found("bob"))
    settler = world.desk.worker.settler
    assert settler.agrees()
    assert [] == settler.registry.unsettled()


@pytest.mark.promise("push-owns")
def test_a_deletion_during_a_sync_wins(world: PushWorld) -> None:
    world.write([listed("x", "user:bob"), listed("y", "user:bob")])

    world.sync(redactor=Meanwhile(lambda: world.delete("documents/x")))

    assert {"y"} == set(world.found("bob"))
    assert world.desk.worker.settler.agrees()


def group_pushed_during_a_sync(world: PushWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Bob leaves a group by push after the sync has planned, and before it applies.
    """
    team = {"id": "team", "members": ["user:ann", "user:bob"]}
    world.write([listed("x", "group:team")], [team])
    world.sync()
    world.write([listed("x", "group:team")], [team, {"id": "second", "members": []}])
    apply = RegistryWriter.apply_permissions

    def late(writer: RegistryWriter, *arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(RegistryWriter, "apply_permissions", apply)
        assert 200 == world.put("groups/team", {"members": ["user:ann"]}).status_code
        return apply(writer, *arguments, **named)

    monkeypatch.setattr(RegistryWriter, "apply_permissions", late)
    world.sync()


@pytest.mark.promise("push-owns")
def test_a_group_pushed_during_a_sync_wins(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    group_pushed_during_a_sync(world, monkeypatch)

    assert {} == world.found("bob")
    assert {"x"} == set(world.found("ann"))


@pytest.mark.promise("push-owns")
def test_without_asking_in_the_transaction_the_sync_wins(
    world: PushWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The control: who owns what is asked while planning alone, which is too early.
    """
    monkeypatch.setattr(writing, "pushed_among", lambda *_arguments: frozenset())

    pushed_during_a_sync(world)

    assert "x" in world.found("bob")


def test_a_revocation_does_not_wait_for_its_turn(world: PushWorld) -> None:
    """
    While another process stages a batch the index cannot follow; the permission holds at once.
    """
    world.put("documents/t", stated("words of t", "user:bob"))
    turn = Turn(world.configuration.data_dir / TURN_FILE)
    revoked = stated("words of t", "user:ann")

    with ThreadPoolExecutor(1) as threads, turn.taken():
        answer = threads.submit(world.put, "documents/t", revoked)
        deadline = time.monotonic() + 10
        while world.found("bob"):
            assert time.monotonic() < deadline
        assert not answer.done()

    assert 200 == answer.result().status_code
    assert {"t"} == set(world.found("ann"))


@pytest.mark.promise("push-in-force")
def test_a_push_while_the_engine_is_gone_is_in_force(world: PushWorld) -> None:
    """
    Nobody gets a wrong answer meanwhile, and afterwards the index follows.
    """
    world.put("documents/e", stated("words of e", "user:bob"))
    engine = world.lease._child  # noqa: SLF001 - the process that this test has started
    assert engine is not None
    os.kill(engine.pid, signal.SIGKILL)

    answer = world.put("documents/e", stated("words of e", "user:ann"))

    assert 200 == answer.status_code, answer.text
    deadline = time.monotonic() + 30
    while (seen := world.search("bob")).status_code != 200:
        assert 503 == seen.status_code
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [] == seen.json()["passages"]
    world.wait()
    assert {"e"} == set(world.found("ann"))
    assert {} == world.found("bob")


@pytest.mark.promise("push-order")
def test_of_pushes_at_once_the_last_accepted_one_wins(world: PushWorld) -> None:
    """
    Whichever is processed first: the highest revision that was told is what is found.
    """

    def push(number: int) -> tuple[int, str]:
        text = f"words number {number}"
        answer = world.put("documents/race", stated(text, f"user:r{number % 3}"))
        return int(answer.headers["ETag"].strip('"')), f"r{number % 3} {text}"

    with ThreadPoolExecutor(6) as threads:
        told = dict(threads.map(push, range(30)))
    world.wait()

    assert set(range(1, 31)) == told.keys()
    found = [f"{who} {text}" for who in ("r0", "r1", "r2") for text in world.found(who).values()]
    assert [told[30]] == found
    assert world.desk.worker.settler.agrees()
