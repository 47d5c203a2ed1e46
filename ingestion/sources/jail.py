"""
Opens files below one folder, and nothing else.

Each component of the path is opened relative to the one before it, and none may be a symbolic
link, so there is no moment between check and use at which the path could come to point
elsewhere.
"""

import errno
import os
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from acl.errors import InputError

_LINKS: Final = frozenset({errno.ELOOP, errno.ENOTDIR})
"""
What the system says of a link that it was told not to follow.
"""


def open_below(folder: Path, name: str, *, max_bytes: int) -> BinaryIO:
    """
    Open a regular file below `folder` for reading.

    Raises:
        InputError: Outside the folder, through a link, not a regular file, too large, or
            unreadable.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        msg = f"path {name!r:.200} leaves the source's folder; name a file below it"
        raise InputError(msg)
    descriptor = _descend(folder, parts, name)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        msg = f"path {name!r:.200} is not a regular file"
        raise InputError(msg)
    if found.st_size > max_bytes:
        os.close(descriptor)
        msg = f"path {name!r:.200} has {found.st_size} bytes, more than the {max_bytes} allowed"
        raise InputError(msg)
    return os.fdopen(descriptor, "rb")


def _descend(folder: Path, parts: tuple[str, ...], name: str) -> int:
    # O_NONBLOCK: opening a named pipe must not wait for a writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for position, part in enumerate(parts):
            last = position == len(parts) - 1
            try:
                inner = os.open(part, flags | (0 if last else os.O_DIRECTORY), dir_fd=current)
            finally:
                os.close(current)
            current = inner
    except OSError as error:
        why = "; symbolic links are refused" if error.errno in _LINKS else ""
        msg = f"path {name!r:.200} cannot be opened: {error.strerror}{why}"
        raise InputError(msg) from error
    return current
