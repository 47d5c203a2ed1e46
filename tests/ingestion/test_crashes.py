"""
A sync may end at any moment, and the next one ends where it would have ended.

Every call by which a sync writes is a point at which it is broken off: by an exception that
nothing catches, and, at some of the points, by SIGKILL to a process of its own. Before one call
is after the one before it; `READERSHIP_DEEP=1` breaks off before and after each, reading calls
included, and kills at every point.
"""

import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from ingestion import reconcile
from ingestion.settle import Settler
from tests.ingestion.fuse import READING, Broken, Fuse
from tests.ingestion.world import Site, Snapshot, World, allow, document, tools

DEEP: Final = bool(os.environ.get("READERSHIP_DEEP"))
READERS: Final = ("alice", "bob")
KILLS: Final = 1_000 if DEEP else 3
"""
How many points of a scenario are also tried with SIGKILL.
"""

OLD_GROUPS = [{"id": "eng", "members": ["user:alice", "user:bob"]}]
NEW_GROUPS = [{"id": "eng", "members": ["user:alice"]}]
LONG = "\n\n".join("Some words to fill a chunk or two. " * 20 for _ in range(2))
OLD = (
    document("handbook", "The old handbook."),
    document("payroll", "The old payroll.", acl=allow("user:alice")),
    document("design", LONG, acl=allow("group:eng")),
)


@dataclass(frozen=True)
class Scenario:
    """
    What a source says before the sync that is broken off, and what it says then.
    """

    before: Sequence[object]
    after: Sequence[object]
    groups: Sequence[object] = field(default_factory=lambda: OLD_GROUPS)


SCENARIOS: Mapping[str, Scenario] = {
    "first": Scenario((), OLD),
    "content": Scenario(
        OLD, (document("handbook", "The new handbook."), OLD[1], OLD[2] | {"text": LONG * 2})
    ),
    "acl": Scenario(
        OLD,
        (OLD[0] | {"acl": allow("user:alice")}, OLD[1] | {"acl": allow("user:bob")}, OLD[2]),
        NEW_GROUPS,
    ),
    "content and acl": Scenario(
        OLD,
        (
            document("handbook", "The new handbook.", acl=allow("user:alice")),
            document("payroll", "The new payroll.", acl=allow("everyone")),
            OLD[2],
        ),
        NEW_GROUPS,
    ),
    "removal": Scenario(OLD, (OLD[1] | {"url": "https://a.example"},)),
}


def run(site: Site, fuse: Fuse) -> None:
    """
    Sync a site, small batches, with a fuse around every port that writes.
    """
    registry, index = fuse.around(site.world.registry), fuse.around(site.world.index)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reconcile, "BATCH_DOCUMENTS", 2)
        site.sync(reconciler=site.reconciler(registry=registry, index=index))


def prepared(world: World, scenario: Scenario) -> Site:
    """
    Return a new site that has taken in what the source said before, and now says the rest.
    """
    site = world.site()
    if scenario.before:
        site.write(scenario.before, OLD_GROUPS)
        site.sync()
    site.write(scenario.after, scenario.groups)
    return site


@dataclass(frozen=True)
class Uninterrupted:
    """
    What a whole sync does: its calls, and the states before and after.
    """

    calls: Sequence[str]
    before: Snapshot
    after: Snapshot

    def points(self) -> list[tuple[int, bool]]:
        """
        Return where to break off, as the number of a call and whether before or after it.
        """
        if DEEP:
            return [(n, after) for n in range(len(self.calls)) for after in (False, True)]
        numbers = [n for n, name in enumerate(self.calls) if name not in READING]
        return [*((n, False) for n in numbers), (numbers[-1], True)]

    def permitted(self, reader: str) -> set[tuple[str, str]]:
        """
        Return what a reader may have read before or may read afterwards.
        """
        return {*self.before.found[reader].items(), *self.after.found[reader].items()}


@pytest.fixture(scope="module", params=SCENARIOS)
def whole(world: World, request: pytest.FixtureRequest) -> tuple[Scenario, Uninterrupted]:
    """
    A scenario, and what it comes to when nothing interrupts it.
    """
    scenario = SCENARIOS[request.param]
    site = prepared(world, scenario)
    before, fuse = site.snapshot(*READERS), Fuse()
    run(site, fuse)
    return scenario, Uninterrupted(fuse.calls, before, site.snapshot(*READERS))


def require_nothing_opened(site: Site, expected: Uninterrupted) -> None:
    """
    After a crash: each reader reads a part of what old or new state permit, in whole documents.
    """
    for reader in READERS:
        for read in (site.found(reader), site.readable(reader)):
            assert set(read.items()) <= expected.permitted(reader)


@pytest.mark.promise("crash-safe")
def test_a_sync_broken_off_anywhere_is_finished_by_the_next(
    world: World, whole: tuple[Scenario, Uninterrupted]
) -> None:
    """
    Documents, their texts, groups, index points and what every reader finds are the same.
    """
    scenario, expected = whole
    points = expected.points()
    assert len(points) >= 10, expected.calls

    for number, after in points:
        site = prepared(world, scenario)
        with pytest.raises(Broken):
            run(site, Fuse(number, after=after))

        require_nothing_opened(site, expected)
        site.sync()
        assert expected.after == site.snapshot(*READERS), (expected.calls[number], number, after)


def killed(directory: Path, engine: Path, name: str, number: int, after: bool) -> None:  # noqa: FBT001 - a process's arguments
    """
    Sync a site in this process, and die at a call.
    """
    with tools(engine) as own, World(directory, own) as world:
        run(world.site(name), Fuse(number, after=after, kill=True))


@pytest.mark.promise("crash-safe")
def test_a_sync_killed_anywhere_is_finished_by_the_next(
    world: World, engine_directory: Path, whole: tuple[Scenario, Uninterrupted]
) -> None:
    """
    The same, and nothing of the process is left to tidy up: kill -9.
    """
    scenario, expected = whole
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    points = expected.points()

    for number, after in points[1 :: max(1, len(points) // KILLS)]:
        site = prepared(world, scenario)
        arguments = (world.directory, engine_directory, site.name, number, after)
        process = processes.Process(target=killed, args=arguments)
        process.start()
        process.join(60)

        assert -signal.SIGKILL == process.exitcode
        require_nothing_opened(site, expected)
        site.sync()
        assert expected.after == site.snapshot(*READERS), (expected.calls[number], number, after)


class Lazy(Settler):
    """
    A settler that never looks for what a crash has left.
    """

    def settle_all(self) -> int:
        return 0


@pytest.mark.promise("crash-safe")
def test_without_the_outbox_a_crash_is_not_repaired(world: World) -> None:
    """
    The control: nobody looks for unsettled documents, and at some point the states differ.
    """
    scenario = SCENARIOS["content"]
    site = prepared(world, scenario)
    fuse = Fuse()
    run(site, fuse)
    expected = Uninterrupted(fuse.calls, site.snapshot(), site.snapshot(*READERS))
    differing = []
    for number, after in expected.points():
        if after or expected.calls[number] not in {"settle", "publish"}:
            continue
        crashed = prepared(world, scenario)
        with pytest.raises(Broken):
            run(crashed, Fuse(number))
        lazy = Lazy(world.registry, world.index, world.namer)
        crashed.sync(reconciler=replace(crashed.reconciler(), settler=lazy))
        if expected.after != crashed.snapshot(*READERS):
            differing.append(number)
        world.site(crashed.name).sync()  # leave nothing unsettled to the next test

    assert differing
