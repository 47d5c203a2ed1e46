"""
Starts the engine process, keeps it there, and hands out connections to it.

A lease is one open connection. While this process lives, the engine has a holder; when the
engine dies, a watcher starts it again, and until it answers every call fails with
`IndexUnavailableError`.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

from acl.index import wire
from acl.index.dense_rows import PLACES
from acl.index.errors import IndexUnavailableError
from acl.index.socket_path import reachable

START_SECONDS: Final = 60.0
REQUEST_SECONDS: Final = 30.0
MAINTENANCE_SECONDS: Final = 900.0
WATCH_SECONDS: Final = 0.5
KEPT_CONNECTIONS: Final = 16
SCAN_THREADS: Final = 2
"""
Two cores read memory about twice as fast as one; more gain little and are needed elsewhere.
"""

logger = logging.getLogger(__name__)


class EngineLease:
    """
    A process's hold on the engine of one data directory.

    `places` is for how many chunks an engine that is started may keep vectors in memory.
    """

    def __init__(self, directory: Path, dimension: int, places: int = PLACES) -> None:
        self._directory = directory
        self._dimension = dimension
        self._places = places
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._holder: socket.socket | None = None
        self._watcher = threading.Thread(target=self._watch, name="engine-watcher", daemon=True)

    def open(self) -> None:
        """
        Find the engine or start it, and wait until it answers.

        Raises:
            IndexUnavailableError: It did not answer in time, or holds other vectors.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + START_SECONDS
        while (held := self._greet()) is None:
            if time.monotonic() > deadline:
                msg = f"the engine did not start; see {self._directory / 'engine.log'}"
                raise IndexUnavailableError(msg)
            self._start()
            time.sleep(0.05)
        if held != self._dimension:
            msg = f"the index holds vectors of dimension {held}, not {self._dimension}"
            raise IndexUnavailableError(msg)
        self._watcher.start()

    def call(
        self, operation: str, *arguments: object, timeout_seconds: float = REQUEST_SECONDS
    ) -> object:
        """
        Ask the engine for one operation.

        Raises:
            IndexUnavailableError: It did not answer, or answered with an error.
        """
        connection = self._borrow()
        try:
            connection.settimeout(timeout_seconds)
            wire.send(connection, [operation, *arguments])
            answer = wire.receive(connection)
        except (OSError, wire.WireError) as error:
            connection.close()
            msg = f"the engine did not answer {operation}: {error}"
            raise IndexUnavailableError(msg) from error
        match answer:
            case ["ok", result]:
                self._give_back(connection)
                return result
            case ["error", reason]:
                self._give_back(connection)
                msg = f"the engine refused {operation}: {reason}"
                raise IndexUnavailableError(msg)
            case _:
                connection.close()
                msg = f"the engine hung up during {operation}"
                raise IndexUnavailableError(msg)

    def close(self) -> None:
        """
        Let go. The engine ends by itself when nobody else holds it.
        """
        self._closing.set()
        with self._lock:
            connections = [*self._idle, *([self._holder] if self._holder else [])]
            self._idle, self._holder = [], None
        for connection in connections:
            connection.close()
        if self._watcher.is_alive():
            self._watcher.join()
        if self._child is not None:
            _reap(self._child)

    def _greet(self) -> object | None:
        # An engine that is just ending still takes a connection, and then hangs up.
        if not self._hold():
            return None
        try:
            return self.call("ping")
        except IndexUnavailableError:
            if self._holder is not None:
                self._holder.close()
            self._holder = None
            return None

    def _hold(self) -> bool:
        try:
            connection = self._connect()
        except OSError:
            return False
        self._holder = connection
        return True

    def _watch(self) -> None:
        while not self._closing.wait(WATCH_SECONDS):
            if self._holder is None or _hung_up(self._holder):
                self._revive()

    def _revive(self) -> None:
        logger.error("the engine process is gone; starting it again")
        with self._lock:
            stale, self._idle = self._idle, []
            if self._holder is not None:
                stale.append(self._holder)
            self._holder = None
        for connection in stale:
            connection.close()
        while not self._closing.is_set() and not self._hold():
            self._start()
            self._closing.wait(0.1)
        logger.info("the engine process answers again")

    def _start(self) -> None:
        # A second engine finds the lock taken and leaves, so starting one too many is harmless.
        if self._child is not None and self._child.poll() is None:
            return
        command = [sys.executable, "-m", "acl.index.engine_process"]
        with (self._directory / "engine.log").open("ab") as log:
            os.chmod(log.fileno(), 0o600)  # noqa: PTH101 - the open file, not whatever has its name
            self._child = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [*command, str(self._directory), str(self._dimension), str(self._places)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=_environment(),
            )

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with reachable(self._directory / "engine.sock") as name:
                connection.connect(name)
        except OSError:
            connection.close()
            raise
        return connection

    def _borrow(self) -> socket.socket:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        try:
            return self._connect()
        except OSError as error:
            msg = f"the engine process does not answer: {error}"
            raise IndexUnavailableError(msg) from error

    def _give_back(self, connection: socket.socket) -> None:
        with self._lock:
            if len(self._idle) < KEPT_CONNECTIONS and not self._closing.is_set():
                self._idle.append(connection)
                return
        connection.close()


def _hung_up(connection: socket.socket) -> bool:
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _reap(child: subprocess.Popen[bytes]) -> None:
    # The engine leaves within its grace period once nobody holds it; another process may.
    threading.Thread(target=child.wait, daemon=True).start()


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "OPENBLAS_NUM_THREADS": str(SCAN_THREADS),
        "OPENBLAS_THREAD_TIMEOUT": "20",  # a million cycles, then an idle thread stops waiting
    }
