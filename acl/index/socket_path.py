"""
Makes a Unix socket reachable however long its path is.

The kernel allows 107 bytes for a socket's path, which a data directory can exceed. Its parent
directory is then opened and addressed by its descriptor.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MAX_PATH_BYTES: Final = 107


@contextmanager
def reachable(path: Path) -> Iterator[str]:
    """
    Yield a name for `path` that fits; valid inside the block.
    """
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
