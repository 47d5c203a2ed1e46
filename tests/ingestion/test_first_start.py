"""
The very first start may be broken off as well.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acl.registry.database import is_current, migrate, open_database
from tests.postgres import Server

DYING: str = """
import os, signal, sys
from sqlalchemy import Engine, event
from acl.registry.database import migrate

@event.listens_for(Engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "TABLE documents" in statement:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(sys.argv[1])
"""


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """
    The address of a registry that is not there yet.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'registry.db'}"
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.address(name)


@pytest.mark.promise("crash-safe")
def test_a_registry_that_is_half_made_is_made_whole(url: str) -> None:
    """
    Killed between two tables; the next start makes the rest.
    """
    killed = subprocess.run([sys.executable, "-c", DYING, url], check=False)
    assert -9 == killed.returncode

    migrate(url)

    registry = open_database(url, may_write=False)
    assert is_current(registry)
    registry.close()
