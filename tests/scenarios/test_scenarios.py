"""
Every scenario holds, step by step, on paper, in the index and over HTTP.
"""

from pathlib import Path

import pytest

from tests.scenarios.format import FOLDER, load_scenario
from tests.scenarios.installation import Installation
from tests.scenarios.running import Stage

FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.promise("scenario")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario(shared: Installation, file: Path) -> None:
    """
    Each reader reads exactly what the file says, whoever is asked.
    """
    scenario = load_scenario(file)

    assert [] == Stage(shared, scenario).differences()


def test_there_are_scenarios() -> None:
    assert len(FILES) >= 60
