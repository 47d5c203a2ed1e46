"""
The next page of an answer: a cursor says how many passages a reader has been shown of a question,
and nothing else.

It is a note (`retrieval.notes`) bound to the reader, the client and the question, and ends after
`LASTING`. Whoever brings one is authorised anew and the question is searched anew, so a page shows
what may be read when it is asked for. Only passages that this reader was shown are counted in it.
"""

import hashlib
import json
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from acl.errors import ReadershipError
from acl.identity.reader import VerifiedReader
from retrieval.notes import NoteRefusedError, Notes

LASTING: Final = timedelta(minutes=15)
PURPOSE: Final = "cursor"
_SHOWN: Final = struct.Struct(">I")


class CursorRefusedError(ReadershipError):
    """
    Not a cursor of this reader and this question, or one that has ended.
    """

    public_message = "the cursor cannot be used; ask the question again without it"
    code = "cursor_refused"


@dataclass(frozen=True, slots=True)
class Cursors:
    """
    Writes cursors, and reads them. A `question` is what all its pages have in common.
    """

    notes: Notes

    def shown(
        self, cursor: str | None, reader: VerifiedReader, question: tuple[object, ...]
    ) -> int:
        """
        Return how many passages the reader has been shown; none without a cursor.

        Raises:
            CursorRefusedError: It is not one of this reader and question.
        """
        if cursor is None:
            return 0
        try:
            content = self.notes.read(PURPOSE, cursor, bound_to=_bound(reader, question))
            (shown,) = _SHOWN.unpack(content)
        except (NoteRefusedError, struct.error) as error:
            msg = "a cursor that was not written for this"
            raise CursorRefusedError(msg) from error
        return int(shown)

    def after(self, shown: int, reader: VerifiedReader, question: tuple[object, ...]) -> str:
        """
        Return the cursor of what follows so many passages.
        """
        bound_to = _bound(reader, question)
        return self.notes.written(PURPOSE, _SHOWN.pack(shown), lasting=LASTING, bound_to=bound_to)


def _bound(reader: VerifiedReader, question: tuple[object, ...]) -> bytes:
    asked = [reader.issuer, reader.subject, reader.client, list(reader.actors), *question]
    return hashlib.sha256(json.dumps(asked).encode()).digest()
