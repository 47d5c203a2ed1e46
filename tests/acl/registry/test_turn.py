"""
One sync at a time, on however many machines; and none that commits after another has begun.
"""

import time
from contextlib import suppress
from pathlib import Path

import pytest

from acl.registry.database import open_database
from acl.registry.turn import SyncRunningError, TurnLostError, sync_turn
from acl.registry.writing import RegistryWriter
from tests.acl.people import ACME, ALICE, BOB, ENG, HANDBOOK, NOON
from tests.acl.registry.processes import finished, start
from tests.acl.registry.registries import NAMER, SEALER, Registry
from tests.postgres import PATIENCE_SECONDS, Server

_END_THE_HOLDER = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks "
    "WHERE locktype = 'advisory' AND granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())"
)


def lose_the_lock(server: Server, registry: Registry) -> None:
    """
    End the session that holds the lock, as a broken network would.
    """
    database = registry.url.rpartition("/")[2]
    assert [(True,)] == server.execute(_END_THE_HOLDER, database=database)


def test_a_second_sync_leaves(postgres_registry: Registry) -> None:
    url = postgres_registry.url
    with (
        sync_turn(url),
        pytest.raises(SyncRunningError) as refused,
        sync_turn(url),
    ):
        pytest.fail("two syncs at once")

    assert "on this registry" in refused.value.diagnostics()
    with sync_turn(url) as turn:
        assert turn is not None


def test_a_killed_sync_gives_its_turn_back(postgres_registry: Registry) -> None:
    url = postgres_registry.url
    holder = start("hold", url)
    assert holder.stdout is not None
    assert "held" == holder.stdout.readline().strip()
    with pytest.raises(SyncRunningError), sync_turn(url):
        pytest.fail("two syncs at once")

    holder.kill()
    finished(holder)

    assert eventually_free(url)


def eventually_free(url: str) -> bool:
    """
    Say whether the turn can be taken; the server needs a moment to notice.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(SyncRunningError), sync_turn(url):
            return True
        time.sleep(0.02)
    return False


def test_a_file_needs_no_other_lock_than_its_directorys(tmp_path: Path) -> None:
    with sync_turn(f"sqlite:///{tmp_path / 'registry.db'}") as turn:
        assert turn is None


@pytest.mark.promise("one-sync")
def test_a_sync_that_lost_its_turn_commits_nothing_more(
    postgres: Server, postgres_registry: Registry
) -> None:
    """
    Its connection was lost, and another has begun. Until then it may go on, alone.
    """
    url = postgres_registry.url
    database = open_database(url, may_write=True)
    with sync_turn(url) as first:
        assert first is not None
        writer = RegistryWriter(first.announce(database), ACME, NAMER, SEALER)
        lose_the_lock(postgres, postgres_registry)
        writer.apply_permissions(HANDBOOK, [], {ENG: frozenset({ALICE})}, now=NOON)
        with sync_turn(url) as second:
            assert second is not None
            later = RegistryWriter(second.announce(database), ACME, NAMER, SEALER)
            before = postgres_registry.epoch()

            with pytest.raises(TurnLostError):
                writer.apply_permissions(HANDBOOK, [], {ENG: frozenset({BOB})}, now=NOON)

            assert before == postgres_registry.epoch()
            assert {ENG: frozenset({ALICE})} == later.groups_of(HANDBOOK)
            later.apply_permissions(HANDBOOK, [], {}, now=NOON)

    assert before + 1 == postgres_registry.epoch()
    database.close()
