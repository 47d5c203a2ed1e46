"""
The engine process: its own, private, alone on its directory, and back after a kill.
"""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from acl.index.engine_lease import EngineLease
from acl.index.engine_process import EXIT_ALREADY_RUNNING
from acl.index.errors import IndexUnavailableError
from acl.index.socket_path import MAX_PATH_BYTES, reachable
from tests.acl.index.engines import DIMENSION, OPEN, Index, engine, scope_of


def until(claim: Callable[[], bool], seconds: float = 30) -> bool:
    """
    Wait for something to become so.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(IndexUnavailableError):
            if claim():
                return True
        time.sleep(0.05)
    return False


def engine_of(directory: Path) -> int:
    """
    Return the process that serves this directory.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        with reachable(directory / "engine.sock") as name:
            connection.connect(name)
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(credentials[:4], sys.byteorder)


def test_everything_of_the_engine_is_private(shared: Index) -> None:
    """
    The socket 0600, directories 0700, and no file for others.
    """
    socket_file = shared.directory / "engine.sock"

    assert stat.S_ISSOCK(socket_file.stat().st_mode)
    assert 0o600 == stat.S_IMODE(socket_file.stat().st_mode)
    assert 0o700 == stat.S_IMODE(shared.directory.stat().st_mode)
    shared.writer.flush()
    for one in shared.directory.rglob("*"):
        assert not one.stat().st_mode & 0o077, one


def test_the_engine_is_a_process_of_its_own(shared: Index) -> None:
    assert engine_of(shared.directory) != os.getpid()


def test_a_second_engine_on_the_same_directory_leaves(shared: Index) -> None:
    command = [sys.executable, "-m", "acl.index.engine_process"]

    second = subprocess.run(
        [*command, str(shared.directory), str(DIMENSION), "0"], check=False, timeout=60
    )

    assert EXIT_ALREADY_RUNNING == second.returncode
    assert DIMENSION == shared.lease.call("ping")


def test_a_second_lease_shares_the_engine(shared: Index) -> None:
    other = EngineLease(shared.directory, DIMENSION)
    other.open()

    assert DIMENSION == other.call("ping")
    other.close()
    assert DIMENSION == shared.lease.call("ping")


def test_a_lease_for_other_vectors_is_refused(shared: Index) -> None:
    other = EngineLease(shared.directory, 384)
    with pytest.raises(IndexUnavailableError) as refused:
        other.open()
    other.close()

    assert "dimension 8, not 384" in refused.value.diagnostics()


@pytest.mark.promise("engine-loss")
def test_after_a_kill_calls_fail_and_then_come_back_by_themselves(tmp_path: Path) -> None:
    """
    An engine that is gone is an error, never an empty answer; what was flushed is still there.
    """
    with engine(tmp_path / "index") as index:
        key = index.put("payroll", OPEN)
        index.writer.flush()
        killed = engine_of(index.directory)
        os.kill(killed, signal.SIGKILL)

        with pytest.raises(IndexUnavailableError):
            index.found(scope_of(OPEN))

        assert until(lambda: {key} == index.found(scope_of(OPEN)))
        assert killed != engine_of(index.directory)


@pytest.mark.promise("engine-loss")
def test_a_closed_lease_answers_nothing_and_the_engine_ends(tmp_path: Path) -> None:
    with engine(tmp_path / "index") as index:
        index.put("payroll", OPEN)
        served_by = engine_of(index.directory)

    assert until(lambda: not (tmp_path / "index" / "engine.sock").exists())
    with pytest.raises(IndexUnavailableError):
        index.found(scope_of(OPEN))
    assert until(lambda: not Path(f"/proc/{served_by}/cmdline").exists())

    with engine(tmp_path / "index") as again:
        assert 1 == len(again.found(scope_of(OPEN)))


def test_a_long_data_directory_works(tmp_path: Path) -> None:
    """
    Longer than the kernel allows for the path of a socket.
    """
    deep = tmp_path.joinpath(*["a-directory-with-a-long-name"] * 5) / "index"
    deep.parent.mkdir(mode=0o700, parents=True)

    with engine(deep) as index:
        key = index.put("payroll", OPEN)
        assert {key} == index.found(scope_of(OPEN))
        assert len(os.fsencode(deep / "engine.sock")) > MAX_PATH_BYTES
        assert 0o600 == stat.S_IMODE((deep / "engine.sock").stat().st_mode)


@pytest.mark.parametrize(
    "sent",
    [
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"\0\0\0\x01\xc1",
        b"\0\0\0\x01\x80",
        b"\0\0\0\x01\x90",
        b"\0\0\0\x10half",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_on_the_socket_hurts_nobody_else(shared: Index, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        with reachable(shared.directory / "engine.sock") as name:
            connection.connect(name)
        connection.settimeout(10)
        with suppress(ConnectionResetError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert b"" == connection.recv(100)

    assert DIMENSION == shared.lease.call("ping")


def test_an_operation_that_fails_hurts_no_other(index: Index) -> None:
    key = index.put("payroll", OPEN)

    for bad in ([["not-a-record"]], [[1, 2, 3, 4, 5, 6, 7]], [None], [7]):
        with pytest.raises(IndexUnavailableError):
            index.lease.call("stage", *bad)

    assert {key} == index.found(scope_of(OPEN))
