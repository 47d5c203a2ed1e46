"""
Formats that do what a hijacked parser would do.

Only a subclass of the extractor, made in a test, can name this module.
Each goes past Python (through libc) where the audit hook would answer first.
"""

import ctypes
import errno
import os
import signal
import struct
import time
from pathlib import Path

from ingestion.extract import Extracted
from ingestion.extraction.formats.source import Source
from ingestion.extraction.sandbox import CHANNEL
from ingestion.extraction.wire import pack

_libc = ctypes.CDLL(None, use_errno=True)
_FROM_HERE_ON = 64


def echo(source: Source) -> Extracted:
    return said(source.content.decode())


def nap(source: Source) -> Extracted:
    time.sleep(0.2)
    return said(source.content.decode())


def loop(_source: Source) -> Extracted:
    while True:
        pass


def sleep(_source: Source) -> Extracted:
    time.sleep(600)
    return said("slept")


def allocate(_source: Source) -> Extracted:
    return said(str(len(bytearray(2 * 1024**3))))


def allocate_natively(_source: Source) -> Extracted:
    _libc.malloc.restype = ctypes.c_void_p
    return said(str(_libc.malloc(ctypes.c_size_t(2 * 1024**3))))


def open_socket(_source: Source) -> Extracted:
    return said(str(_libc.socket(2, 1, 0) >= 0))


def open_unix_socket(_source: Source) -> Extracted:
    return said(str(_libc.socket(1, 1, 0) >= 0))


def write_file(source: Source) -> Extracted:
    descriptor = _libc.open(source.content, os.O_WRONLY | os.O_CREAT, 0o600)
    return said(str(descriptor >= 0 and _libc.write(descriptor, b"x", 1) == 1))


def write_file_in_python(source: Source) -> Extracted:
    Path(source.content.decode()).write_text("x")
    return said("written")


def read_file(source: Source) -> Extracted:
    return said(str(_libc.open(source.content, os.O_RDONLY) >= 0))


def remove_file(source: Source) -> Extracted:
    return said(str(_libc.unlink(source.content) == 0))


def fork(_source: Source) -> Extracted:
    children = 0
    for _ in range(100):
        pid = _libc.fork()
        if pid == 0:
            time.sleep(600)
        children += pid > 0
    return said(str(children))


def execute(_source: Source) -> Extracted:
    arguments = (ctypes.c_char_p * 2)(b"/bin/true", None)
    return said(str(_libc.execv(b"/bin/true", arguments)))


def kill_parent(_source: Source) -> Extracted:
    return said(str(_libc.kill(os.getppid(), signal.SIGKILL)))


def kill_everything(_source: Source) -> Extracted:
    return said(str(_libc.kill(-1, signal.SIGKILL)))


def executable_memory(_source: Source) -> Extracted:
    _libc.mmap.restype = ctypes.c_void_p
    place = _libc.mmap(None, ctypes.c_size_t(4096), 7, 0x22, -1, ctypes.c_long(0))
    return said(str(place != ctypes.c_void_p(-1).value))


def raise_limits(_source: Source) -> Extracted:
    return said(str(_libc.setrlimit(7, (ctypes.c_ulong * 2)(100, 100)) == 0))


def crash(_source: Source) -> Extracted:
    return said(ctypes.string_at(0).decode())


def abort(_source: Source) -> Extracted:
    os.abort()


def exit_silently(_source: Source) -> Extracted:
    os._exit(0)


def exit_by_exception(_source: Source) -> Extracted:
    raise SystemExit(3)


def raise_error(_source: Source) -> Extracted:
    msg = "x" * 100_000
    raise ValueError(msg)


def recurse(source: Source) -> Extracted:
    return recurse(source)


def hang_up(_source: Source) -> Extracted:
    os.close(CHANNEL)
    while True:
        pass


def send_raw(source: Source) -> Extracted:
    """
    Answer with exactly the bytes of the document.
    """
    os.write(CHANNEL, source.content)
    os._exit(0)


def flood(_source: Source) -> Extracted:
    os.write(CHANNEL, struct.pack(">I", 2**32 - 1))
    while True:
        os.write(CHANNEL, b"x" * 65536)


def trickle(_source: Source) -> Extracted:
    """
    Keep the reader waiting with a byte now and then.
    """
    head, _ = pack({"title": None, "page_starts": []}, b"x" * 1000)
    os.write(CHANNEL, head)
    while True:
        os.write(CHANNEL, b"x")
        time.sleep(0.1)


def too_much(source: Source) -> Extracted:
    return said("x" * (source.limits.output_characters + 1))


def odd_text(_source: Source) -> Extracted:
    return Extracted("a\rb\r\nc\ud800\0", title="t\ud800\n" + "x" * 10_000, page_starts=())


def environment(_source: Source) -> Extracted:
    return said(" ".join(sorted(os.environ)))


def descriptors(_source: Source) -> Extracted:
    held = []
    for number in range(_FROM_HERE_ON):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == errno.EBADF:
                continue
        held.append(number)
    return said(str(held))


def said(text: str) -> Extracted:
    return Extracted(text, title=None, page_starts=())


FORMATS = {
    f"test/{name}": f"{__name__}:{name}"
    for name, value in list(globals().items())
    if callable(value) and getattr(value, "__module__", None) == __name__
}
