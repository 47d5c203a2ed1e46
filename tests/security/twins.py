"""
Two installations of equal size that one reader cannot tell apart, with every secret in one.

Both hold the same documents of the reader. Of each item chance has hidden the document in the one
or in the other: the same id, passage and words are hidden here and absent there. Which
installation is slower for its own reasons therefore does not matter (`evidence.paired`).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol

import numpy as np

from acl.index.reading import ChunkSearcher, Leg, Question
from acl.model.documents import DocumentPermission
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, Epoch, SourceName
from acl.model.scope import ReadScope
from retrieval.answer import ReadingRoom
from retrieval.asked import AskedQuestion
from retrieval.authorize import Authorized
from retrieval.errors import NotFoundError
from retrieval.recheck import Rechecker
from retrieval.search import ScopedSearch
from tests.scenarios.installation import Installation, installation
from tests.scenarios.places import fast_place
from tests.security.loopback import Caller, calling, served
from tests.security.stopwatch import spin

ITEMS: Final = 400
MATCHES: Final = 10
"""
Hidden documents that hold an item's word.
"""

OWN: Final = 12
LIMIT: Final = 3
SOURCE: Final = "files"
READER: Final = "mallory"
OTHER: Final = "olga"
COMMON: Final = tuple(f"common{number}" for number in range(60))


class Way(Protocol):
    """
    How a reader reaches an installation. Each asks, and sees that the answer is the expected one.
    """

    def search(self, words: str) -> None:
        """
        Ask a question that the reader's own documents answer.
        """

    def document(self, name: str) -> None:
        """
        Fetch a document that is not there for the reader.
        """

    def passage(self, name: str) -> None:
        """
        Fetch a passage that is not there for the reader.
        """


@dataclass(frozen=True)
class InProcess:
    """
    By calling the reading room.
    """

    room: ReadingRoom
    authorization: Sequence[str]

    def search(self, words: str) -> None:
        answer = self.room.answer(self.authorization, AskedQuestion(words, LIMIT))
        assert len(answer.passages) == LIMIT

    def document(self, name: str) -> None:
        self._refused(lambda: self.room.document(self.authorization, name, None))

    def passage(self, name: str) -> None:
        self._refused(lambda: self.room.passage(self.authorization, name))

    def _refused(self, fetch: Callable[[], object]) -> None:
        try:
            fetch()
        except NotFoundError:
            return
        msg = "something hidden was released"
        raise AssertionError(msg)


@dataclass(frozen=True)
class OverLoopback:
    """
    By HTTP.
    """

    caller: Caller

    def search(self, words: str) -> None:
        assert self.caller.search(words, LIMIT).status == 200

    def document(self, name: str) -> None:
        assert self.caller.document(name).status == 404

    def passage(self, name: str) -> None:
        assert self.caller.passage(name).status == 404


@dataclass(frozen=True)
class Twin:
    """
    One of the two, and what is hidden in it.
    """

    installation: Installation
    room: ReadingRoom
    hidden: frozenset[int]

    def key(self, item: int) -> DocumentKey:
        return self.installation.ground.namer.document(SourceName(SOURCE), DocumentId(name(item)))

    def passage(self, item: int) -> ChunkId:
        return self.installation.ground.namer.chunk(self.key(item), 1, 0)

    def hesitating(self, seconds: float) -> ReadingRoom:
        """
        Return a room that takes longer when something hidden is concerned: the control.
        """
        term = self.installation.ground.namer.term
        rechecker, search = self.room.rechecker, self.room.search
        keys = frozenset(self.key(item) for item in self.hidden)
        words = frozenset(term(word(item)) for item in self.hidden)
        return replace(
            self.room,
            rechecker=HesitatingRechecker(
                rechecker.permissions,
                rechecker.budgets,
                rechecker.namer,
                rechecker.clock,
                keys,
                seconds,
            ),
            search=ScopedSearch(
                HesitatingSearcher(search.searcher, words, seconds), search.candidates
            ),
        )

    @contextmanager
    def way(self, room: ReadingRoom, reader: str, *, over_http: bool) -> Iterator[Way]:
        """
        Yield how a reader reaches this one.
        """
        header = self.installation.bearer(reader, {"corp": reader})
        if not over_http:
            yield InProcess(room, list(header.values()))
            return
        with served(room) as port, calling(port, header) as caller:
            yield OverLoopback(caller)


@dataclass(frozen=True)
class HesitatingRechecker(Rechecker):
    """
    Takes longer over what is hidden.
    """

    hidden: frozenset[DocumentKey] = frozenset()
    seconds: float = 0

    def readable_documents(
        self, keys: Collection[DocumentKey], authorized: Authorized
    ) -> tuple[Epoch, list[tuple[DocumentPermission, datetime]]]:
        if self.hidden.intersection(keys):
            spin(self.seconds)
        return Rechecker.readable_documents(self, keys, authorized)


@dataclass(frozen=True)
class HesitatingSearcher:
    """
    Takes longer over words that only hidden documents hold.
    """

    real: ChunkSearcher
    hidden: frozenset[int]
    seconds: float

    def search(self, question: Question, *, scope: ReadScope, candidates: int) -> tuple[Leg, Leg]:
        if self.hidden.intersection(question.sparse):
            spin(self.seconds)
        return self.real.search(question, scope=scope, candidates=candidates)


def name(item: int) -> str:
    """
    Return an item's id.
    """
    return f"item-{item:04}"


def word(item: int) -> str:
    """
    Return a word that is in an item's document, in some hidden ones beside it, and in no other.
    """
    return f"zq{item:04}x"


@contextmanager
def twins(seed: int) -> Iterator[tuple[Twin, Twin]]:
    """
    Set both up.
    """
    order = np.random.default_rng(seed).permutation(ITEMS).tolist()
    halves = order[: ITEMS // 2], order[ITEMS // 2 :]
    with ExitStack() as stack:
        made = [
            _twin(
                stack.enter_context(installation(stack.enter_context(fast_place()) / "twin")), one
            )
            for one in halves
        ]
        yield made[0], made[1]


def _twin(one: Installation, hidden: Sequence[int]) -> Twin:
    drawn = np.random.default_rng(1)
    texts = [" ".join(drawn.choice(COMMON, 40)) for _ in range(OWN + ITEMS)]
    readable = {"allow": [f"user:{READER}", f"user:{OTHER}"]}
    lines = [{"id": f"own-{n}", "text": texts[n], "acl": readable} for n in range(OWN)]
    for place, item in enumerate(hidden):
        held = [hidden[(place + step) % len(hidden)] for step in range(MATCHES)]
        text = " ".join([texts[OWN + item], *map(word, held)])
        lines.append({"id": name(item), "text": text, "acl": {"allow": ["user:alice"]}})
    one.write(SOURCE, lines)
    one.sync(SOURCE, "corp")
    return Twin(one, one.room([SOURCE], ["corp"]), frozenset(hidden))
