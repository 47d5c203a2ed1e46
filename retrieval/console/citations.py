"""
A passage in its document, and why this reader may see it.

Why is told in the reader's own terms: in which ways the source's permissions name the reader. It
names no group and no other person, and does not say how many gates or entries there are: how a
source arranges its permissions is not the reader's to know. Operators get all of it from
`readership explain`.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Final

from acl.decision.read import Opening, Permit, decide_read
from acl.identity.reader import VerifiedReader
from acl.model.documents import DocumentPermission
from acl.model.identifiers import ChunkId
from acl.model.principals import PrincipalKind
from acl.model.scopes import READ_SCOPE
from retrieval.answer import ReadingRoom
from retrieval.authenticate import Asking
from retrieval.authorize import Authorized
from retrieval.choose import kept_back
from retrieval.departure import Departure
from retrieval.errors import EpochMovedError, NotFoundError
from retrieval.one_epoch import of_one_epoch
from retrieval.page import KEPT_BACK
from retrieval.passage import Passage, Waybill
from retrieval.sanitise import sanitise

WAY: Final = "page"
AROUND_CHARACTERS: Final = 10_000
"""
How much of the document is shown before the passage, and how much after it.
"""


class Way(StrEnum):
    """
    How permissions can name a reader, in the order in which ways are told.
    """

    BY_NAME = "they name you"
    BY_GROUP = "they name a group that you belong to"
    BY_DOMAIN = "they name an internet domain that you belong to"
    BY_ALL = "they let everybody in your organisation read it"


_WAYS: Final = {
    PrincipalKind.USER: Way.BY_NAME,
    PrincipalKind.GROUP: Way.BY_GROUP,
    PrincipalKind.DOMAIN: Way.BY_DOMAIN,
    PrincipalKind.EVERYONE: Way.BY_ALL,
}


@dataclass(frozen=True, slots=True)
class Cited:
    """
    A passage between what stands before and after it, and who may see it by which ways.

    `goes_on_before` and `goes_on_after` say that the document is longer than what is shown;
    `original` is its address at its source, if it has one.
    """

    reader: VerifiedReader
    passage: Passage
    before: str
    after: str
    goes_on_before: bool
    goes_on_after: bool
    original: str
    ways: tuple[Way, ...]
    checked_at: datetime
    waybill: Waybill


@dataclass(frozen=True, slots=True)
class _Found:
    """
    The chunks of a document that are shown, and which of them is the passage.
    """

    chunks: tuple[Passage, ...]
    place: int
    begins: bool
    ends: bool
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class CitationRoom(ReadingRoom):
    """
    The reading room, for those who come to look a citation up.
    """

    @classmethod
    def of(cls, room: ReadingRoom) -> "CitationRoom":
        """
        Return one with the same collaborators.
        """
        same = {one.name: getattr(room, one.name) for one in fields(ReadingRoom)}
        return cls(**{**same, "way": WAY})

    def cited(self, credentials: Asking, passage_id: str) -> Cited:
        """
        Return a passage in its document, authorised anew.

        Raises:
            NotFoundError: There is none for this reader, for whichever reason.
        """
        request_id = secrets.token_hex(16)
        # 1. Who asks?
        reader = self._admitted(credentials)
        # 2, 5, 6. May they read the document now? Only then does anything become plaintext.
        may, found = of_one_epoch(lambda: self._around(reader, ChunkId(passage_id)))
        # 7. Inert, as every client gets it.
        shown = tuple(self._shown(one) for one in found.chunks) if found else ()
        kept = found is None or shown[found.place].quarantined
        released = () if kept else tuple(one for one in shown if not one.quarantined)
        # 8. Within the limits, signed, and durable before it leaves.
        leaving = Departure(request_id, WAY, may, may.scope.epoch, released)
        details = {"asked": passage_id, **kept_back(shown)}
        waybill = self._release(leaving, released, details)
        if found is None or kept:
            msg = f"passage {passage_id!r:.80}"
            raise NotFoundError(msg)
        return Cited(
            reader,
            shown[found.place],
            before=_joined(shown[: found.place]),
            after=_joined(shown[found.place + 1 :]),
            goes_on_before=not found.begins,
            goes_on_after=not found.ends,
            original=sanitise(found.chunks[found.place]).url,
            ways=found.ways,
            checked_at=self.clock(),
            waybill=waybill,
        )

    def _around(self, reader: VerifiedReader, chunk: ChunkId) -> tuple[Authorized, _Found | None]:
        may = self.authorizer.authorize(reader, needs=READ_SCOPE)
        for statement, seen in self._readable([self._owner(chunk)], may):
            ways = self._ways(may, statement)
            if not ways:
                continue
            whole = self.unsealer.whole(statement, seen, epoch=may.scope.epoch)
            for place, one in enumerate(whole):
                if one.id == chunk:
                    return may, _window(whole, place, ways)
        return may, None

    def _ways(self, may: Authorized, statement: DocumentPermission) -> tuple[Way, ...]:
        view, _, _ = self.permissions.permissions([statement.key])
        if view.epoch != may.scope.epoch:
            msg = f"authorised at epoch {may.scope.epoch}, explained at {view.epoch}"
            raise EpochMovedError(msg)
        digest = statement.readership
        acl = view.by_digest.get(digest) if digest is not None else None
        standing = view.groups.standing_of(may.linked)
        match decide_read(standing, acl, now=self.clock()):
            case Permit(openings):
                return ways_of(openings)
            case _:
                return ()


def ways_of(openings: Iterable[Opening]) -> tuple[Way, ...]:
    """
    Return by which ways gates opened: each once, in one order, whatever gates there are.
    """
    taken = {_WAYS[one.principal.kind] for one in openings}
    return tuple(way for way in Way if way in taken)


def _window(whole: Sequence[Passage], place: int, ways: tuple[Way, ...]) -> _Found:
    first, last = place, place
    while first > 0 and _length(whole[first - 1 : place]) <= AROUND_CHARACTERS:
        first -= 1
    while last + 1 < len(whole) and _length(whole[place + 1 : last + 2]) <= AROUND_CHARACTERS:
        last += 1
    chunks = tuple(whole[first : last + 1])
    return _Found(chunks, place - first, first == 0, last + 1 == len(whole), ways)


def _length(passages: Iterable[Passage]) -> int:
    return sum(len(one.text) for one in passages)


def _joined(passages: Iterable[Passage]) -> str:
    return "".join(KEPT_BACK if one.quarantined else one.text for one in passages)
