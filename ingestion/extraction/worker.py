"""
The other side: a process that has the parsers loaded and forks one child a document.

The zygote itself never sees a document, so nothing a document does can change
what the next one meets. It forks when asked, ends a child when told to or when
nobody waits for it any more, and reports how each one ended.
It goes when the service goes: at the end of its control socket, and when the
process that started it is no more, whichever comes first.
"""

import codecs
import encodings
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from ingestion.extraction import sandbox
from ingestion.extraction.formats.source import NUL, Source, UnreadableError, normal_form
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.wire import (
    MAX_TITLE_CHARACTERS,
    Extracted,
    Refused,
    pack_answer,
    read_message,
)

Parse = Callable[[Source], Extracted]

_OUT_OF_MEMORY = pack_answer(Refused("out of memory"))
"""Encoded before there is too little memory to do it."""


@dataclass(frozen=True, slots=True)
class Child:
    """
    One document at work.
    """

    pid: int
    pidfd: int
    status: socket.socket


def main(control_fd: str, service_pid: str, formats_module: str, limits: str, *extra: str) -> None:
    """
    Serve until the service is gone.
    """
    if extra:
        sys.exit("too many arguments")
    # Ctrl-C reaches the whole terminal; ending a run in order is the service's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(control_fd))
    try:
        zygote = Zygote(control, formats_module, ExtractionLimits(**json.loads(limits)))
        layers = zygote.get_ready()
    except Exception:
        control.send(json.dumps({"failed": traceback.format_exc()[-4000:]}).encode())
        raise
    control.send(json.dumps({"layers": layers}).encode())
    zygote.serve(os.pidfd_open(int(service_pid)))


class Zygote:
    """
    Forks children, ends them, and says how they ended.
    """

    def __init__(
        self, control: socket.socket, formats_module: str, limits: ExtractionLimits
    ) -> None:
        self._control = control
        self._limits = limits
        self._parsers = load_parsers(formats_module)
        self._events = selectors.DefaultSelector()
        self._layers: dict[str, bool] = {}

    def get_ready(self) -> dict[str, bool]:
        """
        Load what a child cannot load any more, leave the network, and prove the sandbox.
        """
        load_codecs()
        # What is frozen is not visited by the children's collector, and so not copied.
        gc.collect()
        gc.freeze()
        namespace = sandbox.leave_network()
        self._layers = sandbox.probe(self._limits)
        return {"network_namespace": namespace, **self._layers}

    def serve(self, service_pidfd: int) -> None:
        """
        Answer events until the service is gone.

        The parent-death signal of prctl(2) would not do here: it follows the
        *thread* that started us, and services start us from passing threads.
        """
        self._events.register(self._control, selectors.EVENT_READ)
        self._events.register(service_pidfd, selectors.EVENT_READ)
        while True:
            for key, _ in self._events.select():
                if key.fd == service_pidfd:
                    return
                if key.fileobj is self._control:
                    if not self._accept():
                        return
                elif isinstance(key.data, Child):
                    self._attend(key.data, ended=key.fd == key.data.pidfd)

    def _accept(self) -> bool:
        """
        Fork for one more document; the service sends two sockets for each.
        """
        word, descriptors, _, _ = socket.recv_fds(self._control, 16, 2)
        if not word:
            return False
        channel, status = descriptors
        try:
            pid = os.fork()
        except OSError:
            # The service sees the status socket close and treats the worker as lost.
            os.close(channel)
            os.close(status)
            return True
        if pid == 0:
            self._become_child(channel)
        os.close(channel)
        self._watch(pid, socket.socket(fileno=status))
        return True

    def _watch(self, pid: int, status: socket.socket) -> None:
        # Here and in the child: whoever comes first, the group exists from then on.
        with suppress(OSError):
            os.setpgid(pid, pid)
        child = Child(pid=pid, pidfd=os.pidfd_open(pid), status=status)
        self._events.register(child.pidfd, selectors.EVENT_READ, child)
        self._events.register(child.status, selectors.EVENT_READ, child)

    def _attend(self, child: Child, *, ended: bool) -> None:
        if child.status.fileno() < 0:
            # Buried by an earlier event of the same round: the pid may be a stranger's by now.
            return
        with suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        if child.status.fileno() in self._events.get_map():
            self._events.unregister(child.status)
        if ended:
            self._bury(child)

    def _bury(self, child: Child) -> None:
        self._events.unregister(child.pidfd)
        os.close(child.pidfd)
        _, status = os.waitpid(child.pid, 0)
        with suppress(OSError):
            child.status.send(str(os.waitstatus_to_exitcode(status)).encode())
        child.status.close()

    def _become_child(self, channel: int) -> None:
        """
        Confine this process, answer one request, and be gone.
        """
        try:
            os.setpgid(0, 0)
            sandbox.keep_only(channel)
            filtered, limited = sandbox.confine(self._limits)
            # No document where less is in force than the probe has shown to hold.
            if (filtered, limited) == (self._layers["seccomp"], self._layers["rlimits"]):
                answer_one(self._parsers, self._limits)
        finally:
            # Not sys.exit: the zygote's clean-up is not the child's to run.
            os._exit(0)


def load_parsers(formats_module: str) -> Mapping[str, Parse]:
    """
    Import every parser that `formats_module.FORMATS` names as `module:function`.
    """
    table: Mapping[str, str] = importlib.import_module(formats_module).FORMATS
    parsers = {}
    for mime, place in table.items():
        module, _, function = place.partition(":")
        parsers[mime] = getattr(importlib.import_module(module), function)
    return parsers


def load_codecs() -> None:
    """
    Import every codec now: a child cannot open the file of one.
    """
    for module in pkgutil.iter_modules(encodings.__path__):
        with suppress(ImportError, LookupError):
            codecs.lookup(module.name)


def answer_one(parsers: Mapping[str, Parse], limits: ExtractionLimits) -> None:
    """
    Read one document from the channel and write what became of it.
    """
    header, content = read_message(
        lambda size: os.read(sandbox.CHANNEL, size), max_body_bytes=limits.input_bytes
    )
    charset = header["charset"]
    source = Source(content, charset if isinstance(charset, str) else None, limits)
    try:
        parts = pack_answer(parse(parsers[str(header["mime"])], source))
    except MemoryError:
        parts = _OUT_OF_MEMORY
    for part in parts:
        write_all(part)


def parse(parser: Parse, source: Source) -> Extracted | Refused:
    """
    Run one parser; whatever it raises becomes the reason of a refusal.
    """
    try:
        found = parser(source)
    except UnreadableError as error:
        return Refused(str(error))
    except MemoryError:
        raise
    except RecursionError:
        return Refused("nested too deeply")
    except Exception as error:  # noqa: BLE001 - parsers raise anything on hostile input
        return Refused(f"the parser failed: {type(error).__name__}: {error}")
    return _in_normal_form(found, source.limits)


def _in_normal_form(found: Extracted, limits: ExtractionLimits) -> Extracted | Refused:
    text = normal_form(found.text)
    if len(text) > limits.output_characters:
        return Refused(f"too large: more than {limits.output_characters} characters of text")
    if NUL in text:
        text = text.replace(NUL, "\N{REPLACEMENT CHARACTER}")
    title = " ".join(normal_form(found.title or "").replace(NUL, " ").split())
    unseen = normal_form(found.unseen).replace(NUL, " ")
    return replace(found, text=text, title=title[:MAX_TITLE_CHARACTERS] or None, unseen=unseen)


def write_all(part: bytes) -> None:
    """
    Write all of `part` to the channel.
    """
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(sandbox.CHANNEL, rest) :]
