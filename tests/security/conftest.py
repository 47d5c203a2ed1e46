"""
Two tenants' installations for all attacks that do no lasting harm.
"""

import logging
from collections.abc import Iterator

import pytest

from tests.scenarios.installation import Installation, installation
from tests.scenarios.places import fast_place
from tests.security.page_premises import Browser, Premises


@pytest.fixture(scope="session")
def shared() -> Iterator[Installation]:
    """
    The one that is attacked.
    """
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    with fast_place() as place, installation(place / "acme") as one:
        yield one


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Installation]:
    """
    Another tenant's.
    """
    with fast_place() as place, installation(place / "globex", "globex") as one:
        yield one


@pytest.fixture(scope="module")
def premises(shared: Installation) -> Premises:
    """
    A service with the reader's page, and an issuer beside it.
    """
    return Premises(shared)


@pytest.fixture
def browser(premises: Premises) -> Browser:
    """
    A browser that nobody has used yet.
    """
    return premises.browser()
