"""
One process of several that count together; prints how many requests it let in.
"""

import sys
from contextlib import nullcontext, suppress
from pathlib import Path

from retrieval.limits import LimitExceededError
from tests.retrieval.departing import limiter
from tests.retrieval.scene import reader

ALLOWED = 40
TRIED = 60


def main(kind: str, socket: str) -> None:
    """
    Ask more often than is allowed.
    """
    from tests.retrieval.test_carried_away import shared  # noqa: PLC0415 - pytest's module, not a script

    one, let_in = limiter(shared(kind, Path(socket)), nullcontext(), requests=ALLOWED), 0
    for _ in range(TRIED):
        with suppress(LimitExceededError):
            one.admit(reader())
            let_in += 1
    sys.stdout.write(f"{let_in}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
