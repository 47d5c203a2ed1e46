"""
A service that is killed between the halves of a push goes on where it was.
"""

# ruff: noqa: ANN401 - wrappers pass on what they are given

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from acl.registry.pushed_content import PushQueue
from ingestion.pushed_content import PushedContent
from ingestion.wiring import build_pushed_content
from readership import pushing
from readership.demo.issuer import UnsafeDemoIssuer
from tests.end_to_end.push_world import PushWorld, serving, started, stated

OLD, NEW = "old words", "new words"
POINTS: Final = [
    ("is_newest", False),
    ("stage", False),
    ("stage", True),
    ("commit", False),
    ("commit", True),
    ("publish", False),
    ("publish", True),
]


class Deadly:
    """
    Acts as `target`, and ends this process at the first call of one name that is about something.
    """

    def __init__(self, target: Any, name: str, *, after: bool) -> None:
        self._target = target
        self._name = name
        self._after = after

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._target, name)
        if name != self._name:
            return method

        def last(*arguments: Any, **named: Any) -> None:
            if not arguments[0] or self._after:
                method(*arguments, **named)
            if arguments[0]:
                os.kill(os.getpid(), signal.SIGKILL)

        return last


def killed(directory: Path, name: str, after: bool) -> None:  # noqa: FBT001 - a process's arguments
    """
    Serve, accept new content for amy alone, and die at a call.
    """

    def deadly(*arguments: Any) -> PushedContent:
        content = build_pushed_content(*arguments)
        index: Any = Deadly(content.index, name, after=after)
        queue: Any = Deadly(content.queue, name, after=after)
        settler = replace(content.settler, index=index)
        return replace(content, index=index, queue=queue, settler=settler)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pushing, "build_pushed_content", deadly)
        with serving(directory, UnsafeDemoIssuer.create(directory)) as world:
            world.put("documents/k", stated(NEW, "user:amy"))
            time.sleep(30)


@contextmanager
def crashed(directory: Path, name: str, *, after: bool) -> Iterator[PushWorld]:
    """
    Serve again after a crash: `k` was bob's, and its new text is amy's.
    """
    with started(directory) as world:
        world.put("documents/k", stated(OLD, "user:bob"))
        assert {"k": OLD} == world.found("bob")
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    process = processes.Process(target=killed, args=(directory, name, after))
    process.start()
    process.join(60)
    assert -signal.SIGKILL == process.exitcode
    with serving(directory, UnsafeDemoIssuer.create(directory)) as world:
        yield world


@pytest.mark.promise("crash-safe")
@pytest.mark.parametrize(("name", "after"), POINTS)
def test_a_push_that_was_killed_anywhere_is_finished_by_the_next_start(
    tmp_path: Path,
    name: str,
    after: bool,  # noqa: FBT001 - a case
) -> None:
    """
    Bob has lost it already, amy gets the new text, and nothing half is left: kill -9.
    """
    with crashed(tmp_path / "world", name, after=after) as world:
        assert {} == world.found("bob")
        world.wait()

        assert {"k": NEW} == world.found("amy")
        assert {} == world.found("bob")
        assert world.desk.worker.settler.agrees()
        assert 200 == world.put("documents/k", stated(NEW, "user:amy")).status_code


@pytest.mark.promise("crash-safe")
def test_without_resuming_it_never_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The control: nobody queues again what the dead process was working on.
    """
    monkeypatch.setattr(PushQueue, "resume", lambda _queue: None)

    with crashed(tmp_path / "world", "stage", after=False) as world:
        time.sleep(1)

        assert {} == world.found("amy")
        assert 1 == world.desk.queue.pending()
