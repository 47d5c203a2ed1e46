"""
One engine, one extractor and one registry for all tests of the way in; a new site for each.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ingestion.world import Site, Tools, World, tools


@pytest.fixture(scope="session")
def engine_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Where the shared engine keeps its points.
    """
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="session")
def shared_tools(engine_directory: Path) -> Iterator[Tools]:
    """
    The processes that every world uses.
    """
    with tools(engine_directory) as running:
        yield running


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, shared_tools: Tools) -> Iterator[World]:
    """
    The registry that tests share; each keeps to a site of its own.
    """
    with World(tmp_path_factory.mktemp("world"), shared_tools) as one:
        yield one


@pytest.fixture
def site(world: World) -> Site:
    """
    A source that no other test knows.
    """
    logging.getLogger("ingestion").setLevel(logging.ERROR)
    return world.site()
