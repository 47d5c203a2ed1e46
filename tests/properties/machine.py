"""
A state machine that does the same to the stack and to the reference, and compares after each step.

The machine is the connector: it compiles folders, inheritance and restrictions to gates, and
tells the registry of every document whose gates a change has touched.
"""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from acl.model.grants import AclSnapshot, Effect, Entry, Gate
from acl.model.identifiers import SourceName
from acl.model.principals import Principal, parse_principal
from tests.acl.index.engines import Index
from tests.acl.people import ACME, CORP, HANDBOOK, INTRANET, NOON
from tests.properties.reference import EVERYONE, STALENESS, Node, Reference, Statement
from tests.properties.stack import SOURCES, End, Stack

READERS: Final = {
    "alice": {"corp": "alice"},
    "bob": {"corp": "bob", "wiki": "bob"},
    "carol": {"corp": "carol"},
    "nobody": {},
}
USERS: Final = ("user:alice", "user:bob", "user:carol", "user:wiki/bob", "user:wiki/eve")
GROUPS: Final = ("group:a", "group:b", "group:c", "group:d")
DOMAIN: Final = "domain:acme.example"
FOLDERS: Final = ("root", "shelf", "drawer")
DOCUMENTS: Final = ("plan", "plot", "note", "memo")

documents = st.sampled_from(DOCUMENTS)
folders = st.sampled_from(FOLDERS)
sources = st.sampled_from([str(one) for one in SOURCES])
anybody = st.sampled_from((*USERS[:4], *GROUPS, *GROUPS, *USERS, DOMAIN))
names = st.frozensets(anybody, min_size=1, max_size=2)
members = st.frozensets(st.sampled_from((*USERS, *GROUPS)), max_size=3)
lives = st.sampled_from((None, None, 1, 2, 3, 30))
grants = st.tuples(st.just(value=True), names | st.just(frozenset({EVERYONE})), lives)
denials = st.tuples(st.just(value=False), names, lives)
said = st.one_of(
    st.tuples(grants),
    st.tuples(denials, grants),
    st.tuples(grants, denials, grants),
    st.lists(grants | denials, max_size=3).map(tuple),
)
"""
Mostly what leaves something to see: a permission at the end, and at most one denial before it.
"""

likely = st.tuples(grants, grants) | st.tuples(denials, grants)
ends = st.sampled_from((*[End.DONE] * 9, End.MARKED, End.STAGED, End.COMMITTED))
Said = tuple[tuple[bool, frozenset[str], int | None], ...]


class PermissionMachine(RuleBasedStateMachine):
    """
    Documents in folders, groups of two sources, a clock, crashes; and four readers who look.
    """

    template: ClassVar[Path]
    directory: ClassVar[Path]
    index: ClassVar[Index]
    steps: ClassVar[int] = 0
    seen: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        ids = {
            reader: frozenset(
                f"user:{a}/{one}" if a != "corp" else f"user:{one}" for a, one in of.items()
            )
            for reader, of in READERS.items()
        }
        self.reference = Reference(ids, source=str(HANDBOOK))
        self.stack = Stack(self.template, self.directory, self.index)

    def teardown(self) -> None:
        self.stack.close()

    @initialize(
        said=st.tuples(likely, likely, likely), groups=st.tuples(members, members, members, members)
    )
    def begin(self, said: tuple[Said, ...], groups: tuple[frozenset[str], ...]) -> None:
        """
        Three documents, at three depths, and most groups defined: there is something to see.
        """
        for source in SOURCES:
            self.hear(str(source))
        for folder, parent in zip(FOLDERS, (None, *FOLDERS), strict=False):
            self.reference.folders[folder] = Node(parent)
        for number, (group, some) in enumerate(zip(GROUPS, groups, strict=True)):
            self.define(str(SOURCES[number % 2]), group, some)
        for document, folder, one in zip(DOCUMENTS, FOLDERS, said, strict=False):
            self.write(document, folder, one, End.DONE)

    @rule(document=documents, folder=folders, said=said, end=ends)
    def write(self, document: str, folder: str, said: Said, end: End) -> None:
        """
        Write a document for the first time, or its content anew.
        """
        known = self.reference.documents
        before = known.get(document)
        known[document] = before or Node(folder, self._statements(said))
        self.stack.write(document, self._compiled(document), end)
        if end < End.COMMITTED and before is None:
            del known[document]
        if end >= End.COMMITTED:
            self.reference.hidden.discard(document)
        self._settled({document}, end)

    @rule(where=documents | folders, said=said, end=ends)
    def state(self, where: str, said: Said, end: End) -> None:
        """
        Replace what is said on one folder or document.
        """
        for node in self._nodes(where):
            node.statements = self._statements(said)
            self._push(where, end)

    @rule(where=documents | folders, which=st.integers(0, 2), end=ends)
    def revoke(self, where: str, which: int, end: End) -> None:
        """
        Take one statement away.
        """
        for node in self._nodes(where):
            node.statements = (*node.statements[:which], *node.statements[which + 1 :])
            self._push(where, end)

    @rule(where=documents | folders, end=ends)
    def protect(self, where: str, end: End) -> None:
        """
        Stop inheriting here, or inherit again.
        """
        for node in self._nodes(where):
            node.protected = not node.protected
            self._push(where, end)

    @rule(where=documents | folders, said=st.none() | likely, end=ends)
    def restrict(self, where: str, said: Said | None, end: End) -> None:
        for node in self._nodes(where):
            node.restriction = self._optional(said)
            self._push(where, end)

    @rule(where=documents | folders, folder=folders, end=ends)
    def move(self, where: str, folder: str, end: End) -> None:
        """
        Move a folder or a document, unless it would come to lie in itself.
        """
        for node in self._nodes(where):
            if where not in self._folders_from(folder):
                node.parent = folder
                self._push(where, end)

    @rule(document=documents, new=documents, end=ends)
    def rename(self, document: str, new: str, end: End) -> None:
        """
        A source whose ids are paths: the old id goes, a new document comes.
        """
        known = self.reference.documents
        if document not in known or new in known:
            return
        node = known.pop(document)
        self.reference.hidden.discard(document)
        self.stack.remove(document, End.DONE)
        self._settled({document}, End.DONE)
        known[new] = node
        self.stack.write(new, self._compiled(new), end)
        if end < End.COMMITTED:
            del known[new]
        self._settled({new}, end)

    @rule(document=documents, end=ends)
    def delete(self, document: str, end: End) -> None:
        if self.reference.documents.pop(document, None):
            self.reference.hidden.discard(document)
            self.stack.remove(document, end)
            self._settled({document}, end)

    @rule(document=documents, end=ends)
    def lose_acl(self, document: str, end: End) -> None:
        """
        The source no longer states an ACL.
        """
        if document in self.reference.documents:
            self.reference.hidden.add(document)
            self.stack.permit({document: None}, end)
            self._settled({document}, end)

    @rule(document=documents, end=ends)
    def state_acl_again(self, document: str, end: End) -> None:
        self.reference.hidden.discard(document)
        self._push(document, end)

    @rule(source=sources, group=st.sampled_from(GROUPS), some=st.none() | members | members)
    def define(self, source: str, group: str, some: frozenset[str] | None) -> None:
        """
        Define a group, or no longer; a second source may say something else.
        """
        defined = self.reference.groups.setdefault(source, {})
        defined.pop(group, None)
        if some is not None:
            defined[group] = some
        named = {_principal(one): _principals(many) for one, many in defined.items()}
        self.stack.define(_source(source), named)

    @rule(seconds=st.integers(1, 3))
    def wait(self, seconds: int) -> None:
        """
        Long enough for something to expire, at its very moment too.
        """
        self.reference.now += seconds
        self.stack.now = NOON + timedelta(seconds=self.reference.now)

    @rule(source=sources)
    def hear(self, source: str) -> None:
        self.reference.heard[source] = self.reference.now
        self.stack.hear(_source(source))

    @rule(
        source=st.sampled_from((str(HANDBOOK), str(HANDBOOK), str(INTRANET))),
        seconds=st.sampled_from((STALENESS, STALENESS + 1, STALENESS + 1)),
    )
    def hear_only(self, source: str, seconds: int) -> None:
        """
        The other source is not heard for as long as it is trusted, or a second longer.
        """
        for one in SOURCES:
            self.hear(str(one))
        self.wait(seconds)
        self.hear(source)

    @rule()
    def index_anew(self) -> None:
        self.stack.index_anew()
        self.reference.withheld.clear()

    @rule()
    def recover(self) -> None:
        """
        What the next sync does first, in a process that has just started.
        """
        self.stack.reopen()
        self.stack.recover()
        self.reference.withheld.clear()

    @invariant()
    def everybody_sees_what_the_reference_says(self) -> None:
        """
        In the index alone, after the recheck, and by id: no more and no less.
        """
        type(self).steps += 1
        for reader, ids in READERS.items():
            expected = self.reference.visible(reader)
            type(self).seen += len(expected)
            assert (expected,) * 3 == self.stack.visible(ids), reader

    def _nodes(self, where: str) -> Iterable[Node]:
        known = {**self.reference.folders, **self.reference.documents}
        return [known[where]] if where in known else []

    def _folders_from(self, folder: str | None) -> Iterable[str]:
        found: list[str] = []
        while folder is not None:
            found.append(folder)
            folder = self.reference.folders[folder].parent
        return found

    def _push(self, where: str, end: End) -> None:
        below = self.reference.below(where) if where in FOLDERS else {where}
        touched = (below & self.reference.documents.keys()) - self.reference.hidden
        if touched:
            self.stack.permit({one: self._compiled(one) for one in sorted(touched)}, end)
            self._settled(touched, end)

    def _settled(self, touched: set[str], end: End) -> None:
        if end is End.DONE:
            self.reference.withheld -= touched
        else:
            self.reference.withheld |= touched

    def _statements(self, said: Said) -> tuple[Statement, ...]:
        now = self.reference.now
        return tuple(
            Statement(permits, named, None if life is None else now + life)
            for permits, named, life in said
        )

    def _optional(self, said: Said | None) -> tuple[Statement, ...] | None:
        return None if said is None else self._statements(said)

    def _compiled(self, document: str) -> AclSnapshot:
        gates = [self.reference.inherited(document), *self.reference.restrictions(document)]
        return AclSnapshot(ACME, tuple(_gate(one) for one in gates))


def _gate(said: Iterable[Statement]) -> Gate:
    return tuple(
        Entry(
            Effect.PERMIT if one.permits else Effect.DENY,
            _principals(one.names),
            None if one.until is None else NOON + timedelta(seconds=one.until),
        )
        for one in said
    )


def _principals(names: Iterable[str]) -> frozenset[Principal]:
    return frozenset(_principal(one) for one in names)


def _principal(name: str) -> Principal:
    return parse_principal(name, tenant=ACME, authority=CORP)


def _source(name: str) -> SourceName:
    return SourceName(name)
