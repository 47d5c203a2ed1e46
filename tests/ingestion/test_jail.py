"""
Files below the folder, and nothing else: not above it, not through a link, not a device.
"""

import itertools
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from acl.errors import InputError
from ingestion.sources.jail import open_below
from tests.ingestion.unprivileged import unprivileged

LIMIT = 100
SECRET = b"outside"
ATTEMPTS = 3_000
PATIENCE_SECONDS = 30.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """
    A folder with a file in it, and a secret beside it.
    """
    inside = tmp_path / "folder"
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "file.txt").write_bytes(b"inside")
    (tmp_path / "secret.txt").write_bytes(SECRET)
    return inside


def refusal(folder: Path, name: str) -> str:
    with pytest.raises(InputError) as refused:
        open_below(folder, name, max_bytes=LIMIT).close()
    return refused.value.diagnostics()


@pytest.mark.parametrize("name", ["deep/file.txt", "./deep/file.txt", "deep//file.txt"])
def test_a_file_below_the_folder_is_opened(folder: Path, name: str) -> None:
    with open_below(folder, name, max_bytes=LIMIT) as file:
        assert b"inside" == file.read()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.txt",
        "deep/../../secret.txt",
        "deep/../deep/file.txt",
        "..",
        "/etc/passwd",
        "//etc/passwd",
        "",
        ".",
        "deep/\0file.txt",
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    assert "leaves the source's folder" in refusal(folder, name)


@pytest.mark.parametrize("target", ["../secret.txt", "deep/file.txt", "/etc/passwd"])
def test_a_symbolic_link_is_refused_wherever_it_leads(folder: Path, target: str) -> None:
    (folder / "link.txt").symlink_to(target)

    assert "symbolic links are refused" in refusal(folder, "link.txt")


def test_a_link_in_the_middle_of_a_path_is_refused(folder: Path) -> None:
    (folder / "way").symlink_to(folder.parent)

    assert "cannot be opened" in refusal(folder, "way/secret.txt")


def test_what_is_missing_is_named(folder: Path) -> None:
    assert "'deep/none.txt' cannot be opened: No such file" in refusal(folder, "deep/none.txt")


def test_a_directory_is_no_file(folder: Path) -> None:
    assert "not a regular file" in refusal(folder, "deep")


def test_a_pipe_without_a_writer_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe")

    assert "not a regular file" in refusal(folder, "pipe")


def test_a_socket_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        assert "cannot be opened" in refusal(folder, "socket")


def test_a_name_that_is_too_long_is_refused(folder: Path) -> None:
    assert "File name too long" in refusal(folder, "n" * 1_000)


@pytest.mark.parametrize(("size", "opens"), [(LIMIT, True), (LIMIT + 1, False), (10**13, False)])
def test_the_limit_is_what_a_file_may_have(folder: Path, size: int, *, opens: bool) -> None:
    """
    Ten sparse terabytes are refused without reading them.
    """
    with (folder / "large").open("wb") as large:
        large.truncate(size)

    if opens:
        open_below(folder, "large", max_bytes=LIMIT).close()
    else:
        assert f"has {size} bytes, more than the {LIMIT} allowed" in refusal(folder, "large")


def test_an_unreadable_file_is_refused() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        (folder / "file.txt").write_bytes(b"for its owner alone")
        (folder / "file.txt").chmod(0)

        with unprivileged():
            assert "Permission denied" in refusal(folder, "file.txt")


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_nothing_stays_open(folder: Path) -> None:
    (folder / "link.txt").symlink_to("deep/file.txt")
    before = descriptors()

    for name in ("link.txt", "deep", "deep/none", "deep/file.txt/below", "../secret.txt"):
        refusal(folder, name)

    assert before == descriptors()


@contextmanager
def swapping(folder: Path) -> Iterator[None]:
    """
    Keep turning a directory into a link that leads outside, and back.
    """
    real, away, link = folder / "swap", folder / "away", folder / "link"
    stopped = threading.Event()

    def swap() -> None:
        while not stopped.is_set():
            real.rename(away)
            link.symlink_to(folder.parent)
            link.rename(real)
            real.unlink()
            away.rename(real)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def test_no_moment_between_check_and_use(folder: Path) -> None:
    """
    Beside a thread that swaps a directory for a link, nothing from outside is ever read.
    """
    (folder / "swap").mkdir()
    (folder / "swap" / "secret.txt").write_bytes(b"inside")
    outcomes: set[bytes] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with swapping(folder):
        for attempt in itertools.count():
            try:
                with open_below(folder, "swap/secret.txt", max_bytes=LIMIT) as file:
                    outcomes.add(file.read())
            except InputError:
                outcomes.add(b"refused")
            if attempt >= ATTEMPTS and (len(outcomes) > 1 or time.monotonic() > deadline):
                break

    assert {b"inside", b"refused"} == outcomes


def test_reading_by_path_alone_is_fooled(folder: Path) -> None:
    """
    The control: the same swap, and a reader that checks first and opens then.
    """
    (folder / "swap").mkdir()
    (folder / "swap" / "secret.txt").write_bytes(b"inside")
    seen: set[bytes] = set()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with swapping(folder):
        while time.monotonic() < deadline:
            path = folder / "swap" / "secret.txt"
            try:
                if not path.parent.is_symlink():
                    seen.add(path.read_bytes())
            except OSError:
                continue
            if SECRET in seen:
                break

    assert SECRET in seen
