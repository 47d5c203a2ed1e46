"""
Limits: what does not fit is not released, and only what is released is charged.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

import pytest
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, storage_from_string
from redis import Redis

from retrieval.limits import Limiter, LimiterUnavailableError, LimitExceededError
from tests.retrieval.departing import leaving, limiter, passage
from tests.retrieval.scene import Scene, reader

pytestmark = pytest.mark.promise("limits")

ROOT: Final = Path(__file__).parents[2]
SERVER: Final = shutil.which("redis-server") or shutil.which("valkey-server")
NEEDS_SERVER: Final = pytest.mark.skipif(
    SERVER is None, reason="no redis-server or valkey-server; scripts/debian-packages installs one"
)
KINDS: Final = ["memory", *(pytest.param(one, marks=NEEDS_SERVER) for one in ("redis", "valkey"))]
Storage = MemoryStorage | RedisStorage


@contextmanager
def server(directory: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """
    Run a real server on a socket of its own.
    """
    assert SERVER is not None
    socket = directory / "s"
    command = [SERVER, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", "."]
    with subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL) as running:
        try:
            while not socket.exists():
                assert running.poll() is None
                time.sleep(0.01)
            yield socket, running
        finally:
            running.terminate()


def shared(kind: str, socket: Path) -> RedisStorage:
    """
    Return a storage as the wiring makes it.
    """
    made = storage_from_string(f"{kind}+unix://{socket}", wrap_exceptions=True, socket_timeout=1.0)
    assert isinstance(made, RedisStorage)
    return made


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage()
        return
    with server(tmp_path) as (socket, _):
        yield shared(request.param, socket)


def limited(one: Limiter, scene: Scene, *names: str) -> str:
    """
    Try to release passages; return the limit that is in the way, or nothing.
    """
    may = scene.asks()
    try:
        one.charge(leaving(may, *map(passage, names)))
    except LimitExceededError as error:
        return error.limit
    return ""


def test_each_limit_holds(storage: Storage, doors: Scene) -> None:
    """
    To the very last unit, and not one beyond.
    """
    size = len(("Plan" + passage().text).encode())

    by_passages = limiter(storage, passages=3)
    assert ["", "", "", "passages"] == [limited(by_passages, doors, "plan") for _ in range(4)]
    by_documents = limiter(storage, documents=2)
    assert ["", "", "documents"] == [limited(by_documents, doors, one) for one in "abc"]
    by_bytes = limiter(storage, bytes=2 * size)
    assert ["", "", "bytes"] == [limited(by_bytes, doors, "plan") for _ in range(3)]
    by_requests = limiter(storage, requests=2)
    for _ in range(2):
        by_requests.admit(reader())
    with pytest.raises(LimitExceededError) as error:
        by_requests.admit(reader())
    assert "requests" == error.value.limit
    assert 1 <= error.value.retry_after_seconds <= 7_200


def test_a_document_counts_once(storage: Storage, doors: Scene) -> None:
    one = limiter(storage, documents=2)

    assert [""] * 4 == [limited(one, doors, name) for name in ("a", "a", "b", "a")]
    assert "documents" == limited(one, doors, "c")
    assert "" == limited(one, doors, "b", "a")


def test_what_is_refused_costs_nothing(storage: Storage, doors: Scene) -> None:
    """
    Neither the limit that is in the way nor any other, however often it is tried.
    """
    one = limiter(storage, passages=3, documents=3)
    assert "" == limited(one, doors, "a")

    assert ["passages"] * 5 == [limited(one, doors, "b", "c", "d") for _ in range(5)]

    assert "" == limited(one, doors, "b", "c")


def test_what_releases_nothing_costs_nothing(storage: Storage, doors: Scene) -> None:
    """
    Whatever was hidden, however often it is asked for.
    """
    one = limiter(storage, passages=1, documents=1)
    for _ in range(20):
        assert "" == limited(one, doors)

    assert "" == limited(one, doors, "a")


def test_readers_and_clients_are_counted_apart(storage: Storage) -> None:
    one = limiter(storage, requests=1)
    others = [reader(), reader("bob"), reader(client="other"), reader(issuer="https://b.example")]

    for each in others:
        one.admit(each)

    for each in others:
        with pytest.raises(LimitExceededError):
            one.admit(each)


def test_what_is_more_than_a_window_holds_is_never_released(doors: Scene) -> None:
    one = limiter(passages=1, seconds=60)

    with pytest.raises(LimitExceededError) as error:
        one.charge(leaving(doors.asks(), passage("a"), passage("b")))

    assert 120 == error.value.retry_after_seconds


def test_a_window_ends(storage: Storage) -> None:
    """
    After the time that was told, it is let in again.
    """
    one = limiter(storage, requests=1, seconds=1)
    one.admit(reader())
    with pytest.raises(LimitExceededError) as error:
        one.admit(reader())

    time.sleep(error.value.retry_after_seconds)

    one.admit(reader())


def test_threads_release_no_more_together_than_one_alone(storage: Storage, doors: Scene) -> None:
    """
    Sixteen at once, for two hundred passages of which fifty may leave. In one process it is
    fifty; where the storage is shared, some may be charged that do not leave, never the reverse.
    """
    alone = isinstance(storage, MemoryStorage)
    turn = None if alone else nullcontext()
    one, may = limiter(storage, turn, passages=50, documents=20), doors.asks()

    def release(number: int) -> int:
        with suppress(LimitExceededError):
            one.charge(leaving(may, passage(f"d{number % 20}")))
            return 1
        return 0

    with ThreadPoolExecutor(16) as threads:
        left = sum(threads.map(release, range(200)))

    assert left == 50 if alone else 0 < left <= 50


def test_counters_of_one_process_change_in_turns(doors: Scene) -> None:
    """
    Whatever is counted of a release is counted while nothing else is.
    """
    turn = Turn()
    one = limiter(HeldStorage(turn), turn)

    assert "" == limited(one, doors, "a", "b")

    assert 1 == turn.taken
    assert not turn.held


class Turn:
    """
    A lock that tells whether it is held.
    """

    held = False
    taken = 0

    def __enter__(self) -> None:
        self.held, self.taken = True, self.taken + 1

    def __exit__(self, *_: object) -> None:
        self.held = False


class HeldStorage(MemoryStorage):
    """
    Changes nothing unless it is somebody's turn.
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        assert self.turn.held, key
        return super().incr(key, expiry, amount)


class DeadStorage(MemoryStorage):
    """
    Does not answer.
    """

    def get(self, key: str) -> int:
        raise StorageError(TimeoutError(key))

    def check(self) -> bool:
        return False


def test_without_an_answer_nothing_is_released(doors: Scene) -> None:
    one, may = limiter(DeadStorage()), doors.asks()

    with pytest.raises(LimiterUnavailableError):
        one.admit(reader())
    with pytest.raises(LimiterUnavailableError):
        one.charge(leaving(may, passage("a")))
    with pytest.raises(LimiterUnavailableError):
        one.require_counting()


@NEEDS_SERVER
@pytest.mark.parametrize("kind", ["redis", "valkey"])
def test_processes_release_no_more_together_than_one_alone(tmp_path: Path, kind: str) -> None:
    """
    Three processes, a real server.
    """
    with server(tmp_path) as (socket, _):
        command = [sys.executable, "-m", "tests.retrieval.counting", kind, str(socket)]
        running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(3)]
        let_in = [int(one.communicate(timeout=120)[0]) for one in running]

    assert 40 == sum(let_in)


@NEEDS_SERVER
@pytest.mark.parametrize("kind", ["redis", "valkey"])
def test_without_its_storage_nothing_is_released(tmp_path: Path, doors: Scene, kind: str) -> None:
    """
    The control: while the server runs, it is.
    """
    with server(tmp_path) as (socket, running):
        one = limiter(shared(kind, socket), nullcontext())
        one.require_counting()
        assert "" == limited(one, doors, "a")
        running.terminate()
        running.wait()

        with pytest.raises(LimiterUnavailableError):
            one.admit(reader())
        with pytest.raises(LimiterUnavailableError):
            one.charge(leaving(doors.asks(), passage("a")))
        with pytest.raises(LimiterUnavailableError):
            one.require_counting()


@NEEDS_SERVER
def test_the_storage_holds_nobodys_name(tmp_path: Path, doors: Scene) -> None:
    with server(tmp_path) as (socket, _):
        one = limiter(shared("redis", socket), nullcontext())
        one.admit(reader("alice"))
        assert "" == limited(one, doors, "a")

        keys = b" ".join(Redis(unix_socket_path=str(socket)).scan_iter("*"))

    assert keys
    assert b"alice" not in keys
    assert reader().client.encode() not in keys
