"""
A registry for every test, migrated once.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from acl.registry.database import migrate
from tests.acl.registry.registries import Registry, copied


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("registry") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def registry(template: Path, tmp_path: Path) -> Iterator[Registry]:
    with copied(template, tmp_path) as one:
        yield one
