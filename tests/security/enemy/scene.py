"""
Who asks while a story happens: alice, who may, and bob, who no longer may.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import select

from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, ReadershipKey, SourceName
from acl.registry import tables
from ingestion.wiring import build_settler
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from retrieval.errors import EpochMovedError, NotFoundError
from tests.ingestion.fuse import Calls
from tests.scenarios.installation import Installation
from tests.security.enemy.stories import CANARY, OLD, PLAN, STORIES, Step, Story, secret
from tests.security.enemy.ways import Pull, Push, Way

KINDS: Final = ("search", "document", "passage")
WAYS: Final[dict[str, Callable[[Installation, str, str], Way]]] = {"pull": Pull, "push": Push}


def kept(part: Any) -> Any:  # noqa: ANN401 - any part
    """
    Replace nothing.
    """
    return part


class Looking(Calls):
    """
    Does something at every point; `swap` replaces a part before it is used.
    """

    def __init__(
        self,
        look: Callable[[int], None] = lambda _: None,
        swap: Callable[[Any], Any] = kept,
    ) -> None:
        super().__init__()
        self._look = look
        self._swap = swap

    def around(self, target: Any) -> Any:  # noqa: ANN401 - passes on what it is given
        return super().around(self._swap(target))

    def before(self, number: int) -> None:
        self._look(number)


@dataclass
class Scene:
    """
    One story on one way in, told again and again with other secrets.
    """

    shared: Installation
    story: Story
    way: Way
    room: ReadingRoom
    number: int = 0
    acted: bool = False

    @classmethod
    def of(cls, shared: Installation, story: str, way: str) -> "Scene":
        """
        Return a scene with sources of its own.
        """
        told, source = STORIES[story], shared.fresh()
        directory = shared.fresh() if told.apart else source
        # An authority of its own: what another scene says of the same group would be in doubt.
        room = shared.room(dict.fromkeys((source, directory)), [directory])
        return cls(shared, told, WAYS[way](shared, source, directory), room)

    def close(self) -> None:
        """
        Begin anew, with another secret; bob is not in yet.
        """
        self.number += 1
        self.acted = False
        self.tell(Step.CLOSED)
        self.way.take_in(Calls())

    def open(self) -> None:
        """
        Begin anew, and let bob in; he reads what is there.
        """
        self.close()
        self.tell(Step.OPEN)
        self.way.take_in(Calls())
        assert OLD in self.asked("bob", "search")
        assert CANARY not in self.asked("bob", "search")

    def act(self) -> None:
        """
        The owner shuts bob out, then writes the secret.
        """
        self.acted = True
        self.tell(Step.REVOKED)
        self.tell(Step.FILLED)

    def tell(self, step: Step) -> None:
        self.way.tell(self.story.told(step, secret(self.number)))

    def end(self) -> None:
        """
        Take everything in: alice gets the secret, and bob still does not.
        """
        self.way.take_in(Calls())
        for kind in KINDS:
            assert secret(self.number) in self.asked("alice", kind), kind
            assert not self.leaks(kind), kind

    def leaks(self, kind: str, room: ReadingRoom | None = None) -> bool:
        """
        Say whether bob gets a secret.
        """
        return CANARY in self.asked("bob", kind, room)

    def asked(self, reader: str, kind: str, room: ReadingRoom | None = None) -> str:
        """
        Return everything that a reader is told by one request: nothing, if it is refused.
        """
        asking = room or self.room
        bearer = list(self.shared.bearer(reader, {self.way.directory: reader}).values())
        with suppress(NotFoundError, EpochMovedError):
            match kind:
                case "search":
                    return repr(asking.answer(bearer, AskedQuestion("words", 50)))
                case "document":
                    return repr(asking.document(bearer, PLAN, self.way.source))
                case _:
                    return repr([asking.passage(bearer, one) for one in self.chunks()])
        return ""

    def key(self) -> DocumentKey:
        return self.shared.ground.namer.document(SourceName(self.way.source), DocumentId(PLAN))

    def readership(self) -> ReadershipKey:
        """
        Return the name that the index has for the document's readers, as they are now.
        """
        _, _, statements = self.room.permissions.permissions([self.key()])
        (one,) = statements.values()
        assert one.readership is not None
        return self.shared.ground.namer.readership(one.readership, one.label)

    def settle_anew(self) -> None:
        """
        Doubt every point of the document, and let the index follow again.
        """
        settler = build_settler(
            self.shared.ground, self.shared.tools.lease, self.shared.tools.embedder
        )
        settler.registry.mark_unsettled([self.key()], now=self.shared.clock())
        settler.settle([self.key()])

    def chunks(self) -> list[ChunkId]:
        """
        Return the ids of the document's passages, which nobody can guess.
        """
        owned = select(tables.chunks.c.chunk).where(tables.chunks.c.document_key == self.key())
        with self.shared.ground.database.reading() as connection:
            return [ChunkId(one) for one in connection.scalars(owned)]

    def stepping(self, calls: Calls, room: ReadingRoom | None = None) -> ReadingRoom:
        """
        Return a room in which every call to registry, engine and sealed content is a point.
        """
        one = room or self.room
        permissions = calls.around(one.permissions)
        return replace(
            one,
            permissions=permissions,
            authorizer=replace(one.authorizer, permissions=permissions),
            search=replace(one.search, searcher=calls.around(one.search.searcher)),
            rechecker=replace(one.rechecker, permissions=permissions),
            unsealer=replace(one.unsealer, content=calls.around(one.unsealer.content)),
        )
