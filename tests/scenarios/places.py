"""
Where throw-away installations stand: in memory if there is such a place, so that thousands of
small commits do not wait for a disk. Everything about durability is tested elsewhere, on disk.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private directory is made in it


@contextmanager
def fast_place() -> Iterator[Path]:
    """
    Yield a directory that is gone afterwards.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)
