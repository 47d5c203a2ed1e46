"""
One engine for every module that does not hurt it.
"""

from collections.abc import Iterator

import pytest

from tests.acl.index.engines import Index, engine


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with engine(tmp_path_factory.mktemp("engine") / "index") as one:
        yield one


@pytest.fixture
def index(shared: Index) -> Iterator[Index]:
    """
    The shared engine, emptied after every test of what that test put in.
    """
    yield shared
    shared.clear()
