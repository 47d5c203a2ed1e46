"""
The system calls that a parser keeps: compute, take memory, use what is open, exit.

Everything else answers "operation not permitted": no socket, no file, no
process, no signal to others, no new executable memory, and none of the calls
that a future kernel will add. The filter cannot be taken off again, and
children would inherit it. Numbers differ by processor; without a table for
this one there is no filter, and `install` says so.
"""

import ctypes
import errno
import os
import platform
import struct

_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_PROT_EXEC = 4

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_KILL = 0x80000000

# Classic BPF, as in linux/bpf_common.h and linux/seccomp.h.
_LOAD_WORD, _JUMP_EQUAL, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _THIRD_ARGUMENT = 0, 4, 16, 32

_X86_64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10,
    "munmap": 11, "brk": 12, "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15,
    "sched_yield": 24, "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "exit": 60,
    "gettimeofday": 96, "getrusage": 98, "sysinfo": 99, "sigaltstack": 131, "gettid": 186,
    "time": 201, "futex": 202, "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "exit_group": 231, "tgkill": 234, "getrandom": 318, "rseq": 334,
}  # fmt: skip
_AARCH64 = {
    "close": 57, "lseek": 62, "read": 63, "write": 64, "fstat": 80, "exit": 93, "exit_group": 94,
    "futex": 98, "nanosleep": 101, "clock_gettime": 113, "clock_getres": 114,
    "clock_nanosleep": 115, "sched_yield": 124, "restart_syscall": 128, "tgkill": 131,
    "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
    "getrusage": 165, "gettimeofday": 169, "getpid": 172, "gettid": 178, "sysinfo": 179,
    "brk": 214, "munmap": 215, "mremap": 216, "mmap": 222, "mprotect": 226, "madvise": 233,
    "getrandom": 278, "rseq": 293,
}  # fmt: skip
_MACHINES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}
"""Audit architecture word (linux/audit.h) and allowed calls, by `platform.machine()`."""

_libc = ctypes.CDLL(None, use_errno=True)
_CONDITIONAL = frozenset({"mmap", "mprotect", "tgkill"})


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install() -> bool:
    """
    Give up every other system call for the rest of this process's life.

    Returns whether the kernel took the filter; a caller must not go on to
    parse on `False` unless another layer has been shown to hold.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return False
    instructions = b"".join(_filter(*machine, own_pid=os.getpid()))
    program = _Program(len(instructions) // 8, instructions)
    prctl = _libc.prctl
    # Without this the kernel takes filters from root only.
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program)) == 0)


def _filter(architecture: int, calls: dict[str, int], *, own_pid: int) -> list[bytes]:
    """
    Write the filter; each rule is "is it this call? then answer, else look on".
    """
    program = [
        _do(_LOAD_WORD, _ARCHITECTURE),
        _do(_JUMP_EQUAL, architecture, yes=1),
        _do(_RETURN, _KILL),
        _do(_LOAD_WORD, _NUMBER),
    ]
    for name, number in calls.items():
        if name not in _CONDITIONAL:
            program += [_do(_JUMP_EQUAL, number, no=1), _do(_RETURN, _ALLOW)]
    for name in ("mmap", "mprotect"):
        # New executable memory is how a hijacked parser would bring its own code.
        program += _when(calls[name], _THIRD_ARGUMENT, _do(_JUMP_BITS, _PROT_EXEC, no=1))
    # abort() signals itself through tgkill; nobody else may be signalled.
    program += _when(calls["tgkill"], _FIRST_ARGUMENT, _do(_JUMP_EQUAL, own_pid, yes=1))
    return [*program, _do(_RETURN, _REFUSE)]


def _when(number: int, argument: int, test: bytes) -> list[bytes]:
    """
    Refuse the call unless `test` on one argument jumps over the refusal.
    """
    return [
        _do(_JUMP_EQUAL, number, no=4),
        _do(_LOAD_WORD, argument),
        test,
        _do(_RETURN, _REFUSE),
        _do(_RETURN, _ALLOW),
    ]


def _do(code: int, operand: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, operand)
