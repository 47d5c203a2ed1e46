"""
The very first start may be broken off as well.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from acl.registry.database import is_current, migrate, open_database

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


@pytest.mark.promise("crash-safe")
def test_a_registry_that_is_half_made_is_made_whole(tmp_path: Path) -> None:
    """
    Killed between two tables; the next start makes the rest.
    """
    url = f"sqlite:///{tmp_path / 'registry.db'}"
    killed = subprocess.run([sys.executable, "-c", DYING, url], check=False)
    assert -9 == killed.returncode

    migrate(url)

    registry = open_database(url, may_write=False)
    assert is_current(registry)
    registry.close()
