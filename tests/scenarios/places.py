"""
Where throw-away installations stand: in memory if there is such a place, so that thousands of
small commits do not wait for a disk. Everything about durability is tested elsewhere, on disk.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a private directory is made in it
ENOUGH_BYTES: Final = 2**30
"""
What must be free there: containers often get 64 MiB, and an engine takes more.
"""


@contextmanager
def fast_place() -> Iterator[Path]:
    """
    Yield a directory that is gone afterwards.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    with tempfile.TemporaryDirectory(dir=MEMORY if roomy else None) as name:
        yield Path(name)
