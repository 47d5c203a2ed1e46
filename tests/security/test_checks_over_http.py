"""
What a check of an answer may cost others, and what it refuses to look at.
"""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event, Semaphore
from typing import Final

import pytest
from fastapi.testclient import TestClient

from acl.model.redaction import RedactedText, Redactor
from tests.scenarios.installation import Installation, client
from tests.security.house import QUESTION, House, check

PATIENCE_SECONDS: Final = 30


@pytest.fixture(scope="module")
def house(shared: Installation) -> House:
    return House(shared)


@pytest.fixture
def http(house: House) -> TestClient:
    return client(house.room)


@pytest.mark.promise("answer-check")
@pytest.mark.promise("every-endpoint")
@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("/v1/verify", '"context": "\\ud800"'),
        ("/v1/verify", '"passages": [{"text": "\\udfff"}]'),
        ("/v1/verify", '"\\ud800": 1'),
        ("/v1/answers/check", '"answer": "x", "passages": ["\\ud800"]'),
        ("/v1/answers/check", '"answer": "\\ud800"'),
    ],
    ids=["context", "text", "name", "passage", "answer"],
)
def test_half_a_surrogate_pair_is_malformed(
    http: TestClient, house: House, path: str, member: str
) -> None:
    """
    No text that was released holds one, and none can be digested. The control is a whole pair.
    """
    signed = json.dumps(house.ask().json()["signed_provenance"])
    signed = f"[{signed}]" if "answers" in path else signed
    bodies = [
        f'{{"signed_provenance": {signed}, {one}}}'.encode()
        for one in (member, member.replace("\\ud800", "\\ud83d\\ude00").replace("\\udfff", "x"))
    ]

    statuses = [
        http.post(path, content=body, headers=house.headers()).status_code for body in bodies
    ]

    assert [422, 200] == statuses


class Slow:
    """
    A redactor that takes as long as it is told to, and knows how many texts it has before it.
    """

    def __init__(self, redactor: Redactor) -> None:
        self.redactor, self.go_on, self.inside = redactor, Event(), Semaphore(0)
        self.fingerprint = redactor.fingerprint

    def redact(self, text: str) -> RedactedText:
        self.inside.release()
        assert self.go_on.wait(PATIENCE_SECONDS)
        return self.redactor.redact(text)

    def redact_all(self, texts: Sequence[str]) -> Sequence[RedactedText]:
        return [self.redact(text) for text in texts]


@pytest.mark.promise("answer-check")
def test_checks_leave_room_for_readers(house: House) -> None:
    """
    Two are looked through at a time, the third waits, and others are answered meanwhile.
    """
    slow = Slow(house.room.checker)
    body = {"answer": "x", "signed_provenance": [house.ask().json()["signed_provenance"]]}
    with (
        client(replace(house.room, checker=slow)) as http,
        ThreadPoolExecutor(3) as senders,
    ):
        try:
            sent = [senders.submit(check, http, house, body) for _ in range(3)]
            entered = [slow.inside.acquire(timeout=PATIENCE_SECONDS) for _ in range(2)]
            meanwhile = http.post("/v1/search", json=QUESTION, headers=house.headers())
            third = slow.inside.acquire(timeout=1)
        finally:
            slow.go_on.set()
        statuses = [one.result().status_code for one in sent]

    assert ([True, True], False) == (entered, third)
    assert 200 == meanwhile.status_code
    assert [200] * 3 == statuses
