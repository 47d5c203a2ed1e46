"""
Refusals are recorded in bounded number, and the others are counted.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from acl.audit.chain import AuditTrail, AuditUnavailableError
from acl.audit.refusals import REFUSAL_WINDOW, REFUSALS_A_WINDOW, Refusals
from acl.registry.errors import RegistryUnavailableError
from tests.acl.audit.trails import database, event, trail
from tests.acl.people import NOON

LATER = NOON + REFUSAL_WINDOW + timedelta(seconds=1)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[AuditTrail]:
    opened = database(tmp_path)
    yield trail(tmp_path, opened)
    opened.close()


def refuse(refusals: Refusals, kind: str, at: datetime = NOON) -> None:
    refusals.append(replace(event(0), at=at, outcome=kind), kind)


def recorded(kept: AuditTrail) -> list[tuple[str, int]]:
    """
    Return kind and count of everything that was recorded.
    """
    events: list[dict[str, Any]] = list(kept.events())
    return [(one["outcome"], one["details"]["unrecorded_before"]) for one in events]


def test_a_kind_is_recorded_once_in_a_window_and_then_counted(kept: AuditTrail) -> None:
    refusals = Refusals(kept, of_a_kind=1)
    for kind in ("push", "push", "push", "scim", "push"):
        refuse(refusals, kind)
    assert [("push", 0), ("scim", 2)] == recorded(kept)

    refuse(refusals, "push", LATER)
    refuse(refusals, "push", LATER)

    assert ("push", 1) == recorded(kept)[-1]
    assert 3 == len(recorded(kept))


def test_all_kinds_together_are_bounded(kept: AuditTrail) -> None:
    """
    Whoever can take another name for each request is no other caller.
    """
    refusals = Refusals(kept, of_a_kind=1)
    for number in range(REFUSALS_A_WINDOW + 7):
        refuse(refusals, f"client {number}")
    assert REFUSALS_A_WINDOW == len(recorded(kept))

    refuse(refusals, "client 0", LATER)

    assert ("client 0", 7) == recorded(kept)[-1]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_keeps_no_window_open(kept: AuditTrail, hours: int) -> None:
    refusals = Refusals(kept, of_a_kind=1)
    refuse(refusals, "push")

    refuse(refusals, "push", NOON + timedelta(hours=hours))

    assert [("push", 0), ("push", 0)] == recorded(kept)


def test_what_could_not_be_recorded_is_counted_and_tried_again(
    kept: AuditTrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(kept, of_a_kind=1)

    def full() -> None:
        raise RegistryUnavailableError

    with monkeypatch.context() as disk:
        disk.setattr(kept._database, "writing", full)  # noqa: SLF001 - the disk is full
        with pytest.raises(AuditUnavailableError):
            refuse(refusals, "push")

    refuse(refusals, "push")

    assert [("push", 1)] == recorded(kept)
