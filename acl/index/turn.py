"""
Whose turn it is to make the index follow the registry.

Staging points, committing a revision and publishing it are steps of one thing. Two processes
that did them in between each other would delete each other's points: a sync, and a service that
takes in pushes. So each waits for its turn, for as long as a batch takes; permissions never
wait, they hold from the registry's commit on.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acl.index.errors import IndexUnavailableError


class Turn:
    """
    A lock among threads and, with a file, among processes of one machine.

    The thread that has it may take it again. The kernel frees it however a process ends.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """
        Wait for the turn, and hold it to the end of the block.

        Raises:
            IndexUnavailableError: The lock file cannot be opened.
        """
        with self._threads:
            held = self._lock() if self._depth == 0 else None
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if held is not None:
                    os.close(held)

    def _lock(self) -> int | None:
        if self._file is None:
            return None
        try:
            descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            msg = f"{self._file} cannot be opened: {error.strerror}"
            raise IndexUnavailableError(msg) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
