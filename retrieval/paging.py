"""
The next page of an answer: a cursor says how far a reader has come with a question, and nothing
else.

It is a note (`retrieval.notes`) bound to the reader, the client and the question, and ends after
`LASTING`. Whoever brings one is authorised anew and the question is searched anew, so a page shows
what may be read when it is asked for. Only passages that this reader was shown are counted in it.

A page also ends where it would become too long for hosts that refuse long answers.
"""

import hashlib
import json
import struct
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from acl.errors import ReadershipError
from acl.identity.reader import VerifiedReader
from retrieval.notes import NoteRefusedError, Notes
from retrieval.passage import Passage
from retrieval.recheck import Released

LASTING: Final = timedelta(minutes=15)
PURPOSE: Final = "cursor"
MAX_PAGE_CHARACTERS: Final = 88_000
"""
GPT Actions refuse responses of 100,000 characters. The remainder is for what stands around.
"""

CHARACTERS_A_PASSAGE: Final = 900
"""
What the members of a passage that have no length of their own take, with their names.
"""

_POSITION: Final = struct.Struct(">I")


class CursorRefusedError(ReadershipError):
    """
    Not a cursor of this reader and this question, or one that has ended.
    """

    public_message = "the cursor cannot be used; ask the question again without it"
    code = "cursor_refused"


@dataclass(frozen=True, slots=True)
class Pages:
    """
    Writes cursors, and reads them.
    """

    notes: Notes

    def begun(self, cursor: str | None, reader: VerifiedReader, question: Sequence[object]) -> int:
        """
        Return how many passages the reader has been shown; none without a cursor.

        Raises:
            CursorRefusedError: It is not one of this reader and question.
        """
        if cursor is None:
            return 0
        try:
            content = self.notes.read(PURPOSE, cursor, bound_to=_bound(reader, question))
            (shown,) = _POSITION.unpack(content)
        except (NoteRefusedError, struct.error) as error:
            msg = "a cursor that was not written for this"
            raise CursorRefusedError(msg) from error
        return int(shown)

    def after(
        self,
        passages: Sequence[Passage],
        found: Sequence[Released],
        reader: VerifiedReader,
        question: Sequence[object],
    ) -> str | None:
        """
        Return the cursor of what follows these passages among all that was found.
        """
        if not passages or found[-1].hit.chunk == passages[-1].id:
            return None
        # By the place of the last: what before it could not be opened is not tried again.
        shown = [one.hit.chunk for one in found].index(passages[-1].id) + 1
        bound_to = _bound(reader, question)
        return self.notes.written(
            PURPOSE, _POSITION.pack(shown), lasting=LASTING, bound_to=bound_to
        )


def fitting(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """
    Return the first passages, as many as one response holds; at least one, if there is one.
    """
    found: list[Passage] = []
    room = MAX_PAGE_CHARACTERS
    for passage in passages:
        room -= _length(passage)
        if found and room < 0:
            break
        found.append(passage)
    return tuple(found)


def shortened(text: str, most: int) -> str:
    """
    Return the beginning of a text that takes at most so many characters in a response.
    """
    cut = text[:most]
    if _written(cut) <= most:
        return cut
    return cut[: bisect_right(range(len(cut)), most, key=lambda end: _written(cut[:end])) - 1]


def _length(passage: Passage) -> int:
    # Text, title and citation stand in the context once more; each as JSON escapes it.
    twice = passage.text, passage.title, passage.citation, passage.citation
    once = passage.url, passage.provenance.document, *passage.provenance.trust
    written = 2 * sum(map(_written, twice)) + sum(map(_written, once))
    return written + CHARACTERS_A_PASSAGE + 40 * len(passage.provenance.redactions)


def _written(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False))


def _bound(reader: VerifiedReader, question: Sequence[object]) -> bytes:
    asked = [reader.issuer, reader.subject, reader.client, list(reader.actors), *question]
    return hashlib.sha256(json.dumps(asked).encode()).digest()
