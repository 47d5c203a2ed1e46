"""
Promises and tests hold each other: none without the other.
"""

from pathlib import Path

import pytest

from tests.security.carriers import TESTS, Carrier, carried, carriers
from tests.security.promises import PROMISES


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_a_promise_is_carried_by_a_test(promise: str) -> None:
    """
    What nobody tests is not promised.
    """
    assert carried(carriers()).get(promise), f"no test carries promise:{promise}"


def test_no_test_carries_an_unknown_promise() -> None:
    unknown = {name: tests for name, tests in carried(carriers()).items() if name not in PROMISES}

    assert {} == unknown


def test_every_test_of_this_folder_carries_a_promise() -> None:
    """
    But for this file, which is about all of them.
    """
    here = Path(__file__)
    idle = [one for one in carriers(here.parent) if not one.promises and one.file != here.name]

    assert [] == idle


@pytest.mark.parametrize("promise", sorted(PROMISES))
def test_a_promise_is_one_sentence(promise: str) -> None:
    sentence = PROMISES[promise]

    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence


def test_carriers_are_found_however_they_are_marked(tmp_path: Path) -> None:
    """
    On the module, in a list, on a class and on a function; and nothing else is a carrier.
    """
    (tmp_path / "test_all.py").write_text(
        "pytestmark = [pytest.mark.models, pytest.mark.promise('a')]\n"
        "@pytest.mark.promise('b')\n@pytest.mark.promise('c')\n"
        "def test_one(): ...\n"
        "def helper(): ...\n"
        "@pytest.mark.promise('d')\n"
        "class TestMany:\n"
        "    async def test_two(self): ...\n"
    )
    (tmp_path / "promise.py").write_text("@pytest.mark.promise('x')\ndef test_not(): ...\n")

    assert (
        Carrier("test_all.py", "test_one", frozenset("abc")),
        Carrier("test_all.py", "test_two", frozenset("ad")),
    ) == carriers(tmp_path)
    assert TESTS.name == "tests"
