"""
What tests of several packages share: one PostgreSQL, started when the first test wants it, and
limits that no test reaches by chance.
"""

from collections.abc import Iterator

import pytest

from acl.registry.database import migrate
from tests.postgres import Server, running_server
from tests.unlimited import lift_limits

lift_limits()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """
    A running server. Tests make databases of their own on it.
    """
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Server) -> Iterator[str]:
    """
    A database with an empty registry, to make others from.
    """
    with postgres.database() as name:
        migrate(postgres.address(name))
        yield name
