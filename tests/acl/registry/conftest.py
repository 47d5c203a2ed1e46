"""
A registry for every test, migrated once, on every database that can hold one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acl.registry.database import migrate
from tests.acl.registry.registries import Registry, copied, on_postgres
from tests.postgres import Server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("registry") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgres"])
def registry(request: pytest.FixtureRequest) -> Registry:
    """
    The same registry on each database; what holds on one must hold on the other.
    """
    found: Registry = request.getfixturevalue(f"{request.param}_registry")
    return found


@pytest.fixture
def sqlite_registry(template: Path, tmp_path: Path) -> Iterator[Registry]:
    with copied(template, tmp_path) as one:
        yield one


@pytest.fixture
def postgres_registry(postgres: Server, postgres_template: str) -> Iterator[Registry]:
    with on_postgres(postgres, postgres_template) as one:
        yield one
