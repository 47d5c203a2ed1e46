"""
Turns exclude each other, among threads and among processes, and end with their process.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from acl.index.errors import IndexUnavailableError
from acl.index.turn import Turn

HOLDER = """
import sys, time
from pathlib import Path
from acl.index.turn import Turn
with Turn(Path(sys.argv[1])).taken():
    print("taken", flush=True)
    time.sleep(60)
"""


def take(turn: Turn) -> str:
    with turn.taken():
        return "taken"


@pytest.mark.parametrize("name", [None, "lock"])
def test_the_thread_that_has_it_may_take_it_again_and_others_wait(
    tmp_path: Path, name: str | None
) -> None:
    turn = Turn(tmp_path / name if name else None)
    with ThreadPoolExecutor(1) as threads:
        with turn.taken(), turn.taken():
            other = threads.submit(take, turn)
            assert not wait([other], 0.2).done

        assert "taken" == other.result(10)


def test_two_turns_of_one_file_exclude_each_other(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        with Turn(tmp_path / "lock").taken():
            other = threads.submit(take, Turn(tmp_path / "lock"))
            assert not wait([other], 0.2).done

        assert "taken" == other.result(10)
    assert 0o600 == (tmp_path / "lock").stat().st_mode & 0o777


def test_a_process_that_is_killed_gives_it_back(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as holder,
        ThreadPoolExecutor(1) as threads,
    ):
        assert holder.stdout is not None
        assert b"taken" in holder.stdout.readline()
        mine = threads.submit(take, Turn(tmp_path / "lock"))
        assert not wait([mine], 0.2).done

        holder.kill()

        assert "taken" == mine.result(10)


def test_a_lock_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailableError):
        take(Turn(tmp_path / "missing" / "lock"))
