"""
A PostgreSQL that is gone, frozen, busy, a standby, or lets nobody in: always an error, never a
wait without end, and over when the server is back.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from acl.errors import ConfigurationError
from acl.keys.errors import KeyFileError
from acl.registry import postgres as adapter
from acl.registry.database import migrate, open_database, registry_exists
from acl.registry.errors import RegistryUnavailableError
from tests.acl.people import ALICE, ENG
from tests.acl.registry.registries import Registry, opened
from tests.postgres import GUARDED, PASSWORD, OwnServer, own_server


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    """
    A server that these tests may stop.
    """
    with own_server() as one:
        one.execute(f"CREATE ROLE {GUARDED} LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
        yield one


@pytest.fixture(scope="module")
def url(server: OwnServer) -> str:
    """
    A migrated database on it.
    """
    address = server.address(server.create())
    migrate(address)
    with opened(address):
        return address


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    with opened(url) as one:
        yield one


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Limits below a second, so that going over them does not take a test's minute.
    """
    for limit in ("LOCK_SECONDS", "READING_SECONDS", "SILENCE_SECONDS"):
        monkeypatch.setattr(adapter, limit, 0.3)
    monkeypatch.setattr(adapter, "WRITING_SECONDS", 0.8)


def diagnosed(error: pytest.ExceptionInfo[RegistryUnavailableError]) -> str:
    return error.value.diagnostics()


@pytest.mark.promise("registry-loss")
def test_a_server_that_was_away_needs_no_restart_of_ours(
    registry: Registry, server: OwnServer
) -> None:
    """
    Lost between requests, and within a transaction.
    """
    before = registry.epoch()
    server.stop()
    with pytest.raises(RegistryUnavailableError) as gone:
        registry.epoch()
    server.start()

    assert "can it be reached" in diagnosed(gone)
    assert before == registry.epoch()

    def lose_it_within_a_transaction() -> None:
        with registry.database.reading() as connection:
            connection.execute(text("SELECT value FROM epoch"))
            server.stop()
            server.start()
            connection.execute(text("SELECT value FROM epoch"))

    with pytest.raises(RegistryUnavailableError):
        lose_it_within_a_transaction()

    registry.define({ENG: {ALICE}})
    assert before + 1 == registry.epoch()


@pytest.mark.promise("registry-loss")
@pytest.mark.usefixtures("impatient")
def test_a_server_that_says_nothing_is_given_up(url: str) -> None:
    """
    Frozen: its limits do not run out, and its machine still acknowledges what is sent.
    """
    database = open_database(url, may_write=False)
    started = time.monotonic()

    def ask_a_frozen_server() -> None:
        with database.reading() as connection:
            backend = connection.scalars(text("SELECT pg_backend_pid()")).one()
            os.kill(backend, signal.SIGSTOP)
            try:
                connection.execute(text("SELECT 1"))
            finally:
                os.kill(backend, signal.SIGCONT)

    with pytest.raises(RegistryUnavailableError) as frozen:
        ask_a_frozen_server()

    assert "said nothing" in diagnosed(frozen)
    assert time.monotonic() - started < 10
    assert "PostgreSQL" in database.describe()
    database.close()


@pytest.mark.usefixtures("impatient")
def test_a_turn_is_not_waited_for_without_end(url: str) -> None:
    first, second = (open_database(url, may_write=True) for _ in range(2))
    with first.writing(), pytest.raises(RegistryUnavailableError) as busy, second.writing():
        pytest.fail("two writers at once")

    assert "another writer held the registry" in diagnosed(busy)
    first.close()
    second.close()


@pytest.mark.usefixtures("impatient")
def test_a_writer_that_forgets_to_end_is_ended(url: str) -> None:
    """
    Otherwise it would keep everybody else from writing.
    """
    idle, other = (open_database(url, may_write=True) for _ in range(2))

    def forget_to_end() -> None:
        with idle.writing() as connection:
            time.sleep(1.0)
            with other.writing():
                pass
            connection.execute(text("SELECT 1"))

    with pytest.raises(RegistryUnavailableError):
        forget_to_end()
    idle.close()
    other.close()


@pytest.mark.promise("revocation")
def test_a_standby_is_refused(registry: Registry, server: OwnServer) -> None:
    """
    It may not know of a revocation yet. The control: it would answer.
    """
    marker = server.data / "standby.signal"
    server.stop()
    marker.touch()
    server.start()
    try:
        with pytest.raises(RegistryUnavailableError) as refused:
            registry.epoch()
        with psycopg.connect(registry.url) as connection:
            assert connection.execute("SELECT value FROM epoch").fetchall()
    finally:
        server.stop()
        marker.unlink()
        server.start()

    assert "standby" in diagnosed(refused)
    assert registry.epoch()


def test_a_password_comes_from_its_file(url: str, tmp_path: Path) -> None:
    """
    Read for each connection, so that a new password needs no restart; and never repeated.
    """
    file = tmp_path / "password"
    guarded = url.replace("postgres@", f"{GUARDED}@")
    file.touch(mode=0o600)
    file.write_text("wrong guess\n")
    database = open_database(guarded, may_write=False, password_file=file)

    with pytest.raises(RegistryUnavailableError) as refused:
        database.describe()
    file.write_text(f"{PASSWORD}\n")

    assert "PostgreSQL" in database.describe()
    assert registry_exists(guarded, password_file=file)
    migrate(guarded, password_file=file)
    assert "check registry.password_file" in diagnosed(refused)
    assert "wrong guess" not in diagnosed(refused)
    assert PASSWORD not in database.describe()
    database.close()


@pytest.mark.promise("key-file-permissions")
def test_a_password_that_others_may_read_is_not_used(url: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o640)
    database = open_database(url, may_write=False, password_file=file)

    with pytest.raises(KeyFileError):
        database.describe()
    database.close()


@pytest.mark.parametrize("content", [b"", b"\n", b"one\ntwo\n", b"\0", b"\xff"])
def test_a_file_that_holds_no_password_is_refused(url: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as refused:
        registry_exists(url, password_file=file)

    assert "password_file" in refused.value.diagnostics()


def test_without_a_password_one_is_asked_for(url: str) -> None:
    with pytest.raises(RegistryUnavailableError) as refused:
        registry_exists(url.replace("postgres@", f"{GUARDED}@"))

    assert "check registry.password_file" in diagnosed(refused)


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ("postgres@", "nobody@", "create this role"),
        ("@127.0.0.1", "@127.0.0.2", "can it be reached from here"),
        ("/readership", "/nowhere", "create the database"),
        ("?", "?sslmode=verify-full&", "see sslmode and sslrootcert"),
        ("?", "?sslmode=require&", "see sslmode and sslrootcert"),
    ],
)
def test_what_keeps_us_out_is_said(url: str, old: str, new: str, advice: str) -> None:
    with pytest.raises(RegistryUnavailableError) as refused:
        registry_exists(f"{url}?".replace(old, new).rstrip("?&"))

    assert advice in diagnosed(refused)


def test_a_unix_socket_is_an_address_too(url: str, server: OwnServer) -> None:
    name = url.rpartition("/")[2]
    database = open_database(
        f"postgresql://postgres@:{server.port}/{name}?host={server.directory}", may_write=False
    )

    assert "epoch" in database.describe()
    database.close()


def test_a_database_that_is_not_there_is_named(url: str) -> None:
    for attempt in (registry_exists, migrate):
        with pytest.raises(RegistryUnavailableError) as refused:
            attempt(url.rpartition("/")[0] + "/nowhere")

        assert "nowhere" in diagnosed(refused)
        assert "create the database" in diagnosed(refused)


def test_tables_that_are_not_there_are_asked_for(server: OwnServer) -> None:
    with server.database() as name:
        database = open_database(server.address(name), may_write=False)
        with pytest.raises(RegistryUnavailableError) as refused:
            database.describe()
        database.close()

    assert "run 'readership sync'" in diagnosed(refused)


def test_a_driver_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "acl.registry.postgres_connection", None)

    with pytest.raises(ConfigurationError) as refused:
        open_database("postgresql://a@localhost/b", may_write=False)

    assert "readership[postgres]" in refused.value.diagnostics()


@pytest.mark.promise("registry-loss")
def test_a_role_that_may_only_read_is_enough_to_answer(url: str, server: OwnServer) -> None:
    """
    Its rights are those of docs/operations.md; it cannot write whatever the code tries.
    """
    name = url.rpartition("/")[2]
    role = server.new_name()
    server.execute(f"CREATE ROLE {role} LOGIN")
    server.execute(f"GRANT USAGE ON SCHEMA public TO {role}", database=name)
    server.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", database=name)
    limited = server.address(name, user=role)

    migrate(limited)
    database = open_database(limited, may_write=True)

    assert "epoch" in database.describe()
    with pytest.raises(RegistryUnavailableError) as refused, database.writing():
        pytest.fail("it could write")
    assert "this role lacks a right" in diagnosed(refused)
    database.close()
