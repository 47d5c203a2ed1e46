"""
One installation for all scenarios.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.installation import Installation, installation
from tests.scenarios.places import fast_place


@pytest.fixture(scope="session")
def shared() -> Iterator[Installation]:
    """
    Every scenario has sources of its own in it.
    """
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    with fast_place() as place, installation(place / "acme") as one:
        yield one
