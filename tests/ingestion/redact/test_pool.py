"""
The pool answers like one process, and survives the death of any.
"""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acl.errors import ConfigurationError, RedactionError
from acl.model.redaction import Redactor
from ingestion.redact import settings
from ingestion.redact.pool import PooledRedactor
from tests.ingestion.redact.conftest import KEY

ALICE = "Please ask Alice Adamson."


def workers_of(parent: int) -> list[int]:
    # The kernel lists a child under the thread that started it, and the pool has several.
    listed = [
        each.read_text(encoding="ascii") for each in Path("/proc").glob(f"{parent}/task/*/children")
    ]
    children = sorted(int(child) for line in listed for child in line.split())
    return [child for child in children if is_worker(child)]


def is_worker(process: int) -> bool:
    try:
        arguments = Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
    return b"ingestion.redact.worker" in arguments


def wait_until_gone(processes: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(map(is_worker, processes)):
        assert time.monotonic() < deadline, "a worker outlived its parent"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def pool() -> Iterator[PooledRedactor]:
    with PooledRedactor(KEY, 2) as redactor:
        yield redactor


def test_a_pool_has_processes() -> None:
    with pytest.raises(ValueError, match="at least one process"):
        PooledRedactor(KEY, 0)


def test_short_key_is_refused_before_any_process() -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        PooledRedactor(b"short", 1)


def test_absent_model_is_refused_before_any_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda _: None)

    with pytest.raises(ConfigurationError):
        PooledRedactor(KEY, 1)


@pytest.mark.models
def test_pool_gives_what_one_process_gives(pool: PooledRedactor, redactor: Redactor) -> None:
    texts = [f"Please ask Alice Adamson or ann{number}@elk.test." for number in range(100)]
    texts[7] = ""
    texts[9] = "Nothing here. " * 2_000

    assert list(redactor.redact_all(texts)) == list(pool.redact_all(texts))
    assert redactor.redact(ALICE) == pool.redact(ALICE)
    assert [] == list(pool.redact_all([]))
    assert redactor.fingerprint == pool.fingerprint


@pytest.mark.models
def test_invalid_unicode_is_refused_and_the_worker_goes_on(pool: PooledRedactor) -> None:
    before = workers_of(os.getpid())

    with pytest.raises(RedactionError):
        pool.redact("Alice \ud800")

    assert "Alice" not in pool.redact(ALICE).text
    # Others may have come meanwhile, in place of those that another test has killed.
    assert set(before) <= set(workers_of(os.getpid()))


@pytest.mark.models
def test_workers_never_load_torch(pool: PooledRedactor) -> None:
    pool.redact_all([ALICE] * 100)

    for worker in workers_of(os.getpid()):
        assert "libtorch" not in Path(f"/proc/{worker}/maps").read_text(encoding="utf-8")
        assert b"OMP_NUM_THREADS=1\0" in Path(f"/proc/{worker}/environ").read_bytes()


@pytest.mark.models
def test_interrupt_does_not_end_a_worker(pool: PooledRedactor) -> None:
    pool.redact_all([ALICE] * 100)
    before = workers_of(os.getpid())

    for worker in before:
        os.kill(worker, signal.SIGINT)

    assert "Alice" not in pool.redact(ALICE).text
    assert before == workers_of(os.getpid())


@pytest.mark.models
def test_worker_lost_at_work_is_an_error_and_then_replaced(pool: PooledRedactor) -> None:
    pool.redact_all([ALICE] * 100)
    killing = threading.Timer(0.5, kill_workers)
    killing.start()

    with pytest.raises(RedactionError) as refused:
        pool.redact_all(["Nothing here. " * 40_000] * 2)

    killing.join()
    assert "lost" in refused.value.diagnostics()
    assert ["Please ask"] * 100 == [each.text[:10] for each in pool.redact_all([ALICE] * 100)]


@pytest.mark.models
def test_worker_lost_while_idle_is_replaced(pool: PooledRedactor) -> None:
    pool.redact_all([ALICE] * 100)
    idle = workers_of(os.getpid())
    kill_workers()
    for worker in idle:
        os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)

    assert "Alice" not in pool.redact(ALICE).text


def kill_workers() -> None:
    for worker in workers_of(os.getpid()):
        os.kill(worker, signal.SIGKILL)


@pytest.mark.models
def test_a_pool_that_waits_starts_nobody_before_there_is_work() -> None:
    before = workers_of(os.getpid())

    with PooledRedactor(KEY, 1, at_once=False) as pool:
        assert before == workers_of(os.getpid())
        assert "Alice" not in pool.redact(ALICE).text
        assert len(before) + 1 == len(workers_of(os.getpid()))


@pytest.mark.models
def test_a_worker_that_takes_too_long_is_lost_and_loading_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ingestion.redact.pool._SLOWEST_CHARACTERS_A_SECOND", 1e12)
    with PooledRedactor(KEY, 1, reply_seconds=0.05) as pool:
        assert "Alice" not in pool.redact(ALICE).text

        with pytest.raises(RedactionError) as refused:
            pool.redact("Nothing here. " * 40_000)

    assert "lost" in refused.value.diagnostics()


@pytest.mark.models
def test_closed_pool_refuses_and_leaves_no_process() -> None:
    before = workers_of(os.getpid())
    with PooledRedactor(KEY, 1) as pool:
        # An answer: the kernel shows a program's name only a moment after it was started.
        pool.redact(ALICE)
        assert len(before) + 1 == len(workers_of(os.getpid()))
    pool.close()

    with pytest.raises(RedactionError):
        pool.redact(ALICE)
    with pytest.raises(RedactionError):
        pool.redact_all([ALICE])
    assert before == workers_of(os.getpid())


@pytest.mark.models
def test_workers_die_with_a_parent_that_is_killed() -> None:
    """
    Nobody gets to clean up after `kill -9`, and the program has no main guard on purpose.
    """
    program = textwrap.dedent("""
        import sys, time
        from ingestion.redact.pool import PooledRedactor
        PooledRedactor(b"k" * 32, 2).redact("hello")
        print("ready", flush=True)
        time.sleep(600)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert b"ready\n" == parent.stdout.readline()
        workers = workers_of(parent.pid)
        parent.kill()

    assert 2 == len(workers)
    wait_until_gone(workers)
