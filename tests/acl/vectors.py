"""
Project Wycheproof's vectors (Apache-2.0), where the test data of this project are at hand.
"""

import json
import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest

ARCHIVE: Final = (
    Path(__file__).parents[3] / "shared" / "data" / "token-crypto-vectors" / "wycheproof.tar.gz"
)


@lru_cache
def wycheproof(name: str) -> dict[str, Any]:
    """
    Return one file of vectors, or skip the test that asks.
    """
    if not ARCHIVE.is_file():
        pytest.skip(
            f"the vectors are not here: ../shared/data/{ARCHIVE.parent.name}/{ARCHIVE.name}"
        )
    with tarfile.open(ARCHIVE) as archive:
        file = archive.extractfile(f"wycheproof/{name}.json")
        assert file is not None
        loaded: dict[str, Any] = json.load(file)
    return loaded


def vectors(name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """
    Yield every vector of a file with the group that it belongs to.
    """
    for group in wycheproof(name)["testGroups"]:
        for vector in group["tests"]:
            yield group, vector
