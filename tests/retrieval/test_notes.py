"""
What a client keeps for us comes back as we wrote it, or not at all.
"""

from datetime import UTC, datetime, timedelta

import pytest

from retrieval.notes import NoteRefusedError, Notes

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEY = b"k" * 32


def at(moment: datetime, key: bytes = KEY) -> Notes:
    return Notes(key, lambda: moment)


@pytest.fixture
def note() -> str:
    return at(NOON).written("cursor", b"content", lasting=MINUTE, bound_to=b"alice")


@pytest.mark.promise("cursor-carries-no-right")
def test_a_note_comes_back_in_another_process(note: str) -> None:
    assert b"content" == at(NOON).read("cursor", note, bound_to=b"alice")
    assert b"content" == at(NOON + MINUTE * 0.99).read("cursor", note, bound_to=b"alice")


@pytest.mark.promise("cursor-carries-no-right")
def test_nothing_of_a_note_shows(note: str) -> None:
    assert "content" not in note
    assert "content" not in repr(at(NOON))


@pytest.mark.promise("cursor-carries-no-right")
def test_an_altered_note_is_refused(note: str) -> None:
    """
    Whichever character it is, and whatever is added or taken away.
    """
    swapped = [
        note[:place] + ("A" if one != "A" else "B") + note[place + 1 :]
        for place, one in enumerate(note)
    ]
    spoiled = [*swapped, "", note[:-1], note + "A", f" {note}", f"{note}\n", "\u00e9", note + "=="]

    for one in spoiled:
        with pytest.raises(NoteRefusedError):
            at(NOON).read("cursor", one, bound_to=b"alice")


@pytest.mark.promise("cursor-carries-no-right")
@pytest.mark.parametrize("what", ["reader", "purpose", "installation", "moment"])
def test_a_note_for_something_else_is_refused(note: str, what: str) -> None:
    reading = {
        "reader": lambda: at(NOON).read("cursor", note, bound_to=b"bob"),
        "purpose": lambda: at(NOON).read("session", note, bound_to=b"alice"),
        "installation": lambda: at(NOON, b"x" * 32).read("cursor", note, bound_to=b"alice"),
        "moment": lambda: at(NOON + MINUTE).read("cursor", note, bound_to=b"alice"),
    }

    with pytest.raises(NoteRefusedError):
        reading[what]()
