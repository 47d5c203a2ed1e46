"""
The engine process: owns the shard, listens on a Unix socket, serves one request at a time.

It is a process of its own because the engine's bindings never release the interpreter lock;
inside the API process a search would stall every other request.

It lives as long as somebody holds a connection to it, and a little longer. When the last
holder goes, also by kill -9, it flushes and ends. A lock file makes it the only one.

Started by `acl.index.engine_lease` as
`python -m acl.index.engine_process DIRECTORY DIMENSION PLACES`.
"""

import fcntl
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from acl.errors import ReadershipError
from acl.index import wire
from acl.index.engine_shard import EngineShard
from acl.index.socket_path import reachable

GRACE_SECONDS: Final = 3.0
BACKLOG: Final = 128
GATHER_PAUSE_SECONDS: Final = 0.005
EXIT_ALREADY_RUNNING: Final = 3

logger = logging.getLogger(__name__)


class EngineServer:
    """
    Accepts connections and answers their requests until the last one has gone.
    """

    def __init__(
        self, operations: Mapping[str, Callable[..., object]], gather: Callable[[], bool]
    ) -> None:
        self._operations = operations
        self._gather = gather
        self._one_at_a_time = threading.Lock()
        self._holders = 0
        self._changed = threading.Condition()

    def serve(self, listener: socket.socket) -> None:
        """
        Serve until nobody has been connected for `GRACE_SECONDS`, or a signal arrives.
        """
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        threading.Thread(target=self._gather_all, daemon=True).start()
        with self._changed:
            # The starter gets longer to arrive than a holder to come back.
            self._changed.wait_for(lambda: self._holders > 0, timeout=10 * GRACE_SECONDS)
            while not self._abandoned():
                self._changed.wait_for(lambda: self._holders == 0)

    def _abandoned(self) -> bool:
        returned = self._changed.wait_for(lambda: self._holders > 0, timeout=GRACE_SECONDS)
        return not returned

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            self._count(+1)
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _gather_all(self) -> None:
        # Between requests, and never for long: whoever waits for the lock comes first.
        more = True
        while more:
            with self._one_at_a_time:
                more = self._gather()
            time.sleep(GATHER_PAUSE_SECONDS)

    def _converse(self, connection: socket.socket) -> None:
        try:
            with connection:
                while (request := wire.receive(connection)) is not None:
                    wire.send(connection, self._answer(request))
        except (OSError, wire.WireError) as error:
            logger.warning("a connection ended badly: %s", error)
        finally:
            self._count(-1)

    def _answer(self, request: list[object]) -> list[object]:
        name, *arguments = request
        operation = self._operations.get(str(name))
        if operation is None:
            return ["error", f"there is no operation {name!r:.40}"]
        try:
            with self._one_at_a_time:
                return ["ok", operation(*arguments)]
        except ReadershipError as error:
            return ["error", error.diagnostics()]
        except Exception as error:
            logger.exception("operation %s failed", name)
            return ["error", f"{type(error).__name__}: {error}"]

    def _count(self, change: int) -> None:
        with self._changed:
            self._holders += change
            self._changed.notify_all()


def main(directory: Path, dimension: int, places: int) -> int:
    """
    Run the engine on `directory`; return the exit status.
    """
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the clients' business
    lock = os.open(directory / "engine.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return EXIT_ALREADY_RUNNING
    points = directory / "points"
    points.mkdir(mode=0o700, exist_ok=True)
    shard = EngineShard(points, dimension, places)
    path = directory / "engine.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, reachable(path) as name:
        listener.bind(name)
        path.chmod(0o600)
        listener.listen(BACKLOG)
        signal.signal(signal.SIGTERM, lambda *_: _finish(shard, path))
        EngineServer(shard.operations(), shard.gather).serve(listener)
    _finish(shard, path)
    return 0


def _finish(shard: EngineShard, path: Path) -> None:
    path.unlink(missing_ok=True)
    shard.close()
    os._exit(0)  # connection threads may still wait for requests that will not come


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s engine %(levelname)s %(message)s")
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
