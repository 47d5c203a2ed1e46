"""
What a file's mode forbids, it forbids to everybody but root; tests may run as root.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

NOBODY: Final = 65_534


@contextmanager
def unprivileged() -> Iterator[None]:
    """
    Be nobody inside the block, if we are root.
    """
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
