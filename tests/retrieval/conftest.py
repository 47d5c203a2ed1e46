"""
A scene for every test of a door.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.retrieval.scene import Scene, scene_in


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Scene]:
    with scene_in(tmp_path) as one:
        yield one
