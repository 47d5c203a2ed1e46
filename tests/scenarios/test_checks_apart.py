"""
Questions and the answers that are checked do not share a redactor, so that none waits for another.
"""

from collections.abc import Mapping
from dataclasses import replace

from acl.errors import RedactionError
from acl.model.redaction import RedactedText
from retrieval.answer import ReadingRoom
from tests.ingestion.world import MarkingRedactor, allow
from tests.scenarios.installation import Installation, client


class Failing(MarkingRedactor):
    def redact(self, text: str) -> RedactedText:
        del text
        msg = "it is lost"
        raise RedactionError(msg)


def test_where_one_redactor_fails_the_other_goes_on(shared: Installation) -> None:
    source = shared.fresh()
    shared.write(source, [{"id": "plan", "text": "The plan.", "acl": allow("user:alice")}])
    shared.sync(source, "corp")
    room, headers = shared.room([source], ["corp"]), shared.bearer("alice", {"corp": "alice"})
    signed = statuses(room, headers)[2]
    for_questions = replace(room.preparer, redactor=Failing())

    assert (200, 200) == statuses(room, headers, signed)[:2]
    assert (200, 503) == statuses(replace(room, checker=Failing()), headers, signed)[:2]
    assert (503, 200) == statuses(replace(room, preparer=for_questions), headers, signed)[:2]


def statuses(
    room: ReadingRoom, headers: Mapping[str, str], signed: str = ""
) -> tuple[int, int, str]:
    """
    Search and check an answer; return both statuses, and the search's statement.
    """
    http = client(room)
    found = http.post("/v1/search", json={"query": "plan"}, headers=headers)
    signed = signed or found.json()["signed_provenance"]
    asked = {"answer": "It is so.", "signed_provenance": [signed]}
    checked = http.post("/v1/answers/check", json=asked, headers=headers)
    return found.status_code, checked.status_code, signed
