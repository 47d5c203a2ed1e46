"""
One installation, and documents of two readers, for all tests of the agents' face.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.retrieval.mcp.library import Library
from tests.scenarios.installation import Installation, installation
from tests.scenarios.places import fast_place


@pytest.fixture(scope="package")
def premises() -> Iterator[Installation]:
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    with fast_place() as place, installation(place / "acme") as one:
        yield one


@pytest.fixture(scope="package")
def library(premises: Installation) -> Library:
    return Library.founded(premises)
