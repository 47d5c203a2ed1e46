"""
One installation for all scenarios.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.installation import Installation, installation


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """
    Every scenario has sources of its own in it.
    """
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    with installation(tmp_path_factory.mktemp("scenarios") / "acme") as one:
        yield one
