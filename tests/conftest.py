"""
What tests of several packages share: one PostgreSQL, started when the first test wants it, and
limits that no test reaches by chance.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from acl.registry.database import migrate
from tests.postgres import Server, running_server
from tests.unlimited import lift_limits

lift_limits()

LONG: Final = (
    "security/test_every_hop.py",
    "end_to_end/test_service.py",
    "real_data/test_kubernetes.py",
    "end_to_end/test_push_crashes.py",
    "end_to_end/test_push_order.py",
    "properties/test_state_machine.py",
    "end_to_end/test_held_cli.py",
    "security/test_fail_closed.py",
    "acl/index/test_dense_machine.py",
    "end_to_end/test_frameworks.py",
    "security/test_scale_edges.py",
    "security/test_secret_swap.py",
    "security/test_caches.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Start with what takes long, so that at the end no process waits for another.
    """
    items.sort(key=lambda one: not str(one.path).endswith(LONG))


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
