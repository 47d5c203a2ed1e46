"""
Where the two doors disagree, somebody is told: in the log at once, and in the audit trail.
"""

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from acl.audit.chain import AuditUnavailableError
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from tests.end_to_end.sabotage import without_filter, without_recheck
from tests.end_to_end.test_audit import FullDisk
from tests.scenarios.installation import Installation
from tests.security.ward import ALICE, CANARY, DOCUMENT, Ward

pytestmark = pytest.mark.promise("doors-agree")

QUESTION = f"What does the {CANARY} sing?"
BOB = {"corp": "bob"}
ALARM = "the search let through what the recheck refuses"


@pytest.fixture
def ward(shared: Installation) -> Ward:
    return Ward.ingested(shared)


@pytest.fixture
def alarms() -> Iterator[list[str]]:
    """
    Every critical message of the step that compares the doors, as it would stand in the log.
    """
    heard: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    listening = Listening(level=logging.CRITICAL)
    compares = logging.getLogger("retrieval.answer")
    compares.addHandler(listening)
    yield heard
    compares.removeHandler(listening)


def ask(ward: Ward, room: ReadingRoom, ids: dict[str, str]) -> str:
    """
    Ask for what stands in the document; return the request's id.
    """
    (subject,) = ids.values()
    header = ward.installation.bearer(subject, ids)["Authorization"]
    return room.answer([header], AskedQuestion(QUESTION, 10)).request_id


def recorded(ward: Ward) -> dict[str, Any]:
    *_, last = ward.installation.ground.trail.events()
    return last


def test_without_the_filter_the_alarm_goes_off(ward: Ward, alarms: list[str]) -> None:
    """
    Bob asks, and an index that filters nothing finds what is not his.
    """
    request = ask(ward, without_filter(ward.room), BOB)

    assert [f"request {request}: {ALARM} (denied: 2)"] == alarms
    event = recorded(ward)
    assert request == event["request_id"]
    assert {"denied": 2} == event["details"]["refused"] == event["details"]["discrepancies"]
    assert [] == event["details"]["released"]


def test_neither_log_nor_record_tells_what_it_was_about(ward: Ward, alarms: list[str]) -> None:
    """
    No document, no text and no question.
    """
    ask(ward, without_filter(ward.room), BOB)

    (alarm,) = alarms
    for told in (alarm, json.dumps(recorded(ward)["details"])):
        for secret in (CANARY, DOCUMENT, QUESTION, ward.source, ward.target.passage, ward.key()):
            assert secret not in told


def test_the_alarm_does_not_wait_for_the_record(ward: Ward, alarms: list[str]) -> None:
    """
    A full disk stops the answer, and not the alarm.
    """
    room = replace(without_filter(ward.room), trail=FullDisk())

    with pytest.raises(AuditUnavailableError):
        ask(ward, room, BOB)

    assert [ALARM in one for one in alarms] == [True]


@pytest.mark.parametrize("change", [lambda room: room, without_recheck])
@pytest.mark.parametrize("ids", [ALICE, BOB], ids=lambda one: str(one["corp"]))
def test_where_the_filter_holds_there_is_no_alarm(
    ward: Ward,
    alarms: list[str],
    ids: dict[str, str],
    change: Callable[[ReadingRoom], ReadingRoom],
) -> None:
    ask(ward, change(ward.room), ids)

    assert [] == alarms
    assert {} == recorded(ward)["details"]["discrepancies"]


def test_without_the_filter_but_with_nothing_hidden_there_is_no_alarm(
    ward: Ward, alarms: list[str]
) -> None:
    """
    Doors are compared by what they let through, not by how they are made.
    """
    ward.state([ward.line()], [{"id": "eng", "members": ["user:alice", "user:nobody"]}])
    nobody = {"corp": "nobody"}

    ask(ward, without_filter(ward.installation.room([ward.source], nobody)), nobody)

    assert [] == alarms
    assert 2 == len(recorded(ward)["details"]["released"])


def test_a_row_that_was_edited_raises_it(ward: Ward, alarms: list[str]) -> None:
    """
    What the index still finds and the registry no longer vouches for.
    """
    ward.sql("UPDATE documents SET acl_revision = 99 WHERE key = ?", ward.key())

    ask(ward, ward.room, ALICE)

    assert {"unknown document or broken seal": 1} == recorded(ward)["details"]["discrepancies"]
    assert 1 == sum(ALARM in one for one in alarms)
