"""
What everybody may read, written to be read: a plain reference for the whole stack.

It imports nothing of ours. Names are texts: `user:alice`, `user:wiki/bob`, `group:eng`,
`everyone`. Folders nest; a document reads

- the statements on itself, then those on its folder, and so on upwards until something is
  *protected* from inheriting: the first statement that decides, decides (as on a file server);
- and every *restriction* on itself or above it, protected or not, must let the reader in as
  well (as in a wiki).

Nothing is cached or compiled; every answer walks everything anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

EVERYONE = "everyone"
STALENESS = 3_600
"""
Seconds for which what a source said is trusted.
"""


@dataclass(frozen=True)
class Statement:
    """
    For or against some names, until a second if it ends.
    """

    permits: bool
    names: frozenset[str]
    until: int | None = None


@dataclass
class Node:
    """
    A folder or a document. `restriction` is `None` where there is none.
    """

    parent: str | None = None
    statements: tuple[Statement, ...] = ()
    protected: bool = False
    restriction: tuple[Statement, ...] | None = None


@dataclass
class Reference:
    """
    Everything that is true at one moment.

    `groups` is, by source, the members of each group that it defines; `heard` is when each
    source was last heard; `withheld` are documents in the middle of a change.
    """

    readers: dict[str, frozenset[str]]
    source: str
    now: int = 0
    groups: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    folders: dict[str, Node] = field(default_factory=dict)
    documents: dict[str, Node] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)

    def visible(self, reader: str) -> set[str]:
        """
        Return every document that a reader may read now.
        """
        return {name for name in self.documents if self._may_read(reader, name)}

    def above(self, document: str) -> Iterator[Node]:
        """
        Yield a document and its folders, from the inside out.
        """
        node: Node | None = self.documents[document]
        while node is not None:
            yield node
            node = self.folders[node.parent] if node.parent is not None else None

    def below(self, folder: str) -> set[str]:
        """
        Return every document in a folder, however deep.
        """
        return {
            name
            for name in self.documents
            if any(node is self.folders[folder] for node in self.above(name))
        }

    def inherited(self, document: str) -> tuple[Statement, ...]:
        """
        Return the statements that count for a document, in their order.
        """
        found: list[Statement] = []
        for node in self.above(document):
            found += node.statements
            if node.protected:
                break
        return tuple(found)

    def restrictions(self, document: str) -> list[tuple[Statement, ...]]:
        """
        Return every restriction on a document or above it.
        """
        return [n.restriction for n in self.above(document) if n.restriction is not None]

    def _may_read(self, reader: str, document: str) -> bool:
        if document in self.hidden | self.withheld or not self._fresh(self.source):
            return False
        gates = [self.inherited(document), *self.restrictions(document)]
        return all(self._lets_in(reader, statements) for statements in gates)

    def _lets_in(self, reader: str, statements: Iterable[Statement]) -> bool:
        for one in statements:
            if one.until is not None and one.until <= self.now:
                continue
            if any(self._is(reader, name, set()) for name in one.names):
                return one.permits
            if not one.permits and any(self._might_be(reader, name) for name in one.names):
                return False
        return False

    def _is(self, reader: str, name: str, asked: set[str]) -> bool:
        ids = self.readers[reader]
        if not ids or name in asked:
            return False
        if name in ids or name == EVERYONE:
            return True
        return any(self._is(reader, one, asked | {name}) for one in self._members(name) or ())

    def _might_be(self, reader: str, name: str) -> bool:
        if name == EVERYONE:
            return False
        if name.startswith("user:"):
            vouching = {_authority(one) for one in self.readers[reader]}
            return _authority(name) not in vouching
        inside = self._everybody_in(name)
        return inside is None or any(self._might_be(reader, one) for one in inside)

    def _everybody_in(self, group: str) -> set[str] | None:
        # Users in a group and its groups; None as soon as one of these is not known.
        found: set[str] = set()
        asked, open_groups = {group}, [group]
        while open_groups:
            members = self._members(open_groups.pop())
            if members is None:
                return None
            found |= {one for one in members if one.startswith("user:")}
            nested = members - found - {EVERYONE} - asked
            asked |= nested
            open_groups += nested
        return found

    def _members(self, group: str) -> frozenset[str] | None:
        # One that is dark may have changed its mind: it leaves the others in doubt.
        stating = [source for source, groups in self.groups.items() if group in groups]
        lists = {self.groups[source][group] for source in stating}
        agreed = len(lists) == 1 and all(self._fresh(source) for source in stating)
        return lists.pop() if agreed else None

    def _fresh(self, source: str) -> bool:
        heard = self.heard.get(source)
        return heard is not None and self.now - heard <= STALENESS


def _authority(user: str) -> str:
    owner, slash, _ = user.removeprefix("user:").partition("/")
    return owner if slash else "corp"
