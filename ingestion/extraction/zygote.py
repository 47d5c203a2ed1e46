"""
Our side of the border: starts the worker and speaks with its children.

Each document has two sockets of its own. The *channel* carries the request and
the answer and is all that the child has; the *status* socket connects us to the
zygote, which says there how the child ended. A hostile child can therefore
neither answer for another document nor report its own death.
"""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from acl.errors import ConfigurationError
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.wire import MAX_UTF8_BYTES, BrokenMessageError, pack, read_message

START_SECONDS = 60.0
"""Importing the parsers takes well under a second; a busy host may need longer."""

END_SECONDS = 10.0
"""A killed child is reported at once; a zygote that does not is lost."""

_REQUIRED_LAYERS = ("rlimits", "network_refused", "files_refused", "processes_refused")
_ROOT = Path(__file__).resolve().parents[2]

# -I keeps the caller's directory and environment out of the import path. The
# package's own directory goes last, so that nothing in it can stand for a standard module.
_BOOT = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from ingestion.extraction.worker import main; main(*sys.argv[1:])"
)
_COMMAND = (sys.executable, "-I", "-B", "-X", "utf8", "-W", "ignore", "-c", _BOOT, str(_ROOT))
_ENVIRONMENT = {"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}
"""All that the worker gets of ours: whatever is secret in our environment stays here."""


class WorkerLostError(Exception):
    """
    The zygote is gone, for no fault of the document at hand.
    """


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What one child did: an answer as yet unchecked, or how it ended without one.
    """

    answer: tuple[dict[str, object], bytes] | None
    exit_code: int
    """As in `subprocess`: negative for the signal that ended it."""

    timed_out: bool
    broken: str | None
    """What was wrong with the bytes that it sent."""


class Zygote:
    """
    A running worker process. Safe to use from several threads at once.
    """

    def __init__(self, formats_module: str, limits: ExtractionLimits) -> None:
        self._limits = limits
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = _start(theirs.fileno(), formats_module, limits)
        try:
            self.layers = self._await_ready()
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """
        The process id of the zygote.
        """
        return self._process.pid

    def is_running(self) -> bool:
        """
        Whether another document may be sent there.
        """
        return self._process.poll() is None

    def exchange(self, request: dict[str, object], content: bytes) -> Outcome:
        """
        Have one document parsed in a child of its own.

        Raises:
            WorkerLostError: The zygote is gone; another one may do.
        """
        deadline = time.monotonic() + self._limits.wall_seconds
        channel, status = self._fork()
        with channel, status:
            answer, timed_out, broken = None, False, None
            try:
                answer = self._converse(channel, deadline, request, content)
            except TimeoutError:
                timed_out = True
            except BrokenMessageError as error:
                broken = str(error)
            except ConnectionError:
                # It died before it took the whole request; the exit code says of what.
                pass
            return Outcome(answer, _end(status), timed_out, broken)

    def close(self) -> None:
        """
        End the worker and with it every child.
        """
        self._control.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _fork(self) -> tuple[socket.socket, socket.socket]:
        channel, their_channel = socket.socketpair()
        status, their_status = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with their_channel, their_status:
            theirs = [their_channel.fileno(), their_status.fileno()]
            try:
                # One packet, sent whole or not at all, so threads need no lock here.
                socket.send_fds(self._control, [b"fork"], theirs)
            except OSError as error:
                channel.close()
                status.close()
                msg = "the extraction worker is gone"
                raise WorkerLostError(msg) from error
        return channel, status

    def _converse(
        self, channel: socket.socket, deadline: float, request: dict[str, object], content: bytes
    ) -> tuple[dict[str, object], bytes]:
        # An empty part is not sent: by then the child may have answered and gone, and the
        # kernel would report a broken pipe in place of its answer.
        for part in filter(None, pack(request, content)):
            channel.settimeout(_left(deadline))
            channel.sendall(part)

        def read(size: int) -> bytes:
            channel.settimeout(_left(deadline))
            return channel.recv(size)

        return read_message(read, max_body_bytes=MAX_UTF8_BYTES * self._limits.output_characters)

    def _await_ready(self) -> dict[str, bool]:
        self._control.settimeout(START_SECONDS)
        try:
            word = self._control.recv(65536)
        except OSError:
            word = b""
        self._control.settimeout(None)
        ready: dict[str, dict[str, bool]] = json.loads(word) if word else {}
        if "layers" not in ready:
            msg = f"the extraction worker did not start: {ready.get('failed', 'no answer')}"
            raise ConfigurationError(msg)
        layers = ready["layers"]
        require_confinement(layers)
        return layers


def require_confinement(layers: dict[str, bool]) -> None:
    """
    Refuse to work where the probe could do what a parser must not.

    Raises:
        ConfigurationError: The host does not let us build the sandbox.
    """
    if missing := [name for name in _REQUIRED_LAYERS if not layers.get(name)]:
        msg = (
            f"the extraction sandbox does not hold here: {', '.join(missing)}. "
            "It needs Linux on x86_64 or aarch64 with seccomp filters allowed."
        )
        raise ConfigurationError(msg)


def _start(control: int, formats_module: str, limits: ExtractionLimits) -> subprocess.Popen[bytes]:
    arguments = (str(control), str(os.getpid()), formats_module, json.dumps(asdict(limits)))
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own words
        [*_COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(control,),
        env=_ENVIRONMENT,
        cwd="/",
        # Signals of the terminal are for the service, which then ends us in order.
        start_new_session=True,
    )


def _end(status: socket.socket) -> int:
    """
    Have the child killed, if it still lives, and return how it ended.

    A child that ended by itself keeps its own exit code: the kernel does not
    replace the cause of a death that has begun.
    """
    status.settimeout(END_SECONDS)
    try:
        # The end of our words is the word. Something sent could still lie unread when
        # the zygote closes, and the kernel would answer with a reset instead of the status.
        with suppress(OSError):
            status.shutdown(socket.SHUT_WR)
        word = status.recv(16)
    except OSError:
        word = b""
    if not word:
        msg = "the extraction worker was lost while it had a document"
        raise WorkerLostError(msg)
    return int(word)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
