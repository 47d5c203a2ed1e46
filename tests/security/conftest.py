"""
Two tenants' installations for all attacks that do no lasting harm.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.installation import Installation, installation


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """
    The one that is attacked.
    """
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    with installation(tmp_path_factory.mktemp("security") / "acme") as one:
        yield one


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """
    Another tenant's.
    """
    with installation(tmp_path_factory.mktemp("elsewhere") / "globex", "globex") as one:
        yield one
