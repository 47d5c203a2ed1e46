"""
The state machine of the properties, with the search or the recheck taken away.

After each of its steps every reader asks through two clients, of any sources, in any words: first
the search (door 2), then the recheck (door 3). What leaves is compared with the plain reference,
which shares no code with either; labels and switches are added to it here, as plainly.

The search is taken away by asking the engine for everything: every readership that has ever been
in force, both sources, nothing withheld. The recheck is taken away by releasing what was found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import product
from typing import ClassVar, Final

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from acl.decision.scoping import mint_scope
from acl.index.reading import Question
from acl.model.identifiers import ReadershipKey
from acl.model.labels import NO_CEILING
from acl.model.scope import ReadScope
from acl.registry.database import migrate
from retrieval.search import ScopedSearch
from tests.acl.index.engines import MENU, SALARY, engine, vector
from tests.acl.people import ALICE, EVERYONE, HANDBOOK, INTRANET, directory, ground_of, readable_by
from tests.properties.machine import READERS, PermissionMachine, documents, ends
from tests.properties.stack import (
    CHAT,
    EVERYTHING,
    LABEL,
    SECRET,
    SOURCES,
    UNHEARD_OF,
    VAULT,
    End,
)
from tests.scenarios.places import fast_place

CARRIED_BY: Final = {CHAT: {LABEL}, VAULT: {LABEL, SECRET}}
NARROWED: Final = (None, None, None, (HANDBOOK,), (HANDBOOK, INTRANET), (INTRANET,))
CANDIDATES: Final = (2, EVERYTHING)


class Door(StrEnum):
    """
    What can be taken away.
    """

    SEARCH = "the search"
    RECHECK = "the recheck"


class TwoDoors(PermissionMachine):
    """
    The machine, with labels and switches as well, and with `removed` doors.

    It counts queries, those that found something, and those to which the search let through
    what the reader may not read.
    """

    removed: ClassVar[frozenset[Door]] = frozenset()
    queries: ClassVar[int] = 0
    answered: ClassVar[int] = 0
    alarms: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.off: set[str] = set()
        self.ever: set[ReadershipKey] = set()
        self.draw = np.random.default_rng(0)

    @initialize(seed=st.integers(0, 2**32 - 1))
    def choose_questions(self, seed: int) -> None:
        self.draw = np.random.default_rng(seed)

    @rule(document=documents, label=st.sampled_from((LABEL, SECRET, UNHEARD_OF)), end=ends)
    def relabel(self, document: str, label: str, end: End) -> None:
        self.stack.labels[document] = label
        self._push(document, end)

    @rule(document=documents)
    def switch(self, document: str) -> None:
        """
        Off if it is on, and on if it is off; whether there is such a document or not.
        """
        self.off ^= {document}
        self.stack.switch(document, off=document in self.off)

    @invariant()
    def everybody_sees_what_the_reference_says(self) -> None:
        """
        Nobody is given more through the doors that are left.
        """
        everything = self._everything()
        for reader, client in product(READERS, CARRIED_BY):
            self._ask(reader, client, everything)

    def _ask(self, reader: str, client: str, everything: ReadScope) -> None:
        sources = NARROWED[self._drawn(len(NARROWED))]
        candidates = CANDIDATES[self._drawn(len(CANDIDATES))]
        question = Question(vector(self._drawn(10_000)), {(SALARY, MENU)[self._drawn(2)]: 1.0})
        may = self.stack.asks(READERS[reader], client, sources)
        scope = everything if Door.SEARCH in self.removed else may.scope

        hits = next(ScopedSearch(self.stack.reader, candidates).nearest(question, scope))
        checked = self.stack.rechecker.still_readable(hits, may)

        left = hits if Door.RECHECK in self.removed else [one.hit for one in checked.released]
        names = self.stack.names()
        found = {names[hit.document] for hit in left}
        expected = self._expected(reader, client, sources)
        assert found <= expected, f"{reader} is shown {found - expected}"
        assert candidates < EVERYTHING or found == expected
        # What the search alone lets through, the recheck tells of; and of nothing else.
        surplus = sum(names[hit.document] not in expected for hit in hits)
        assert surplus == sum(checked.discrepancies.values()) == sum(checked.refused.values())
        self._count(found, surplus)

    def _drawn(self, most: int) -> int:
        return int(self.draw.integers(most))

    def _expected(self, reader: str, client: str, sources: tuple[str, ...] | None) -> set[str]:
        if sources is not None and HANDBOOK not in sources:
            return set()
        return {
            one
            for one in self.reference.visible(reader) - self.off
            if self.stack.labels.get(one, LABEL) in CARRIED_BY[client]
        }

    def _everything(self) -> ReadScope:
        may = self.stack.asks(READERS["alice"])
        view, _ = self.stack.permissions.current()
        self.ever |= view.readerships.keys()
        ground = ground_of(
            directory(),
            dict.fromkeys(self.ever, readable_by(EVERYONE)),
            sources=SOURCES,
            epoch=view.epoch,
        )
        return mint_scope(
            frozenset({ALICE}),
            ground,
            now=self.stack.now,
            token_expires_at=may.reader.expires_at,
            ceiling=NO_CEILING,
        )

    def _count(self, found: set[str], surplus: int) -> None:
        counted = type(self)
        counted.queries += 1
        counted.answered += bool(found)
        counted.alarms += bool(surplus)


@contextmanager
def without(*removed: Door) -> Iterator[type[TwoDoors]]:
    """
    Yield a machine without these doors, with an engine and a place for its registries.
    """
    with fast_place() as place, engine(place / "index") as index:
        template = place / "template.db"
        migrate(f"sqlite:///{template}")
        where = {"index": index, "template": template, "directory": place}
        yield type("Without", (TwoDoors,), {**where, "removed": frozenset(removed)})
