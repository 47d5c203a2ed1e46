"""
One ingested company for all tests that only read it, and fresh ones for those that change it.
"""

from collections.abc import Iterator

import pytest

from tests.end_to_end.company import Company, ingested


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """
    Read this one; never change it.
    """
    with ingested(tmp_path_factory.mktemp("company") / "demo") as one:
        yield one


@pytest.fixture(scope="module")
def own_company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """
    A company for one module, which may change it and must change it back.
    """
    with ingested(tmp_path_factory.mktemp("own-company") / "demo") as one:
        yield one
