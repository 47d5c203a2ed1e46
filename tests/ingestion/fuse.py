"""
The calls between the parts of a program, as points at which something can happen: it is broken
off, it waits, or somebody looks.
"""

# ruff: noqa: ANN401 - wrappers pass on what they are given

import os
import signal
from typing import Any, Final

READING: Final = frozenset(
    {
        "known",
        "groups_of",
        "pushed",
        "pushed_among",
        "unsettled",
        "settled_state",
        "settled_chunks",
        "sealed_card",
        "count",
        "total",
    }
)
"""
Calls that change nothing: what is durable after them is what was durable before.
"""


class Broken(BaseException):
    """
    The end of a run; like Ctrl-C nothing in it catches this.
    """


class Calls:
    """
    Counts the calls of several objects; what happens before and after each is a subclass's.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []

    def around(self, target: Any) -> Any:
        """
        Return something that acts as `target`, with every call of it a point.
        """
        return _Around(self, target)

    def call(self, name: str, method: Any, arguments: Any, named: Any) -> Any:
        """
        Make one call.
        """
        number = len(self.calls)
        self.calls.append(name)
        self.before(number)
        result = method(*arguments, **named)
        self.after(number)
        return result

    def before(self, number: int) -> None:
        """
        The call of this number is about to be made.
        """

    def after(self, number: int) -> None:
        """
        It was made.
        """


class Fuse(Calls):
    """
    Breaks off before or after one of the calls.
    """

    def __init__(
        self, at: float = float("inf"), *, after: bool = False, kill: bool = False
    ) -> None:
        super().__init__()
        self._at = at
        self._after = after
        self._kill = kill

    def before(self, number: int) -> None:
        if number == self._at and not self._after:
            self._blow()

    def after(self, number: int) -> None:
        if number == self._at and self._after:
            self._blow()

    def _blow(self) -> None:
        if self._kill:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Broken


class _Around:
    def __init__(self, calls: Calls, target: Any) -> None:
        self._calls = calls
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found
        return lambda *arguments, **named: self._calls.call(name, found, arguments, named)
