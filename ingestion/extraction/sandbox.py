"""
What the child gives up before it sees a document.

Strong, enforced by the kernel, not to be undone from inside:

- the system-call filter of `seccomp`: no socket, file, process or foreign signal;
- resource limits: memory, processor time, no file growth, and no new descriptor
  at all (which alone already rules out sockets and files);
- an empty network namespace, where the kernel lets us have one.

A net for mistakes only, because code inside the process can step round it:

- the audit hook. It sees what Python does, not what a hijacked C parser does.

Layers differ by host. `probe` therefore does not ask what was installed but
tries the forbidden things in a child, and the extractor does not start where
one of them works.
"""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress

from ingestion.extraction import seccomp
from ingestion.extraction.limits import ExtractionLimits

CHANNEL = 3
"""The one descriptor that the child keeps, besides three that lead to /dev/null."""

REFUSED_EVENTS = frozenset(
    {
        "open", "os.listdir", "os.scandir", "os.remove", "os.rename", "os.mkdir", "os.rmdir",
        "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown", "os.kill", "os.killpg",
        "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.system", "subprocess.Popen",
        "ctypes.dlopen", "socket.__new__", "socket.connect", "socket.bind", "socket.sendto",
        "socket.getaddrinfo", "tempfile.mkstemp", "tempfile.mkdtemp",
    }
)  # fmt: skip

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_AF_INET, _SOCK_STREAM = 2, 1

_libc = ctypes.CDLL(None, use_errno=True)


def leave_network() -> bool:
    """
    Move this process, and all it will fork, into a network without interfaces.

    Done once by the zygote: a namespace for each document would cost more than
    the document. Hosts that forbid user namespaces refuse; the filter holds alone then.
    """
    both = bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)
    return both or bool(_libc.unshare(_CLONE_NEWNET) == 0)


def confine(limits: ExtractionLimits) -> tuple[bool, bool]:
    """
    Give up everything but computing; returns whether (filter, limits) are in force.
    """
    _die_with_parent()
    limited = _limit_resources(limits)
    # Last: the filter refuses the calls that the steps above need.
    sys.addaudithook(_refuse_event)
    return seccomp.install(), limited


def keep_only(channel: int) -> None:
    """
    Close every descriptor but `channel`, which becomes `CHANNEL`.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    kept = os.dup(channel)
    for standard in range(CHANNEL):
        os.dup2(nowhere, standard)
    os.dup2(kept, CHANNEL)
    os.closerange(CHANNEL + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def probe(limits: ExtractionLimits) -> dict[str, bool]:
    """
    Confine a child, let it try what is forbidden, and report what held.
    """
    names = ("seccomp", "rlimits", "network_refused", "files_refused", "processes_refused")
    pid = os.fork()
    if pid == 0:
        _report_by_exit_code(limits)
    bits = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {name: bits > 0 and bool(bits & 1 << place) for place, name in enumerate(names)}


def _report_by_exit_code(limits: ExtractionLimits) -> None:
    """
    Try the forbidden through libc, past the audit hook, which is not what is being tested.
    """
    bits = 0
    with suppress(BaseException):
        filtered, limited = confine(limits)
        held = (
            filtered,
            limited,
            _libc.socket(_AF_INET, _SOCK_STREAM, 0) < 0,
            _libc.open(b"/dev/null", os.O_RDONLY) < 0,
            _fork_is_refused(),
        )
        bits = sum(1 << place for place, holds in enumerate(held) if holds)
    os._exit(bits)


def _fork_is_refused() -> bool:
    pid: int = _libc.fork()
    if pid == 0:
        os._exit(0)
    return pid < 0


def _die_with_parent() -> None:
    # The zygote has one thread, so "parent" means the process here (see prctl(2)).
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _limit_resources(limits: ExtractionLimits) -> bool:
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        # What is open stays open; nothing can be opened any more.
        resource.RLIMIT_NOFILE: 0,
    }
    for kind, most in wanted.items():
        # A second more in the hard limit, so that SIGXCPU comes before SIGKILL and names the cause.
        hard = most + 1 if kind == resource.RLIMIT_CPU else most
        try:
            resource.setrlimit(kind, (most, hard))
        except (OSError, ValueError):
            return False
    return True


def _refuse_event(event: str, _arguments: tuple[object, ...]) -> None:
    if event in REFUSED_EVENTS:
        msg = f"refused inside the extraction sandbox: {event}"
        raise PermissionError(msg)
