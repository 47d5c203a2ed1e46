"""
What tests of several packages share: one PostgreSQL, started when the first test wants it.
"""

import os
from collections.abc import Iterator
from typing import Final

import pytest

from acl.registry.database import migrate
from tests.postgres import Server, running_server

LIMITS: Final = ("REQUESTS", "PASSAGES", "DOCUMENTS", "BYTES")
# One reader of a test asks more than any person; and one port cannot serve many processes. What
# the limits do is tested with limits of its own (tests/retrieval/test_limits.py).
os.environ.update({f"READERSHIP_LIMITS__{name}": "1000000000" for name in LIMITS})
os.environ["READERSHIP_METRICS__PORT"] = "0"


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
